"""Reads the JSON documents that stand as text in properties."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


class Unreadable(ValueError):
    """A document that a rule cannot read; the message says why."""


def read_json(text: Any) -> Any:
    """Return what a JSON text holds.

    Raises:
        Unreadable: if it is not JSON, or if an object in it has a key twice: which of the two
            counts is up to the reader.
    """
    if not isinstance(text, str):
        raise Unreadable("is not a JSON text")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError:
        raise Unreadable("is nested too deeply") from None
    except Unreadable:
        raise
    except ValueError:
        raise Unreadable("is not JSON") from None


def read_object(text: Any) -> dict[str, Any]:
    """Return the JSON object that a text holds; raise Unreadable if it holds none."""
    value = read_json(text)
    if not isinstance(value, dict):
        raise Unreadable("is not a JSON object")
    return value


def json_object(text: Any) -> dict[str, Any] | None:
    """Return the JSON object that a text holds, or None if it holds none."""
    try:
        return read_object(text)
    except Unreadable:
        return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Unreadable(f"has the key '{twice}' twice")
    return value


def _constant(name: str) -> Any:
    raise Unreadable(f"holds {name}, which is not JSON")


def texts(value: Any) -> list[str]:
    """Return a text or a list of texts as a list; documents may hold either."""
    if isinstance(value, str):
        return [value]
    return [part for part in items(value) if isinstance(part, str)]


def items(value: Any) -> Sequence[Any]:
    """Return a list, or nothing if the value is not a list."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, or an empty one if the value is none.

    The provider takes some blocks as one object and some as a list of one.
    """
    if isinstance(value, Mapping):
        return value
    parts = items(value)
    return parts[0] if parts and isinstance(parts[0], Mapping) else {}
