"""Two revisions of the project side by side: a role that moves to other hosts is seen."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
WANTED = ("dingtalk-approval", "data-analyst", "unknown-role", "member-joins")


def test_a_moved_role_is_found(tmp_path: Path) -> None:
    """Of four events, the one for the role that moved would run on another instance."""
    base, head, events = tmp_path / "base", tmp_path / "head", tmp_path / "events"
    names = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, base / name)
    shutil.copytree(base, head)
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "-m", "base"],
    ):
        subprocess.run(["git", "-C", str(base), *command], check=True)
    stack = head / "Pulumi.local.yaml"
    content = yaml.safe_load(stack.read_text())
    content["config"]["ecs-provisioning-loop:settings"]["roles"]["devops"] = "db"
    stack.write_text(yaml.safe_dump(content))
    events.mkdir()
    for name in WANTED:
        shutil.copy(ROOT / "tests" / "events" / f"{name}.json", events)
    result = tmp_path / "difference.json"
    options = ["--base", "main", "--head", str(head), "--events", str(events)]
    done = subprocess.run(
        [sys.executable, "-m", "ops", "behaviour", *options, "--json", str(result)],
        cwd=base,
        env={**os.environ, "PYTHONPATH": str(base)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "**1 of 4 recorded events would end differently.**" in done.stdout
    found = json.loads(result.read_text())
    assert found["counts"] == {"instance": 1, "worded": 1}
    change = next(c for c in found["changed"][0]["changes"] if c["kind"] == "instance")
    assert (change["before"], change["after"]) == (["i-local0001"], ["i-local0002"])
