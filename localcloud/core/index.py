"""Find the patterns that match an event without trying all of them.

Most patterns can only match if some field has one of a few values (a list of plain values) or
starts in one of a few ways (prefixes only). Each such pattern is filed under the field that it
shares with the fewest others: usually `source` or `type`, but any field of `data` will do. An
event is looked up in the fields that are in use; only what is found there, and the patterns
without such a field, are matched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from localcloud.core.pattern import Pattern
from localcloud.core.pattern_field import Field

K = TypeVar("K")
_Place: TypeAlias = tuple[str, tuple[str, str | None]]


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

    __slots__ = ("_by_prefix", "_by_text", "_field")

    def __init__(self, field: Field) -> None:
        self._field = field
        self._by_text: dict[str | None, list[int]] = {}
        self._by_prefix: dict[int, dict[str, list[int]]] = {}

    def file(self, number: int, places: list[_Place]) -> None:
        for _, (kind, text) in places:
            if kind == "text":
                self._by_text.setdefault(text, []).append(number)
            elif text is not None:
                self._by_prefix.setdefault(len(text), {}).setdefault(text, []).append(number)

    def candidates(self, event: Mapping[str, Any]) -> list[int]:
        value = self._field.read(event)
        found: list[int] = []
        for text in self._field.texts_of(value):
            found += self._by_text.get(text, ())
            if text is not None:
                for length, numbers in self._by_prefix.items():
                    found += numbers.get(text[:length], ())
        return found


def _places(field: Field) -> list[_Place]:
    texts = field.exact_texts()
    if texts is not None:
        return [(field.path, ("text", text)) for text in texts]
    return [(field.path, ("prefix", text)) for text in field.prefixes() or ()]
