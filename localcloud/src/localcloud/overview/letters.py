"""Dead letters: messages of queues that hold an event which somebody gave up, and why.

Three kinds are read: those of EventBridge, the records of asynchronous calls that Function Compute
writes to a destination, and what a function puts there itself in EventBridge's form.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ADDED = "aliyun"
"""What the names of the attributes begin with that a bus adds to each event."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that was given up."""

    event: dict[str, Any]
    bus: str
    place: str
    """The rule whose target did not take it, or the function that gave up."""
    reason: str

    def to_publish(self) -> dict[str, Any]:
        """Return the event without what a bus adds."""
        return {name: value for name, value in self.event.items() if not name.startswith(_ADDED)}


def read(body: str) -> Letter | None:
    """Return the dead letter in a message's body, plain or in base64; None if it is not one."""
    found = _object(body) or _object(_decoded(body))
    if "requestPayload" in found:
        context = _mapping(found.get("requestContext"))
        answer = _mapping(found.get("responseContext"))
        payload = _mapping(found.get("responsePayload")) or _object(found.get("responsePayload"))
        place = _text(context.get("functionArn")).rpartition("/")[2]
        code = answer.get("functionError") or context.get("condition")
        parts = (code, payload.get("errorMessage"))
        return _letter(found["requestPayload"], place, parts, "")
    why = _mapping(found.get("reason"))
    if not why or "event" not in found:
        return None
    rule = _text(why.get("ruleName"))
    place = f"rule {rule}" if rule else _text(why.get("targetType"))
    parts = (why.get("errorCode"), why.get("errorMessage"))
    return _letter(found["event"], place, parts, _text(why.get("eventBusName")))


def event_in(payload: str) -> Mapping[str, Any]:
    """Return the event that a function is called with; an empty one if it is something else."""
    return _object(payload)


def _letter(given: object, place: str, parts: tuple[Any, ...], bus: str) -> Letter | None:
    event = _mapping(given) or _object(given)
    if not all(event.get(name) for name in ("id", "source", "type")):
        return None
    bus = _text(event.get("aliyuneventbusname")) or bus
    return Letter(dict(event), bus, place, ": ".join(filter(None, map(_text, parts))))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return {}
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return _mapping(found)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
