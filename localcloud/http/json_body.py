"""A request's body as a JSON object that can be kept: strict JSON whose texts are real Unicode."""

import json
from typing import Any, NoReturn

DEPTH_LIMIT = 100
"""How deeply objects and lists may be nested."""


def parse_object(body: bytes) -> dict[str, Any] | None:
    r"""Give the JSON object that a body holds, or nothing if it holds anything else.

    Half a surrogate pair (``"\ud800"``) is JSON, but no text: it can be neither kept nor sent on,
    so it is refused where it comes in. So are ``NaN`` and what is nested too deeply.
    """
    try:
        value = json.loads(body, parse_constant=_refuse)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    if body.count(b"[") + body.count(b"{") > DEPTH_LIMIT and is_deeper(value, DEPTH_LIMIT):
        return None
    return value


def texts(value: object) -> list[str]:
    """Give every text in a JSON value, without the names of members."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


def is_deeper(value: object, limit: int) -> bool:
    """Tell whether objects and lists are nested more deeply; counted, for no stack holds them all.

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


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
