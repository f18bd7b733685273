"""Every file beside this one is a pattern with its verdict; the file's name is the test's id.

`match/` and `miss/` hold a pattern and an event, `invalid/` a pattern with the engine's reason. A
file with `open_source_engine` says what Apache RocketMQ EventBridge does instead.
"""

from pathlib import Path
from typing import Any

import pytest

from localcloud.eventbridge.matching.json_text import dump, parse
from localcloud.eventbridge.matching.operators import OPERATORS
from localcloud.eventbridge.matching.pattern import InvalidPatternError, Mismatch, Pattern

_HERE = Path(__file__).parent


def _cases(verdict: str) -> list[Any]:
    files = sorted((_HERE / verdict).glob("*.json"))
    return [pytest.param(parse(file.read_text("utf-8")), id=file.stem) for file in files]


def _text(case: dict[str, Any]) -> str:
    if "nested" in case:
        levels = int(case["nested"])
        return '{"data":' + '{"a":' * levels + '["x"]' + "}" * (levels + 1)
    return str(case["pattern_text"]) if "pattern_text" in case else dump(case["pattern"])


@pytest.mark.parametrize("case", _cases("match"))
def test_pattern_matches(case: dict[str, Any]) -> None:
    """The pattern matches the event, and there is nothing to explain."""
    pattern = Pattern.compile(_text(case))
    assert pattern.matches(case["event"]) is True
    assert pattern.explain(case["event"]) is None


@pytest.mark.parametrize("case", _cases("miss"))
def test_pattern_does_not_match(case: dict[str, Any]) -> None:
    """The pattern does not match, and the first field that differs is named with both values."""
    pattern = Pattern.compile(_text(case))
    assert pattern.matches(case["event"]) is False
    mismatch = pattern.explain(case["event"])
    assert mismatch is not None
    expected = case.get("expected", mismatch.expected)
    assert Mismatch(case["path"], expected, case.get("found", mismatch.found)) == mismatch


@pytest.mark.parametrize("case", _cases("invalid"))
def test_pattern_is_rejected(case: dict[str, Any]) -> None:
    """The pattern is rejected with the path to the mistake and the engine's reason."""
    with pytest.raises(InvalidPatternError) as caught:
        Pattern.compile(_text(case))
    assert (caught.value.path, caught.value.reason) == (case["path"], case["reason"])
    assert caught.value.message == f"Event pattern is not valid, reason: {case['reason']}"


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("verdict", ["match", "miss", "invalid"])
def test_every_operator_has_cases(verdict: str, operator: str) -> None:
    """The corpus has a match, a miss and a rejection for each operator."""
    assert [*_HERE.glob(f"{verdict}/{operator}[-.]*json")], f"no {verdict}/{operator}-*.json"
