"""The index of rules by the values that they require."""

from typing import Any

from localcloud.eventbridge.matching.index import RuleIndex
from localcloud.eventbridge.matching.pattern import Pattern


def _matching(event: dict[str, Any], **patterns: dict[str, Any]) -> list[str]:
    return RuleIndex((name, Pattern.compile(p)) for name, p in patterns.items()).matching(event)


def test_rules_come_in_the_order_given() -> None:
    """Rules that are looked up and rules that are scanned are found in the order of the rules."""
    expected = ["looked_up", "scanned", "also_looked_up", "all"]
    found = _matching(
        {"source": "a", "data": {"n": 1}},
        looked_up={"source": ["a"]},
        scanned={"data": {"n": [{"numeric": ["=", 1]}]}},
        also_looked_up={"data": {"n": [1]}},
        other={"source": ["b"]},
        all={},
    )
    assert found == expected


def test_a_rule_is_found_once() -> None:
    """An array that holds several of a rule's values finds the rule once."""
    expected = ["rule"]
    assert (
        _matching({"data": {"list": ["b", "a", "a"]}}, rule={"data": {"list": ["a", "b"]}})
        == expected
    )


def test_beginnings_and_ends_are_looked_up() -> None:
    """Rules with prefixes, suffixes and plain values in one field are found by it."""
    patterns: dict[str, dict[str, Any]] = {
        "begins": {"data": {"name": [{"prefix": "loop-"}]}},
        "ends": {"data": {"name": [{"suffix": "-1"}, "x"]}},
        "is": {"data": {"name": ["loop-1", {"prefix": "y"}]}},
        "longer": {"data": {"name": [{"prefix": "loop-12"}]}},
        "other": {"data": {"name": [{"suffix": "-2"}]}},
    }
    expected = ["begins", "ends", "is"]
    assert _matching({"data": {"name": "loop-1"}}, **patterns) == expected
    expected = ["ends"]
    assert _matching({"data": {"name": ["x"]}}, **patterns) == expected
    assert not _matching({"data": {"name": None}}, **patterns)
    assert not _matching({"data": {}}, **patterns)
    assert not _matching({}, **patterns)


def test_null_numbers_and_texts_are_told_apart() -> None:
    """The index tells null from "null", and finds a number by its text as matching does."""
    patterns: dict[str, dict[str, Any]] = {
        "null": {"data": {"v": [None]}},
        "text": {"data": {"v": ["null"]}},
        "number": {"data": {"v": [300]}},
        "true": {"data": {"v": [True]}},
    }
    for value, expected in (
        (None, "null"),
        ("null", "text"),
        (300, "number"),
        (3e2, ""),
        (True, "true"),
    ):
        assert _matching({"data": {"v": value}}, **patterns) == ([expected] if expected else [])


def test_an_empty_index_finds_nothing() -> None:
    """Without rules nothing matches."""
    index: RuleIndex[str] = RuleIndex([])
    assert index.matching({"source": "a"}) == []
    assert len(index) == 0
