"""Facts about patterns that hold for any JSON."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.eventbridge.matching.index import RuleIndex
from localcloud.eventbridge.matching.json_path import JsonPath, UnsupportedFunctionError
from localcloud.eventbridge.matching.json_text import dump, parse
from localcloud.eventbridge.matching.pattern import InvalidPatternError, Pattern
from localcloud.eventbridge.matching.transform import Transform, TransformError

_WORDS = (
    "a",
    "b",
    "ab",
    "",
    "null",
    "300",
    "acs.ecs",
    "10.0.0.1",
    "10.0.0.0/24",
    "true",
    "{",
    "${a}",
)
_KEYS = (
    *(
        "source",
        "type",
        "data",
        "a",
        "b",
        "a.b",
        "a b",
        "prefix",
        "suffix",
        "anything-but",
        "numeric",
    ),
    *("cidr", "exists", "contains", "=", ">"),
)
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(_WORDS),
    st.text(max_size=5),
)
_json = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(_KEYS), st.text(max_size=4)), inner, max_size=4),
    ),
    max_leaves=15,
)
_events = st.dictionaries(st.sampled_from(("source", "type", "data")), _json, max_size=3)
_flat = st.one_of(_scalars, st.lists(_scalars, max_size=3))

_conditions = st.one_of(
    st.sampled_from(_WORDS),
    st.integers(-3, 3),
    st.none(),
    st.booleans(),
    st.builds(lambda word: {"prefix": word or "x"}, st.sampled_from(_WORDS)),
    st.builds(lambda word: {"suffix": word or "b"}, st.sampled_from(_WORDS)),
    st.builds(lambda word: {"anything-but": word}, st.sampled_from(_WORDS)),
    st.builds(lambda there: {"exists": there}, st.booleans()),
    st.builds(lambda limit: {"numeric": [">", limit]}, st.integers(-2, 2)),
)
_fields = st.lists(_conditions, min_size=1, max_size=3)
_patterns = st.builds(
    lambda attributes, data: {**attributes, **({"data": data} if data else {})},
    st.dictionaries(st.sampled_from(("source", "type")), _fields, max_size=2),
    st.dictionaries(
        st.sampled_from(("a", "b")),
        st.one_of(_fields, st.builds(lambda f: {"c": f}, _fields)),
        max_size=2,
    ),
)
_matching_events = st.fixed_dictionaries(
    {},
    optional={
        "source": _flat,
        "type": _flat,
        "data": st.dictionaries(
            st.sampled_from(("a", "b")),
            st.one_of(_flat, st.dictionaries(st.just("c"), _flat, max_size=1)),
            max_size=2,
        ),
    },
)


def _compile(text: str) -> Pattern | InvalidPatternError:
    try:
        return Pattern.compile(text)
    except InvalidPatternError as rejection:
        return rejection


@given(_json, _events)
def test_any_json_compiles_or_is_rejected(pattern: Any, event: dict[str, Any]) -> None:
    """Any JSON is a pattern or is rejected with path and reason; matching never raises."""
    compiled = _compile(json.dumps(pattern))
    if isinstance(compiled, InvalidPatternError):
        assert compiled.path.startswith("$")
        assert compiled.reason
    else:
        assert compiled.matches(event) is (compiled.explain(event) is None)


@given(st.text())
def test_any_text_compiles_or_is_rejected(text: str) -> None:
    """Any text is a pattern or is rejected with a path."""
    compiled = _compile(text)
    assert isinstance(compiled, Pattern) or compiled.path.startswith("$")


@given(_scalars, _scalars)
def test_anything_but_negates_exact(excluded: Any, value: Any) -> None:
    """On a scalar, anything-but matches exactly when the exact value does not."""
    exact = Pattern.compile(dump({"data": {"a": [excluded]}}))
    but = Pattern.compile(dump({"data": {"a": [{"anything-but": excluded}]}}))
    event = {"data": {"a": value}}
    assert exact.matches(event) is not but.matches(event)


@given(_scalars)
def test_a_scalar_matches_itself(value: Any) -> None:
    """A pattern made from an event's scalar matches the event, whatever the scalar is."""
    text = dump({"data": {"a": value}})
    if dump(parse(text)["data"]["a"]) == Transform.compile("JSONPATH", "$.data.a").apply(
        parse(text)
    ):
        assert Pattern.compile(dump({"data": {"a": [value]}})).matches(parse(text))


@given(_flat)
def test_a_field_that_is_there_exists(value: Any) -> None:
    """Of `exists: true` and `exists: false` one matches, except for an empty array."""
    event = {"data": {"a": value}}
    verdicts = [
        Pattern.compile(dump({"data": {"a": [{"exists": wanted}]}})).matches(event)
        for wanted in (True, False)
    ]
    assert verdicts == ([False, False] if value == [] else [True, False])


@settings(max_examples=300)
@given(st.lists(_patterns, max_size=12), _matching_events)
def test_the_index_agrees_with_a_scan(patterns: list[Any], event: dict[str, Any]) -> None:
    """The index finds exactly the patterns that match, in their order."""
    rules = [(number, Pattern.compile(dump(pattern))) for number, pattern in enumerate(patterns)]
    scan = [number for number, pattern in rules if pattern.matches(event)]
    assert scan == RuleIndex(rules).matching(event)


@given(st.text(alphabet="$.[]'\"ab0-,*?() \\u:", max_size=12), _events)
def test_any_path_compiles_or_is_none(text: str, event: dict[str, Any]) -> None:
    """Any text is a definite path, no definite path, or a function call; reading never raises."""
    try:
        path = JsonPath.compile("$" + text)
    except UnsupportedFunctionError:
        return
    if path is not None:
        path.read(event)


@given(
    st.dictionaries(
        st.sampled_from("abc"), st.sampled_from(("$.data.a", "$.data.b", "x", "${b}")), max_size=3
    ),
    st.text(alphabet="${}:-abx", max_size=20),
    st.dictionaries(st.sampled_from("ab"), st.text(alphabet="${}:-ab", max_size=8), max_size=2),
)
def test_any_template_ends(value: dict[str, str], template: str, data: dict[str, str]) -> None:
    """A template gives a text or fails with a reason, whatever the event's values contain."""
    transform = Transform.compile("TEMPLATE", json.dumps(value), template)
    try:
        assert transform.apply({"data": data}) is not None
    except TransformError as error:
        assert "contains itself" in str(error)  # noqa: PT017 - either outcome is right


def test_multiplying_variables_are_stopped() -> None:
    """Values that refer to one another many times fail instead of keeping the cloud busy."""
    names = "abcdefgh"
    value = json.dumps({name: f"$.data.{name}" for name in names})
    data = {name: f"${{{after}}}" * 20 for name, after in pairwise(names)}
    transform = Transform.compile("TEMPLATE", value, "${a}")
    with pytest.raises(TransformError, match="more than 10000 variables"):
        transform.apply({"data": {**data, "h": ""}})


def test_a_numbers_text_survives() -> None:
    """Reading and writing JSON keeps the text of every number."""
    text = '{"a":[1,-0,1.50,3.0e2,1E400,-0.0,12345678901234567890,0.1],"b":1.7672256E12}'
    assert text == dump(parse(text))
