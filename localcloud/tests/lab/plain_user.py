"""Run a Python program as another user than that of the tests, who runs as root."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import SOURCES

PLAIN_USER = 54321

_SERVE = """
import asyncio, base64, json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from localcloud.sandbox.instance import Script
from localcloud.sandbox.limits import Limits
from localcloud.sandbox.machines import Machines

async def main():
    machines = Machines(Path(sys.argv[2]), sys.argv[3], limits=Limits(*json.loads(sys.argv[4])))
    try:
        isolation = await machines.isolation()
        print(json.dumps({"reasons": isolation.reasons}), flush=True)
    except Exception as error:
        print(json.dumps({"unavailable": str(error)}), flush=True)
        return
    while line := await asyncio.to_thread(sys.stdin.readline):
        script = json.loads(line)
        script["content"] = base64.b64decode(script["content"])
        outcome = await machines.run("i-1", Script(**script))
        print(json.dumps({**vars(outcome), "output": base64.b64encode(outcome.output).decode()}),
              flush=True)
    await machines.close()

asyncio.run(main())
"""


def python() -> str:
    """Find a Python that the plain user may start; the one of the tests may be out of reach."""
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            subprocess.run(
                [candidate, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"],
                check=True, capture_output=True, cwd="/tmp", env={}, **identity(),
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    pytest.skip("no Python of 3.11 or newer that a plain user may start")


def identity() -> dict[str, Any]:
    """Return what makes a subprocess the plain user's."""
    return {"user": PLAIN_USER, "group": PLAIN_USER, "extra_groups": []}


def readable_copy(folder: Path) -> Path:
    """Copy the packages to where the plain user can read them, and give their parent."""
    copy = folder / "sources"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755)
    return copy


def own_folder(folder: Path) -> Path:
    """Make a folder that belongs to the plain user."""
    folder.mkdir()
    folder.chmod(0o755)
    os.chown(folder, PLAIN_USER, PLAIN_USER)
    return folder


class PlainCloud:
    """The instances of a cloud that a plain user runs, in a process of that user's."""

    def __init__(self, folder: Path, level: str, limits: tuple[int, ...]) -> None:
        sources, data = readable_copy(folder), own_folder(folder / "data")
        self.process = subprocess.Popen(
            [python(), "-c", _SERVE, str(sources), str(data), level, json.dumps(limits)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/tmp",
            env={"PATH": os.defpath}, **identity(),
        )  # fmt: skip
        self.began: dict[str, Any] = self._answer()

    def run(self, script: dict[str, Any]) -> dict[str, Any]:
        """Run a script and give its outcome."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(script) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the cloud."""
        self.process.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline() or "{}")
        return answer


@contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """Let a test that fills up a user's processes run while no other one starts any.

    The kernel counts them by user, over all tests that run beside each other, also those of other
    checkouts with temporary folders of their own. Those in another root are not seen.
    """
    folder = next(each for each in ("/tmp", tempfile.gettempdir()) if os.access(each, os.W_OK))
    path = Path(folder) / f"localcloud-processes-{os.geteuid()}"
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
