"""A plan counts only if it is complete and the engine succeeded."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ops.review.comment import build, preview, read_preview
from ops.review.drift import issue
from ops.review.plan import NoPlan, read

ROOT = Path(__file__).parents[4]
SAME = {"steps": [], "changeSummary": {"same": 12}}
ERROR = {"severity": "error", "message": "the bus is refused\n"}
UPDATE = {"op": "update", "urn": "urn:pulumi:dev::p::t::n"}

FAILED: dict[str, tuple[Any, str]] = {
    "an error among the diagnostics": ({**SAME, "diagnostics": [ERROR]}, "0"),
    "an error and its exit code": ({**SAME, "diagnostics": [ERROR]}, "255"),
    "an exit code": (SAME, "255"),
    "no exit code": (SAME, ""),
    "no summary": ({"steps": [], "changeSummary": None}, "0"),
    "an empty summary": ({"steps": [], "changeSummary": {}}, "0"),
    "a summary of words": ({"steps": [], "changeSummary": {"same": "12"}}, "0"),
    "a summary without its steps": ({"steps": [UPDATE], "changeSummary": {"update": 2}}, "0"),
    "a change without a list of steps": ({"changeSummary": {"create": 1}}, "0"),
    "steps that are none": ({"steps": ["update"], "changeSummary": {"update": 1}}, "0"),
    "a list": ([SAME], "0"),
    "nothing": (None, "0"),
}


@pytest.mark.parametrize(("given", "status"), FAILED.values(), ids=list(FAILED))
def test_what_is_not_whole_is_a_failed_preview(given: Any, status: str) -> None:
    """Whatever is wrong with it, the comment says so, and no count is shown."""
    found = preview("dev", json.dumps(given), "error: the log's tail", status)
    text = build([found, preview("prod", json.dumps(SAME))])
    assert "#### Stack <code>dev</code>: **preview failed**" in text
    assert "#### Stack <code>prod</code>: 12 unchanged" in text
    assert text.count("unchanged") == 1


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"steps": [], "changeSummary"'])
def test_a_text_that_was_cut_is_a_failed_preview(text: str) -> None:
    """What cannot be parsed is not a plan."""
    assert preview("dev", text).plan is None


def test_the_diagnostics_are_shown_without_secrets() -> None:
    """The engine's own words come first, masked."""
    message = "cannot post to https://oapi.dingtalk.com/robot/send?access_token=4f3a9b"
    given = {**SAME, "diagnostics": [{"severity": "error", "message": message}]}
    text = build([preview("dev", json.dumps(given), "log")])
    assert "access_token=[" in text
    assert "4f3a9b" not in text


def test_a_warning_is_no_error() -> None:
    """Only errors make a preview fail."""
    given = {**SAME, "diagnostics": [{"severity": "warning", "message": "deprecated"}]}
    assert preview("dev", json.dumps(given)).plan is not None


def test_why_it_is_no_plan_is_said() -> None:
    """The reason names what is missing."""
    with pytest.raises(NoPlan, match="counts 2 to update and lists 1"):
        read(json.dumps({"steps": [UPDATE], "changeSummary": {"update": 2}}))


def test_drift_that_was_not_looked_for_is_not_none() -> None:
    """A stack whose preview failed keeps the issue open, and is not said to differ."""
    text = issue([preview("dev", json.dumps(SAME)), preview("prod", json.dumps(SAME), "", "1")])
    assert "### The stacks could not be compared" in text
    assert "#### Stack <code>prod</code>: **preview failed**" in text
    assert "<code>dev</code>" not in text


def test_the_files_of_a_run_belong_together(tmp_path: Path) -> None:
    """A plan without the exit code of its run did not end."""
    (tmp_path / "dev.json").write_text(json.dumps(SAME))
    assert "did not end" in read_preview("dev", tmp_path / "dev.json").problem
    (tmp_path / "dev.status").write_text("0\n")
    assert read_preview("dev", tmp_path / "dev.json").plan is not None


def test_a_failed_preview_fails_the_command(tmp_path: Path) -> None:
    """The comment is written, and the exit code tells that it is not the whole story."""
    (tmp_path / "dev.json").write_text(json.dumps(SAME))
    (tmp_path / "dev.status").write_text("255\n")
    run = subprocess.run(
        [sys.executable, "-m", "ops", "review", "--preview", f"dev={tmp_path / 'dev.json'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (1, "review: the preview of dev failed\n")
    assert "**preview failed**" in run.stdout
