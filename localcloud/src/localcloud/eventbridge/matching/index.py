"""Find the patterns that match an event without trying all of them.

Most patterns can only match if some field has one of a few values, or begins or ends in one of a
few ways. Each such pattern is filed under the field that it shares with the fewest others: usually
`source` or `type`, but any field of `data` will do. An event is looked up in the fields that are in
use; only what is found there, and the patterns without such a field, are matched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from localcloud.eventbridge.matching.operators import Exact, Prefix, Suffix
from localcloud.eventbridge.matching.pattern import Pattern
from localcloud.eventbridge.matching.pattern_field import Field

K = TypeVar("K")
_Part: TypeAlias = tuple[int, int | None]
_Place: TypeAlias = tuple[str, _Part | None, str | None]
"""A field's path, the part of the value to compare (None: all of it), and its text."""


class RuleIndex(Generic[K]):
    """Patterns by key; immutable, so make a new one when a rule changes."""

    __slots__ = ("_drawers", "_rest", "_rules")

    def __init__(self, rules: Iterable[tuple[K, Pattern]]) -> None:
        self._rules = tuple(rules)
        self._rest: list[int] = []
        drawers: dict[str, _Drawer] = {}
        choices = [
            [(field, _places(field)) for field in pattern.fields] for _, pattern in self._rules
        ]
        crowd = Counter(place for fields in choices for _, places in fields for place in places)
        for number, fields in enumerate(choices):
            usable = [(field, places) for field, places in fields if places]
            if not usable:
                self._rest.append(number)
                continue
            field, places = min(usable, key=lambda entry: sum(crowd[place] for place in entry[1]))
            drawers.setdefault(field.path, _Drawer(field)).file(number, places)
        self._drawers = tuple(drawers.values())

    def __len__(self) -> int:
        return len(self._rules)

    def matching(self, event: Mapping[str, Any]) -> list[K]:
        """Return the keys of the patterns that match, in the order in which they were given."""
        numbers = list(self._rest)
        for drawer in self._drawers:
            numbers += drawer.candidates(event)
        return [
            key
            for key, pattern in (self._rules[number] for number in sorted(set(numbers)))
            if pattern.matches(event)
        ]


class _Drawer:
    """The patterns filed under one field."""

    __slots__ = ("_by_end", "_by_text", "_field")

    def __init__(self, field: Field) -> None:
        self._field = field
        self._by_text: dict[str | None, list[int]] = {}
        self._by_end: dict[_Part, dict[str, list[int]]] = {}

    def file(self, number: int, places: list[_Place]) -> None:
        for _, part, text in places:
            if part is None:
                self._by_text.setdefault(text, []).append(number)
            elif text is not None:
                self._by_end.setdefault(part, {}).setdefault(text, []).append(number)

    def candidates(self, event: Mapping[str, Any]) -> list[int]:
        value = self._field.read(event)
        found: list[int] = []
        for text in self._field.texts_of(value):
            found += self._by_text.get(text, ())
            if text is not None:
                for (start, stop), numbers in self._by_end.items():
                    found += numbers.get(text[start:stop], ())
        return found


def _places(field: Field) -> list[_Place]:
    """Return where a pattern can be filed by this field; nowhere if another condition is in it."""
    places: list[_Place] = []
    for condition in field.conditions:
        if isinstance(condition, Exact):
            places.append((field.path, None, condition.text))
        elif isinstance(condition, Prefix):
            places.append((field.path, (0, len(condition.text)), condition.text))
        elif isinstance(condition, Suffix):
            places.append((field.path, (-len(condition.text), None), condition.text))
        else:
            return []
    return list(dict.fromkeys(places))
