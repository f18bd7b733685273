"""Instances of a cloud, which run real scripts."""

import asyncio
from pathlib import Path
from typing import Any

from localcloud.sandbox.files import Files
from localcloud.sandbox.instance import Progress, Script
from localcloud.sandbox.level import Level
from localcloud.sandbox.machines import Machines
from localcloud.sandbox.outcome import Outcome


class SandboxLab:
    """A cloud's instances, driven without a running event loop."""

    def __init__(self, data: Path, level: Level) -> None:
        self.data = data
        self.level = level
        self.runner = asyncio.Runner()
        self.machines = Machines(data, level.value)
        self.runs = 0

    def run(self, text: str, progress: Progress | None = None, **settings: Any) -> Outcome:
        """Run a bash script in the instance and wait for its end."""
        self.runs += 1
        settings = {"timeout_seconds": 30.0, **settings}
        script = Script(f"t-{self.runs}", b"#!/bin/bash\n" + text.encode(), **settings)
        return self.runner.run(self.machines.run("i-1", script, progress))

    def output(self, text: str, **settings: Any) -> str:
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
