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
    if body.count(b"[") + body.count(b"{") > DEPTH_LIMIT and _is_deep(value, DEPTH_LIMIT):
        return None
    return value


def texts(value: object) -> list[str]:
    """Give every text in a JSON value, without the names of members."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


def _is_deep(value: object, left: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return left == 0 or any(_is_deep(item, left - 1) for item in value)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
