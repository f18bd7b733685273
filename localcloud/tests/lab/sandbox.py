"""Instances of a cloud, which run real scripts."""

from pathlib import Path
from typing import Any

from localcloud.sandbox.files import Files
from localcloud.sandbox.instance import Progress, Script
from localcloud.sandbox.level import Level
from localcloud.sandbox.machines import Machines
from localcloud.sandbox.outcome import Outcome


class SandboxLab:
    """The instances of a cloud."""

    def __init__(self, data: Path, level: Level) -> None:
        self.data = data
        self.level = level
        self.machines = Machines(data, level.value)
        self.runs = 0

    async def run(self, text: str, progress: Progress | None = None, **settings: Any) -> Outcome:
        """Run a bash script in the instance and wait for its end."""
        self.runs += 1
        settings = {"timeout_seconds": 30.0, **settings}
        script = Script(f"t-{self.runs}", b"#!/bin/bash\n" + text.encode(), **settings)
        return await self.machines.run("i-1", script, progress)

    async def output(self, text: str, **settings: Any) -> str:
        """Run a bash script that must succeed and return its output."""
        outcome = await self.run(text, **settings)
        assert (outcome.ended, outcome.exit_code) == ("finished", 0), outcome
        return outcome.output.decode().strip()

    async def restart(self) -> None:
        """End the cloud and start a new one over the same data."""
        await self.machines.close()
        self.machines = Machines(self.data, self.level.value)

    def files(self) -> Files:
        """Look at the instance's files from outside."""
        return self.machines.files("i-1")

    async def close(self) -> None:
        """End the cloud."""
        await self.machines.close()
