"""Instances that only pretend: every script succeeds at once, and nothing runs.

With them the loop decides, invokes and reports as ever, so that what it would do with an event can
be found out for thousands of events in seconds.
"""

from pathlib import Path

from localcloud.sandbox.files import Files
from localcloud.sandbox.instance import Progress, Script
from localcloud.sandbox.isolation import Isolation
from localcloud.sandbox.level import Level
from localcloud.sandbox.outcome import Outcome

OUTPUT = b'{"status":"rehearsed"}\n'
"""What every script is said to have written."""
_ISOLATION = Isolation(Level.DIRECTORY, ("this is a dry run: scripts are not run",))


class DryRunMachines:
    """Stands in for the machines of a cloud that is only asked what it would do."""

    known_isolation: Isolation | None = _ISOLATION

    async def isolation(self) -> Isolation:
        """Say that nothing runs."""
        return _ISOLATION

    async def run(self, name: str, script: Script, progress: Progress | None = None) -> Outcome:  # noqa: ARG002
        """Report success without running the script."""
        return Outcome("finished", 0, OUTPUT)

    def stop(self, name: str, script: str) -> None:
        """Do nothing: a run has ended before anybody could stop it."""

    def files(self, name: str) -> Files:
        """Show no files: the instance has no disk."""
        return Files(Path("/nonexistent") / name)

    async def close(self) -> None:
        """Do nothing: there is nothing to end."""
