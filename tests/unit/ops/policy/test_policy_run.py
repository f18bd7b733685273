"""The command that judges a stack without the Pulumi CLI."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud.commandline.command import run
from ops.cli import main

Project = Callable[..., Path]
ROOT = Path(__file__).parents[4]


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command with --json."""
    code = run(main, ["policy", *arguments, "--json"], "ops")
    return code, json.loads(capsys.readouterr().out)


def test_a_clean_stack_passes(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0, and the report counts what was looked at."""
    code, report = run_json(capsys, "--stack", "prod", "--project", str(project()))
    assert (
        code,
        report["findings"],
        report["production"],
        report["resources"],
    ) == (0, [], True, 5)


@pytest.mark.parametrize(
    ("stack", "code", "level"), [("prod", 1, "mandatory"), ("dev", 0, "advisory")]
)
def test_a_violation_stops_production_only(
    project: Project, capsys: pytest.CaptureFixture[str], stack: str, code: int, level: str
) -> None:
    """The same fault is exit code 1 in production and advice in a stack that is listed."""
    arguments = ("--stack", stack, "--project", str(project(seconds=60)))
    result, report = run_json(capsys, *arguments)
    (finding,) = report["findings"]
    assert (result, report[level]) == (code, 1)
    assert (
        finding["rule"],
        finding["level"],
        finding["resource"],
    ) == ("queue-retention", level, "letters")
    assert "messages are kept for 60 s" in finding["message"]


def test_the_table_shows_what_is_wrong(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Level, rule, resource and message of a violation, and a line that counts them."""
    arguments = ["--stack", "prod", "--project", str(project(seconds=60))]
    assert run(main, ["policy", *arguments], "ops") == 1
    out = capsys.readouterr().out
    assert all(part in out for part in ("mandatory", "queue-retention", "letters", "kept for 60 s"))
    assert "1 mandatory, 0 advisory, 0 accepted" in " ".join(out.split())


def test_an_exemption_is_shown_with_its_reason(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the configuration accepts is not counted, but it is shown."""
    exemption = {"resource": "letters", "reason": "a minute is enough for this test"}
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"queue-retention": {"exemptions": [exemption]}}))
    arguments = ["--stack", "prod", "--project", str(project(seconds=60)), "--config", str(config)]
    code, report = run_json(capsys, *arguments)
    assert (code, report["mandatory"], report["accepted"]) == (0, 0, 1)
    assert exemption["reason"] == report["findings"][0]["accepted"]
    assert run(main, ["policy", *arguments], "ops") == 0
    assert "a minute is enough" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--stack", "test"], "there is no stack 'test'"),
        (["--stack", "dev", "--config", "wrong.yaml"], "there is no rule 'rule-retri'"),
        (["--stack", "dev", "--config", "absent.yaml"], "absent.yaml"),
    ],
)
def test_what_cannot_be_run_is_no_clean_stack(
    project: Project, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """Exit code 2 and a sentence if nothing could be judged."""
    root = project()
    (root / "wrong.yaml").write_text("rules: {rule-retri: {}}")
    arguments = [str(root / part) if part.endswith(".yaml") else part for part in arguments]
    assert run(main, ["policy", *arguments, "--project", str(root)], "ops") == 2
    out, err = capsys.readouterr()
    assert not out
    assert message in err


def test_it_is_a_command() -> None:
    """``python -m ops policy`` judges the project in the current directory."""
    judged = subprocess.run(
        [sys.executable, "-m", "ops", "policy", "--stack", "local", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(judged.stdout)
    assert (report["mandatory"], report["advisory"]) == (0, 0)
