"""Instances to test with: each test that takes ``lab`` runs once per isolation that works here."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.sandbox import skeleton
from localcloud.sandbox.files import Files
from localcloud.sandbox.instance import Progress, Script
from localcloud.sandbox.isolation import SandboxUnavailableError
from localcloud.sandbox.level import Level
from localcloud.sandbox.machines import Machines
from localcloud.sandbox.outcome import Outcome


class Lab:
    """A cloud's instances, driven without a running event loop."""

    def __init__(self, data: Path, level: Level) -> None:
        self.data = data
        self.level = level
        self.runner = asyncio.Runner()
        self.machines = Machines(data, level.value)
        self.runs = 0

    def run(self, text: str, progress: Progress | None = None, **settings) -> Outcome:
        """Run a bash script in the instance and wait for its end."""
        self.runs += 1
        settings = {"timeout_seconds": 30.0, **settings}
        script = Script(f"t-{self.runs}", b"#!/bin/bash\n" + text.encode(), **settings)
        return self.runner.run(self.machines.run("i-1", script, progress))

    def output(self, text: str, **settings) -> str:
        """Run a bash script that must succeed and give what it wrote."""
        outcome = self.run(text, **settings)
        assert (outcome.ended, outcome.exit_code) == ("finished", 0), outcome
        return outcome.output.decode().strip()

    def restart(self) -> None:
        """End the cloud and begin a new one over the same data."""
        self.runner.run(self.machines.close())
        self.machines = Machines(self.data, self.level.value)

    def files(self) -> Files:
        """Look at the instance's files from outside."""
        return self.machines.files("i-1")

    def close(self) -> None:
        """End the cloud."""
        self.runner.run(self.machines.close())
        self.runner.close()


_broken: dict[Level, str] = {}


@pytest.fixture(params=list(Level), ids=str, scope="module")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Return a cloud with one instance for the tests of a file, at each level that works here."""
    level = request.param
    if level in _broken:
        pytest.skip(_broken[level])
    if not shutil.which("bash"):
        pytest.skip("no bash on this machine")
    folder = Path(tempfile.mkdtemp(prefix="localcloud-test-"))
    folder.chmod(0o755)  # the scripts of the weakest level run as another user
    lab = Lab(folder, level)
    try:
        lab.runner.run(lab.machines.isolation())
    except SandboxUnavailableError as error:
        _broken[level] = str(error)
        lab.close()
        pytest.skip(str(error))
    yield lab
    lab.close()
    skeleton.remove(folder)
    assert not folder.exists()


@pytest.fixture
def data(lab: Lab) -> Path:
    """Return the folder of the lab's data."""
    return lab.data
