"""Hosts the components for programs in other Pulumi languages."""

import sys
from pathlib import Path

from pulumi.provider import main

# Pulumi runs this folder by its path, and what it imports lies beside it.
_PROJECT = Path(__file__).resolve().parents[1]
sys.path += [str(_PROJECT), str(_PROJECT / "localcloud/src")]

from components.package import Package

if __name__ == "__main__":
    main(Package(), sys.argv[1:])
