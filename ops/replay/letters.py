"""Reads dead letters: which event a message holds, where it belongs, and why it lies there.

There are three kinds. EventBridge writes one when a target did not take an event; Function Compute
writes the record of an asynchronous call that failed, to the destination of its configuration; and
the loop's functions write their own when they give up (:mod:`functions.cloud.dead_letters`).
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.request import body

_ATTRIBUTES = ("id", "source", "specversion", "type", "datacontenttype", "subject", "time", "data")
_LONGEST = 200


class Unreadable(Exception):
    """A message holds no event that could be published."""


class Letter(NamedTuple):
    """An undeliverable event."""

    event: dict[str, Any]
    """As it is published again: without what the bus itself adds."""
    bus: str
    place: str
    """The rule whose target did not take it, or the function that gave up."""
    reason: str
    """The code of the last attempt, and its message."""
    employee: str = ""
    request: str = ""
    """The id of the request that it is about."""

    def __str__(self) -> str:
        """Return which event it is; of its content, which may hold a secret, only the request.

        Whoever fills the queue must not write to somebody's terminal.
        """
        event = {name: _text(self.event.get(name)) for name in ("id", "source", "type", "time")}
        about = f"  employee {self.employee}" if self.employee else ""
        about += f"  request {self.request}" if self.request else ""
        return (
            f"{event['id']}  {event['time'] or '?'}  {event['source']}  {event['type']}{about}  "
            f"bus {self.bus}  {self.place or '?'}: {self.reason or '?'}"
        )


def read(text: str) -> Letter:
    """Read a message's body, as it is or in base64.

    Raises:
        Unreadable: if it is none of the three kinds.
    """
    found = _object(text) or _object(_decoded(text))
    if found is None:
        raise Unreadable("it is neither JSON nor base64 of JSON")
    if "requestPayload" in found:
        return _of_call(found)
    # guess: how EventBridge writes a dead letter is not documented, so the likely forms are taken:
    # the event by itself, or below "event".
    inner = found.get("event", found)
    event = _object(inner) if isinstance(inner, str) else inner
    if not isinstance(event, dict):
        raise Unreadable("what it holds is not an event")
    why = _mapping(found.get("reason"))
    rule = why.get("ruleName")
    place = f"rule {rule}" if rule else _text(why.get("targetType"))
    reason = ": ".join(filter(None, map(_text, (why.get("errorCode"), why.get("errorMessage")))))
    return _letter(event, _text(why.get("eventBusName")), place, reason)


def _of_call(found: Mapping[str, Any]) -> Letter:
    """Read the record of an asynchronous call ("Destinations for asynchronous invocations")."""
    payload = found["requestPayload"]
    event = _object(payload) if isinstance(payload, str) else payload
    if not isinstance(event, dict):
        raise Unreadable("the call that failed was not made with an event")
    context, answer = _mapping(found.get("requestContext")), _mapping(found.get("responseContext"))
    function = _text(context.get("functionArn")).rpartition("/")[2]
    payload = found.get("responsePayload")
    result = _mapping(_object(payload) if isinstance(payload, str) else payload)
    parts = (answer.get("functionError") or context.get("condition"), result.get("errorMessage"))
    reason = ": ".join(filter(None, map(_text, parts)))
    return _letter(event, "", function, reason)


def _letter(event: Mapping[str, Any], bus: str, place: str, reason: str) -> Letter:
    missing = [name for name in ("id", "source", "type") if not event.get(name)]
    if missing:
        raise Unreadable(f"it has no {', '.join(missing)}, so it is not a CloudEvent")
    bus = _text(event.get("aliyuneventbusname")) or bus
    if not bus:
        raise Unreadable("it does not say on which bus it was")
    detail = _detail(_mapping(event.get("data")))
    return Letter(
        event={
            **{name: event[name] for name in _ATTRIBUTES if name in event},
            "aliyuneventbusname": bus,
        },
        bus=bus,
        place=place,
        reason=reason,
        employee=_text(detail.get("emp_id")),
        request=_text(detail.get("request_id")),
    )


def _detail(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of an event that names a request: of a result, or of what was posted."""
    if isinstance(data.get("detail"), dict):
        return _mapping(data["detail"])
    return _mapping((body.read(data.get("body")) or {}).get("detail"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Return a text on one line: what a sender wrote must not write to somebody's terminal."""
    if not isinstance(value, str):
        return ""
    shown = "".join(c if c.isprintable() else " " for c in value[: _LONGEST + 1])
    return shown[:_LONGEST] + "…" if len(shown) > _LONGEST else shown


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
