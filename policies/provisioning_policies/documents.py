"""Reads the JSON documents that stand as text in properties."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def json_object(text: Any) -> dict[str, Any] | None:
    """Give the JSON object that a text holds, or None if it holds none."""
    if not isinstance(text, str):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def texts(value: Any) -> list[str]:
    """Give a text or a list of texts as a list; documents may hold either."""
    if isinstance(value, str):
        return [value]
    return [part for part in items(value) if isinstance(part, str)]


def items(value: Any) -> Sequence[Any]:
    """Give a list, or nothing if the value is no list."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def mapping(value: Any) -> Mapping[str, Any]:
    """Give an object, or an empty one if the value is none.

    The provider takes some blocks as one object and some as a list of one.
    """
    if isinstance(value, Mapping):
        return value
    parts = items(value)
    return parts[0] if parts and isinstance(parts[0], Mapping) else {}
