"""Where this checkout lies, and how the code of another one is run."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
"""The folder of this checkout."""


def packages_of(tree: Path) -> str:
    """Return the PYTHONPATH with which a checkout runs its own packages, whatever is installed."""
    # Before the local cloud had a folder of its own it lay in the root.
    return os.pathsep.join([str(tree / "localcloud/src"), str(tree)])
