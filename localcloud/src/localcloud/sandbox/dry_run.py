"""Instances for a dry run: every script succeeds at once, and nothing is executed.

A program decides, invokes and reports as usual, so that what it would do with thousands of events
can be found out in seconds.
"""

from pathlib import Path

from localcloud.sandbox.files import Files
from localcloud.sandbox.instance import Progress, Script
from localcloud.sandbox.isolation import Isolation
from localcloud.sandbox.level import Level
from localcloud.sandbox.outcome import Outcome

OUTPUT = b'{"status":"rehearsed"}\n'
"""The output that every script reports."""
_ISOLATION = Isolation(Level.DIRECTORY, ("this is a dry run: scripts are not run",))


class DryRunMachines:
    """The machines of a cloud that runs no scripts."""

    known_isolation: Isolation | None = _ISOLATION

    async def isolation(self) -> Isolation:
        """Return that nothing is executed."""
        return _ISOLATION

    async def run(self, name: str, script: Script, progress: Progress | None = None) -> Outcome:  # noqa: ARG002
        """Report success without running the script."""
        return Outcome("finished", 0, OUTPUT)

    def stop(self, name: str, script: str) -> None:
        """Do nothing: a run has finished before anyone can stop it."""

    def files(self, name: str) -> Files:
        """Return no files: the instance has no disk."""
        return Files(Path("/nonexistent") / name)

    async def close(self) -> None:
        """Do nothing: nothing is running."""
