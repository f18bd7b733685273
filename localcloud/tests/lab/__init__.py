"""What the tests share: services with a clock that stands still, clouds in processes, clients."""

import os
from pathlib import Path

from localcloud.configuration import read

SOURCES = Path(__file__).parents[2] / "src"
"""The folder that holds the package."""
CONFIGURATION = Path(__file__).with_name("localcloud.yaml")
TESTS = Path(__file__).parents[1]


def environment(*folders: Path) -> dict[str, str]:
    """Return the environment of a Python process that imports what the tests import, and more."""
    known = os.environ.get("PYTHONPATH", "")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*map(str, (*folders, SOURCES, TESTS)), known]),
    }


CHATS = read(CONFIGURATION).chats
