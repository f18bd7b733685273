"""A local cloud that is gone leaves a stack that can be destroyed, with the real engine."""

import json
import subprocess
import sys
from pathlib import Path

from tests.e2e.deployed import ROOT, running_cloud
from tests.e2e.pulumi_project import ENGINE

pytestmark = ENGINE


def stack(action: str, endpoint: str, state: Path) -> "subprocess.CompletedProcess[str]":
    """Run ``make <action> STACK=local`` against a local cloud, with a state of its own."""
    command = [sys.executable, "-m", "ops", action, "--stack", "local"]
    return subprocess.run(
        [*command, "--endpoint", endpoint, "--state", str(state)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_a_lost_cloud_held_is_forgotten(tmp_path: Path) -> None:
    """Killed with everything in it; ``destroy`` ends clean at a new one, the first time."""
    state = tmp_path / "state"
    with running_cloud(tmp_path / "first") as cloud:
        made = stack("up", cloud.endpoint, state)
        assert made.returncode == 0, made.stdout + made.stderr
        cloud.kill()
    with running_cloud(tmp_path / "second") as cloud:
        gone = stack("destroy", cloud.endpoint, state)
        assert gone.returncode == 0, gone.stdout + gone.stderr
    (checkpoint,) = (state / ".pulumi/stacks").rglob("local.json")
    latest = json.loads(checkpoint.read_text())["checkpoint"]["latest"]
    assert latest.get("resources", []) == []
    assert latest.get("pending_operations", []) == []
