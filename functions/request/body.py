"""Reads the JSON object that somebody posted to a webhook.

EventBridge hands on a parsed object if the sender said ``application/json``, and the bare text
otherwise ("Create an HTTP/HTTPS event source"). No-code senders often say nothing, or send a form,
or Base64: all of these are read, nothing else is guessed at.
"""

import json
from typing import Any

_DEEPEST = 3
_LONGEST = 256 * 1024


def read(body: object) -> dict[str, Any] | None:
    """Return the object that was posted, or None if it is not one."""
    return _read(body, _DEEPEST)


def _read(body: object, depth: int) -> dict[str, Any] | None:
    if isinstance(body, dict):
        return body
    if not isinstance(body, str) or depth == 0 or len(body) > _LONGEST:
        return None
    text = body.strip().removeprefix("\ufeff")
    try:
        return _read(json.loads(text), depth - 1)
    except (ValueError, RecursionError):
        pass
    for decode in (_from_percent, _from_form, _from_base64):
        decoded = decode(text)
        if decoded and decoded != text and (found := _read(decoded, depth - 1)) is not None:
            return found
    return None


def _from_percent(text: str) -> str:
    """Undo percent-encoding of the whole text."""
    if not text.startswith(("%7B", "%7b")):
        return ""
    from urllib.parse import unquote_plus  # noqa: PLC0415

    return unquote_plus(text)


def _from_form(text: str) -> str:
    """Take the one field of a form that holds an object, as in ``payload=%7B...%7D``."""
    if "=" not in text or "%7b" not in text.lower():
        return ""
    from urllib.parse import parse_qsl  # noqa: PLC0415

    try:
        values = [value for _, value in parse_qsl(text, max_num_fields=20)]
    except ValueError:
        return ""
    objects = [value for value in values if value.lstrip().startswith("{")]
    return objects[0] if len(objects) == 1 else ""


def _from_base64(text: str) -> str:
    import base64  # noqa: PLC0415

    compact = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        raw = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
        return raw.decode("utf-8")
    except ValueError:
        return ""
