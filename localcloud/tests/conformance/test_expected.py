"""A behaviour that the cloud does not show is reported: no row can pass whatever the answer is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.conformance.behaviour import BadBehaviourError, behaviour, behaviours
from localcloud.conformance.clients import Answer
from localcloud.conformance.command import is_unexpected
from localcloud.conformance.expected import Absent, AnyOf, Matches, differences
from localcloud.conformance.runner import SENT_WITH_SCRIPT, Outcome, Verdict, judge
from localcloud.conformance.score import shown_by, written_into
from localcloud.products import PRODUCTS

ROW: dict[str, Any] = {"behaviour": "b", "source": "s", "call": "ecs.DescribeRegions"}


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"b": [1, {"c": "x"}]}}, {"a": {"b": [1, {"c": "x", "d": 0}]}}),
        ({"a": Absent()}, {}),
        ({"a": Matches("x.*")}, {"a": "xy\nz"}),
        ({"a": AnyOf((1, Matches("x.*")))}, {"a": "xy"}),
        ([], []),
    ],
)
def test_a_part_of_the_answer_is_enough(expected: object, found: object) -> None:
    """What is not named may be anything."""
    assert not list(differences(expected, found))


@pytest.mark.parametrize(
    ("expected", "found", "place"),
    [
        ({"a": 1}, {}, "a"),
        ({"a": 1}, {"a": True}, "a"),
        ({"a": 1}, {"a": "1"}, "a"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1]}}, "a.b"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "a.0.b"),
        ({"a": Absent()}, {"a": 0}, "a"),
        ({"a": Matches("x")}, {"a": "xy"}, "a"),
        ({"a": Matches("1")}, {"a": 1}, "a"),
        ({"a": AnyOf((0, 1))}, {"a": True}, "a"),
        ({"a": AnyOf((0, 1))}, {}, "a"),
        ([], [1], "the answer"),
        ({"a": 1}, None, "the answer"),
    ],
)
def test_what_differs_is_named_by_its_place(expected: object, found: object, place: str) -> None:
    """The reason says where, and both values."""
    (difference,) = differences(expected, found)
    assert difference.startswith(f"{place}: expected ")


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"a": 1}),
        Answer(None, "Other", 404),
        Answer(None, "Gone", 400),
    ],
)
def test_another_error_than_the_expected_one_fails(answer: Answer) -> None:
    """Neither a success nor another code nor another status is as good."""
    expected = behaviour({**ROW, "refused": {"code": "Gone", "status": 404}})
    assert not judge(expected, Answer(None, "Gone", 404))
    assert judge(expected, answer)


def test_an_error_is_no_answer() -> None:
    """A refused call does not pass for an empty answer."""
    assert judge(behaviour({**ROW, "answers": {"a": Absent()}}), Answer(None, "Gone", 404))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"source": ""}, "a name and a source"),
        ({}, "must expect"),
        ({"answers": {}}, "must expect"),
        ({"refused": {"status": 404}}, "must expect"),
        ({"answers": {"a": 1}, "refused": {"code": "c"}}, "must expect"),
        ({"answers": {"a": {}}}, "says nothing"),
        ({"answers": {"a": 1}, "expects": 1}, "has no meaning"),
        ({"answers": {"a": 1}, "script": "true"}, "each step is one of"),
        ({"answers": {"a": 1}, "signed": "twice"}, "signed is one of"),
        ({"answers": {"a": 1}, "given": [{"with": {}}]}, "each step is one of"),
    ],
)
def test_a_row_that_could_not_fail_is_no_row(row: dict[str, Any], problem: str) -> None:
    """What is not understood, and what expects nothing, is told when the files are read."""
    with pytest.raises(BadBehaviourError, match=problem):
        behaviour({**ROW, **row})


@pytest.mark.parametrize("tag", ["!any 1", "!any [1]", "!matches [x]"])
def test_a_tag_on_something_else_is_told(tag: str, tmp_path: Path) -> None:
    """A tag that could mean nothing is told when the files are read."""
    (tmp_path / "b.yaml").write_text(f"- {{behaviour: b, answers: {{a: {tag}}}}}")
    with pytest.raises(BadBehaviourError, match=r"takes? a "):
        behaviours(tmp_path)


def test_a_name_occurs_once(tmp_path: Path) -> None:
    """Otherwise one row could hide behind another."""
    row = "- {behaviour: b, source: s, call: ecs.DescribeRegions, answers: {a: 1}}\n"
    (tmp_path / "a.yaml").write_text(row * 2)
    with pytest.raises(BadBehaviourError, match="several behaviours named b"):
        behaviours(tmp_path)


def test_each_row_names_a_product_that_is_here() -> None:
    """A row of no product would be in no score."""
    every = behaviours()
    assert len(every) > 200
    assert {each.product for each in every} <= set(PRODUCTS)


@pytest.mark.parametrize(
    ("differs", "verdict", "expected"),
    [
        ("", Verdict.PASSED, False),
        ("", Verdict.FAILED, True),
        ("", Verdict.NOT_RUN, False),
        ("it does not", Verdict.FAILED, False),
        ("it does not", Verdict.PASSED, True),
    ],
)
def test_a_difference_is_known_or_a_failure(
    differs: str, verdict: Verdict, *, expected: bool
) -> None:
    """What is said to differ must differ; everything else must not."""
    told = behaviour({**ROW, "answers": {"a": 1}, "differs": differs})
    assert is_unexpected(Outcome(told, verdict)) is expected


def test_the_readme_s_part_is_replaced_whole() -> None:
    """What stood between the marks is gone; what stands around them stays."""
    marks = "".join(
        f"{name}:\n<!-- {name} -->\nold\n<!-- /{name} -->\n"
        for name in ("score", "conformance", "differing")
    )
    told = behaviour({**ROW, "answers": {"a": 1}, "differs": "it does not"})
    text = written_into(f"before\n{marks}after\n", [Outcome(told, Verdict.FAILED)])
    assert "old" not in text
    assert text.startswith("before\nscore:\n<!-- score -->\n**0 of 1** behaviours")
    assert "| b | s | it does not |" in text
    assert text.endswith("<!-- /differing -->\nafter\n")


def test_a_parameter_counts_as_shown_if_a_passing_row_sends_it() -> None:
    """The steps before the last count, too; those of a script are RunCommand's."""
    row = {
        "behaviour": "b",
        "source": "s",
        "given": [{"call": "fc.CreateFunction", "with": {"body": {"functionName": "f"}}}],
        "script": "true",
        "with": {"Timeout": 10, "stop_after": "x"},
        "answers": {"ExitCode": 0},
    }
    assert shown_by("fc", [behaviour(row)]) == {"CreateFunction": {"body", "functionName"}}
    assert shown_by("ecs", [behaviour(row)])["RunCommand"] == SENT_WITH_SCRIPT | {"Timeout"}


def mutations(expected: Any) -> Iterator[Any]:
    """Yield an expectation with one of its values made wrong, for each of them."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            yield from ({**expected, name: wrong} for wrong in mutations(value))
    elif isinstance(expected, list) and expected:
        for number, value in enumerate(expected):
            for wrong in mutations(value):
                yield [*expected[:number], wrong, *expected[number + 1 :]]
    else:
        yield "the wrong value"
