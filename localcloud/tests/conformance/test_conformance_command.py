"""The command as it is typed, on the smallest of the products, and what it writes."""

import subprocess
import sys
from pathlib import Path

import pytest

from lab import SOURCES, environment
from localcloud.client import Inspector
from localcloud.commandline.errors import UserError
from localcloud.conformance import command, score
from localcloud.conformance.behaviour import behaviours
from localcloud.conformance.runner import Outcome, Verdict
from localcloud.sandbox.level import Level

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


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Return what a local cloud says of its instances, one answer after the other."""
    answers: list[dict[str, object]] = []
    monkeypatch.setattr(Inspector, "get", lambda *_: {"isolation": answers.pop(0)})
    monkeypatch.setattr(command, "_PAUSE_SECONDS", 0)
    return answers


def test_a_cloud_that_has_just_started_is_waited_for(told: list[dict[str, object]]) -> None:
    """It answers before it has tried how its instances can be isolated."""
    told += [{"level": "not chosen yet", "reasons": []}] * 2
    told += [{"level": "directory", "reasons": ["no namespaces: not root"]}]
    assert command.level_of(Inspector("http://127.0.0.1:9")) is Level.DIRECTORY
    assert not told


def test_a_cloud_that_runs_no_instance_is_told_so(told: list[dict[str, object]]) -> None:
    """A Mac, for one."""
    told += [{"level": "none", "reasons": ["instances need Linux and this is darwin"]}]
    with pytest.raises(UserError, match=r"no instance runs at http://127\.0\.0\.1:9: .*darwin"):
        command.level_of(Inspector("http://127.0.0.1:9"))


def test_a_cloud_that_never_chooses_is_not_waited_for_longer(
    told: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a value that nobody knows."""
    monkeypatch.setattr(command, "_WAIT_SECONDS", -1)
    told += [{"level": "not chosen yet", "reasons": []}]
    with pytest.raises(UserError, match="has not chosen an isolation level"):
        command.level_of(Inspector("http://127.0.0.1:9"))
