"""The conformance suite on a local cloud, and the score that the README tells."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.test_expected import mutations
from lab import SOURCES, environment
from localcloud.client import Inspector
from localcloud.commandline.errors import UserError
from localcloud.conformance import score
from localcloud.conformance.command import is_unexpected, level_of, run_and_tell, run_on
from localcloud.conformance.runner import Outcome, Verdict, judge
from localcloud.running import running
from localcloud.sandbox.level import Level

# The data plane's SDK calls what its own dependency calls old.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")

README = (SOURCES.parent / "README.md").read_text()


def test_the_local_cloud_shows_what_the_readme_says(tmp_path: Path) -> None:
    """All in one run, which is most of this test's time.

    No behaviour fails but those that are known to differ, and these do. Each value of each
    expectation counts: with any of them made wrong the same answer fails.
    """
    with running("--data", str(tmp_path / "cloud"), env=environment()) as ready:
        outcomes = run_on(ready["endpoint"])
        level = level_of(Inspector(ready["endpoint"]))
    assert not [(each.behaviour.name, each.reasons) for each in outcomes if is_unexpected(each)]
    for outcome in outcomes:
        assert passes_only_as_it_is(outcome), outcome.behaviour.name
    if level is Level.NAMESPACES:
        assert score.written_into(README, outcomes) == README, (
            "localcloud conformance --write localcloud/README.md"
        )


@pytest.mark.skipif(not shutil.which("aliyun"), reason="`aliyun` is not on PATH")
def test_the_command_aliyun_shows_it_too(tmp_path: Path) -> None:
    """It signs and names parameters in its own way; three products stand for all."""
    with running("--data", str(tmp_path / "cloud"), env=environment()) as ready:
        for product in ("mns", "ram", "sts"):
            outcomes = run_on(ready["endpoint"], product, "aliyun")
            assert outcomes
            assert not [(each.behaviour.name, each.reasons) for each in outcomes if failed(each)]


@pytest.mark.parametrize(
    ("product", "write", "why"),
    [
        ("nothing", None, "no behaviour is one of 'nothing'; accepted: .*ecs"),
        ("sts", "README.md", "--write counts every product"),
        ("", "missing.md", "missing.md"),
        ("", ".", "is a folder"),
    ],
)
def test_what_would_count_nothing_is_refused_before_anything_runs(
    tmp_path: Path, product: str, write: str | None, why: str
) -> None:
    """A score of no behaviours, or of a part of them in the README, would say less than it seems.

    Nobody is at the endpoint: it is not asked.
    """
    (tmp_path / "README.md").write_text(README)
    file = tmp_path / write if write else None
    with pytest.raises(UserError, match=why):
        run_and_tell("http://127.0.0.1:9", product, "sdk", file, as_json=False)
    assert (tmp_path / "README.md").read_text() == README


def failed(outcome: Outcome) -> bool:
    """Return whether a behaviour was run and is not shown."""
    return outcome.verdict is Verdict.FAILED


def passes_only_as_it_is(outcome: Outcome) -> bool:
    """Return whether the answer would fail each expectation that differs in one value."""
    told, answer = outcome.behaviour, outcome.answer
    if answer is None:
        return outcome.verdict is Verdict.NOT_RUN
    if told.code:
        return bool(judge(replace(told, code="AnotherCode"), answer))
    return all(judge(replace(told, answers=wrong), answer) for wrong in mutations(told.answers))
