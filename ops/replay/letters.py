"""Reads dead letters: which event a message holds, where it belongs, and why it lies there."""

import base64
import binascii
import json
from typing import Any, NamedTuple

_ATTRIBUTES = ("id", "source", "specversion", "type", "datacontenttype", "subject", "time", "data")


class Unreadable(Exception):
    """A message holds no event that could be published."""


class Letter(NamedTuple):
    """An undeliverable event."""

    event: dict[str, Any]
    """As it is published again: without what the bus itself adds."""
    bus: str
    rule: str
    """Whose target did not take it; empty if the message does not say."""
    error: str

    def __str__(self) -> str:
        """Return which event it is; its content may hold a secret header and is not shown."""
        event = self.event
        return (
            f"{event['id']}  {event.get('time', '?')}  {event['source']}  {event['type']}  "
            f"bus {self.bus}  rule {self.rule or '?'}  {self.error or '?'}"
        )


def read(text: str) -> Letter:
    """Read a message's body: an event, bare or under ``event``, as it is or in base64.

    Raises:
        Unreadable: if it is none of these.
    """
    # guess: how EventBridge writes a dead letter is not documented, so all likely forms are taken.
    found = _object(text) or _object(_decoded(text))
    if found is None:
        raise Unreadable("it is neither JSON nor base64 of JSON")
    inner = found.get("event")
    event = _object(inner) if isinstance(inner, str) else inner
    if not isinstance(event, dict):
        event = found
    missing = [name for name in ("id", "source", "type") if not event.get(name)]
    if missing:
        raise Unreadable(f"it has no {', '.join(missing)}, so it is not a CloudEvent")
    reason = found.get("reason")
    why = reason if isinstance(reason, dict) else {}
    bus = event.get("aliyuneventbusname") or why.get("eventBusName")
    if not bus:
        raise Unreadable("it does not say on which bus it was")
    return Letter(
        event={
            **{name: event[name] for name in _ATTRIBUTES if name in event},
            "aliyuneventbusname": bus,
        },
        bus=str(bus),
        rule=str(why.get("ruleName", "")),
        error=str(why.get("errorCode", "")),
    )


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
