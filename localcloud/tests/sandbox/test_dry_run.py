"""A dry run's instances: everything succeeds and nothing happens."""

import json
from pathlib import Path

import pytest

from localcloud.app import App
from localcloud.ecs.inspection import isolation
from localcloud.sandbox.dry_run import DryRunMachines
from localcloud.sandbox.files import NoSuchPathError
from localcloud.sandbox.instance import Script
from localcloud.settings import CloudSettings


async def test_a_script_succeeds_and_does_not_run(tmp_path: Path) -> None:
    """The outcome is success with one line of output; the script's effect is not there."""
    made = tmp_path / "made"
    script = Script("s", f"#!/bin/bash\ntouch {made}\n".encode(), timeout_seconds=5)
    outcome = await DryRunMachines().run("i-1", script)
    assert (outcome.ended, outcome.exit_code, made.exists()) == ("finished", 0, False)
    assert json.loads(outcome.output) == {"status": "rehearsed"}


def test_it_has_no_files() -> None:
    """Looking at an instance finds nothing of this machine."""
    with pytest.raises(NoSuchPathError):
        DryRunMachines().files("i-1").entry("/etc/passwd")


async def test_a_dry_cloud_says_so() -> None:
    """Whoever asks for the isolation learns that scripts are not run."""
    app = App(CloudSettings(dry_run=True))
    found = isolation(app.ecs)
    await app.stop()

    said = found
    assert said == {"level": "directory", "reasons": ["this is a dry run: scripts are not run"]}
