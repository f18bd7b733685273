"""One field of a pattern: where its value is and whether the value will do.

Here, once for all operators, stands what absence, arrays and objects mean; operators see scalars
only. The elements of an array keep the text of their numbers, a member's number was rewritten on
reading: that decides whether an exact `[300]` matches 3e2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from localcloud.eventbridge.matching.json_path import ABSENT, JsonPath
from localcloud.eventbridge.matching.json_text import canonical, scalar_text
from localcloud.eventbridge.matching.operators import Exact, Exists, Operator

Test: TypeAlias = Callable[[Any], bool]
Rewrite: TypeAlias = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a pattern and the conditions of which it must satisfy one.

    `names` leads to it, from `data` or, for an attribute, from the event; unless its keys make up
    a JSONPath with more than names in it, which `special` then is.
    """

    path: str
    is_data: bool
    names: tuple[str, ...]
    special: JsonPath | None
    conditions: tuple[Operator, ...]
    test: Test = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the conditions to one function of the value."""
        texts = self.exact_texts()
        rewrite = self._rewrite()
        test = _any_test(self.conditions, rewrite) if texts is None else _exact_test(texts, rewrite)
        object.__setattr__(self, "test", test)

    def read(self, event: Mapping[str, Any]) -> Any:
        """Return the event's value for the field, or ABSENT."""
        node: Any = event.get("data", ABSENT) if self.is_data else event
        if self.special is not None:
            return self.special.read(node)
        for name in self.names:
            if not isinstance(node, dict):
                return ABSENT
            node = node.get(name, ABSENT)
        return node

    def exact_texts(self) -> frozenset[str | None] | None:
        """Return the only values that satisfy the field, if it is a plain list of values."""
        texts = [c.text for c in self.conditions if isinstance(c, Exact)]
        return frozenset(texts) if len(texts) == len(self.conditions) else None

    def texts_of(self, value: Any) -> tuple[str | None, ...]:
        """Return what an exact condition compares of a value: one text, several, or none."""
        if isinstance(value, str) or value is None:
            return (value,)
        if isinstance(value, list):
            if any(isinstance(element, (dict, list)) for element in value):
                return ()
            return tuple(_text(element) for element in value)
        if value is ABSENT or isinstance(value, dict):
            return ()
        return (_text(value, self._rewrite()),)

    def _rewrite(self) -> Rewrite:
        from_array = self.special is not None and self.special.from_array
        return canonical if self.is_data and not from_array else _unchanged


def _unchanged(number: float) -> float:
    return number


def _text(value: Any, rewrite: Rewrite = _unchanged) -> str | None:
    if isinstance(value, float):
        value = rewrite(value)
    return None if value is None else scalar_text(value)


def _any_test(operators: tuple[Operator, ...], rewrite: Rewrite) -> Test:
    accepts_absent = any(isinstance(o, Exists) and not o.wanted for o in operators)
    tests = tuple(operator.test for operator in operators)

    def test(value: Any) -> bool:
        if isinstance(value, list):
            if any(isinstance(element, (dict, list)) for element in value):
                return False
            return any(test(element) for element in value for test in tests)
        if value is ABSENT:
            return accepts_absent
        if isinstance(value, dict):
            return False
        if isinstance(value, float):
            value = rewrite(value)
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if test(value):
                return True
        return False

    return test


def _exact_test(texts: frozenset[str | None], rewrite: Rewrite) -> Test:
    def test(value: Any) -> bool:
        if isinstance(value, str):
            return value in texts
        if isinstance(value, list):
            if any(isinstance(element, (dict, list)) for element in value):
                return False
            return any(_text(element) in texts for element in value)
        if value is ABSENT or isinstance(value, dict):
            return False
        return _text(value, rewrite) in texts

    return test
