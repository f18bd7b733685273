"""Another revision of the project, in a folder of its own."""

import os
from pathlib import Path


def packages_of(tree: Path) -> str:
    """Return the PYTHONPATH with which a revision runs its own packages, whatever is installed."""
    # Before the local cloud had a folder of its own it lay in the root.
    return os.pathsep.join([str(tree / "localcloud/src"), str(tree)])
