"""What a behaviour expects of an answer, and where an answer differs from it; pure.

An expectation is a part of the answer: an object needs the members that are named, a list all of
its elements in order, anything else must be equal. ``!matches`` takes a regular expression for a
text, ``!any`` a list of what may be there, ``!absent`` a member that must not be there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Matches:
    """Expects a text in which a regular expression matches from beginning to end."""

    pattern: str

    def __repr__(self) -> str:
        return f"a text that matches {self.pattern!r}"


@dataclass(frozen=True)
class AnyOf:
    """Expects one of several values, because what the cloud is built on has several."""

    values: tuple[Any, ...]

    def __repr__(self) -> str:
        return " or ".join(map(repr, self.values))


@dataclass(frozen=True)
class Absent:
    """Expects that a member is not there, or is null."""

    def __repr__(self) -> str:
        return "nothing"


def differences(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """Yield each place where an answer is not as expected, with both values."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name, value in expected.items():
            yield from differences(value, found.get(name), f"{place}.{name}".lstrip("."))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{place}.{number}".lstrip("."))
    elif not _is_as_expected(expected, found):
        yield f"{place or 'the answer'}: expected {expected!r}, found {_short(found)}"


def _is_as_expected(expected: Any, found: Any) -> bool:
    match expected:
        case Absent():
            return found is None
        case AnyOf(values):
            return any(_is_as_expected(value, found) for value in values)
        case Matches(pattern):
            return isinstance(found, str) and bool(re.fullmatch(pattern, found, re.DOTALL))
    # In Python, True is 1.
    return type(expected) is type(found) and bool(expected == found)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"
