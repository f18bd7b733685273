r"""JSON as it comes in to be kept, and as it goes out: what one side writes every other can read.

Python is generous both ways: it reads and writes `NaN` and `Infinity`, turns `1e400` into one of
them, and reads half a surrogate pair (`"\ud800"`), which no file, header or database takes.
Events keep their numbers' text and have a reader of their own (`json_text`).
"""

import json
from collections.abc import Callable
from math import isfinite
from typing import Any, NoReturn

DEPTH_LIMIT = 100
"""How deeply objects and lists may be nested."""
_LONGEST_INTEGER = 308
"""Digits that a double holds, whatever they are."""

Pairs = Callable[[list[tuple[str, Any]]], Any]


def read(text: str | bytes, pairs: Pairs | None = None) -> Any:
    """Return the value that is written; `pairs` makes an object of its members.

    Raises:
        ValueError: if it is not strict JSON, holds a number that no double holds or half a
            character, or is nested too deeply.
    """
    # The library would guess another encoding from the first bytes.
    found = text.decode() if isinstance(text, bytes) else text
    try:
        value = json.loads(
            found,
            object_pairs_hook=pairs,
            parse_float=_float,
            parse_int=_integer,
            parse_constant=_refuse,
        )
        if "\\u" in found:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if found.count("[") + found.count("{") > DEPTH_LIMIT and is_deeper(value, DEPTH_LIMIT):
        raise ValueError("nested too deeply")
    return value


def write(value: Any) -> str:
    """Return compact JSON; a number that JSON has no form for becomes a text.

    What was kept before numbers were refused must not hide everything beside it.
    """
    try:
        return _encode(value)
    except ValueError:
        return _encode(_without_infinities(value))


def is_deeper(value: object, limit: int) -> bool:
    """Return whether objects and lists are nested more deeply; counted: no stack holds them all.

    How deep the interpreter itself reads differs from version to version.
    """
    level = [value]
    for _ in range(limit):
        members = (
            member
            for part in level
            for member in (part.values() if isinstance(part, dict) else part)  # type: ignore[attr-defined]
        )
        level = [member for member in members if isinstance(member, (dict, list))]
        if not level:
            return False
    return True


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        _refuse(text)
    return number


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        _refuse(text)
    return int(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is not a number that a double holds")


def _without_infinities(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_infinities(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_without_infinities(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return getattr(value, "text", str(value))
    return value
