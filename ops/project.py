"""What every command knows of the project: its folder, its local stack, its packages."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
"""The folder of this checkout."""
LOCAL = "local"
"""The stack that is deployed into a local cloud."""
LOCAL_CLOUD = PROJECT / "demo/localcloud.yaml"
"""The chats, HTTP APIs and instances of the local cloud in which stack ``local`` belongs."""


def packages_of(tree: Path) -> str:
    """Return the PYTHONPATH with which a checkout runs its own packages, whatever is installed."""
    # Before the local cloud had a folder of its own it lay in the root.
    return os.pathsep.join([str(tree / "localcloud/src"), str(tree)])
