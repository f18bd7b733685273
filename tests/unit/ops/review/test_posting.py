"""The scripts that write to GitHub, with a stand-in for ``gh`` that remembers what it is asked."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from ops.review.comment import MARKER, preview
from ops.review.drift import issue

SCRIPTS = Path(__file__).parents[4] / "ops" / "review"
PREVIEWS = Path(__file__).parent / "previews"
GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$GH_CALLS"
[[ $* == *"--method P"* ]] || printf '%s' "$GH_FOUND"
"""


class GitHub:
    """A folder with a ``gh`` that finds what it is told to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        program = folder / "gh"
        program.write_text(GH)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def run(self, script: str, *arguments: str, found: str) -> list[str]:
        """Run a script; give the writing calls that it made."""
        calls = self._folder / "calls"
        subprocess.run(
            [str(SCRIPTS / script), *arguments],
            check=True,
            env={
                "PATH": f"{self._folder}{os.pathsep}{os.environ['PATH']}",
                "GH_CALLS": str(calls),
                "GH_FOUND": found,
            },
        )
        made = calls.read_text().splitlines() if calls.exists() else []
        return [line for line in made if "--method P" in line]


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    """Return a GitHub that nobody has written to."""
    return GitHub(tmp_path)


@pytest.mark.parametrize(
    ("found", "call"),
    [
        ("", "--method POST repos/o/r/issues/7/comments"),
        ("41\n", "--method PATCH repos/o/r/issues/comments/41"),
        ("41\n42\n", "--method PATCH repos/o/r/issues/comments/41"),
    ],
)
def test_there_is_one_comment(github: GitHub, tmp_path: Path, found: str, call: str) -> None:
    """The first review makes a comment, each further one replaces it."""
    text = tmp_path / "comment.md"
    text.write_text(f"{MARKER}\nhello\n")
    made = github.run("post-comment.sh", "o/r", "7", str(text), found=found)
    assert made == [f"api {call} -F body=@{text} --jq .html_url"]


@pytest.mark.parametrize(
    ("text", "found", "start"),
    [
        ("differs", "", ["api --method POST repos/o/r/issues -f title="]),
        ("differs", "5", ["api --method PATCH repos/o/r/issues/5 -F body=@"]),
        ("", "5", ["api --method PATCH repos/o/r/issues/5 -f state=closed"]),
        ("", "", []),
    ],
    ids=["opened", "updated", "closed", "nothing to say"],
)
def test_there_is_one_issue_about_drift(
    github: GitHub, tmp_path: Path, text: str, found: str, start: list[str]
) -> None:
    """Drift opens an issue or brings it up to date; when it is gone the issue is closed."""
    file = tmp_path / "drift.md"
    file.write_text(text)
    made = github.run("keep-issue.sh", "o/r", "drift", "It differs", str(file), found=found)
    assert len(made) == len(start)
    assert all(call.startswith(begin) for call, begin in zip(made, start, strict=True))


@pytest.mark.parametrize(
    ("name", "drifted"), [("same", False), ("change", True), ("no-such-plan", True)]
)
def test_drift_is_any_change_or_no_answer(name: str, drifted: bool) -> None:
    """A stack that differs is in the issue, and so is one that could not be compared."""
    path = PREVIEWS / f"{name}.json"
    text = issue([preview("dev", path.read_text() if path.exists() else "")])
    assert ("#### Stack <code>dev</code>" in text) == drifted
    assert bool(text) == drifted


def test_a_comparison_that_did_not_happen_closes_nothing(github: GitHub, tmp_path: Path) -> None:
    """Without the file the issue stays as it is, and the step fails."""
    with pytest.raises(subprocess.CalledProcessError):
        github.run("keep-issue.sh", "o/r", "drift", "-", str(tmp_path / "gone.md"), found="5")


@pytest.mark.parametrize(
    ("result", "found", "start"),
    [
        ("failure", "", ["api --method POST repos/o/r/issues -f title=The loop does not answer"]),
        ("cancelled", "5", ["api --method PATCH repos/o/r/issues/5 -F body=@"]),
        ("success", "5", ["api --method PATCH repos/o/r/issues/5 -f state=closed"]),
        ("success", "", []),
    ],
)
def test_a_smoke_test_that_fails_is_an_issue(
    github: GitHub, result: str, found: str, start: list[str]
) -> None:
    """Until all stacks pass again; a run that was ended has proved nothing."""
    made = github.run("report-smoke.sh", "o/r", result, "https://example.com/1", found=found)
    assert len(made) == len(start)
    assert all(call.startswith(begin) for call, begin in zip(made, start, strict=True))


@pytest.mark.parametrize("reviewers", ["1", "3"])
def test_an_environment_with_reviewers_is_protected(github: GitHub, reviewers: str) -> None:
    """The gate opens if somebody has to approve."""
    github.run("check-approval.sh", "o/r", "prod-preview", "prod", found=reviewers)


@pytest.mark.parametrize("reviewers", ["0", "", "null", '{"message": "Not Found"}'])
def test_an_environment_without_reviewers_is_refused(github: GitHub, reviewers: str) -> None:
    """No reviewer, no environment and no answer are all a closed gate."""
    with pytest.raises(subprocess.CalledProcessError):
        github.run("check-approval.sh", "o/r", "prod-preview", found=reviewers)
