"""The command as it is typed, on the smallest of the products, and what it writes."""

import subprocess
import sys
from pathlib import Path

import pytest

from lab import SOURCES, environment
from localcloud.conformance import command, score
from localcloud.conformance.behaviour import behaviours
from localcloud.conformance.runner import Outcome, Verdict

README = (SOURCES.parent / "README.md").read_text()


def test_it_starts_a_cloud_and_prints_the_score() -> None:
    """Whatever does not go as expected would be printed, too."""
    done = subprocess.run(
        [sys.executable, "-m", "localcloud", "conformance", "--product", "sts"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| STS, 2015-04-01 | 4 | 2 | 2 |" in done.stdout
    assert "failed:" not in done.stdout


def test_it_writes_the_score_into_a_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And ends with 1 where a behaviour fails that should not."""
    ours = [each for each in behaviours() if not each.is_of_provider]
    outcomes = [Outcome(each, Verdict.FAILED, ("no",)) for each in ours]
    monkeypatch.setattr(command, "run_on", lambda *_: outcomes)
    file = tmp_path / "README.md"
    file.write_text(README)
    assert command.run_and_tell("http://127.0.0.1:9", "", "sdk", file, as_json=True) == 1
    assert file.read_text() == score.written_into(README, outcomes) != README
