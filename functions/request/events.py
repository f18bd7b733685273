"""The events that functions are called with."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from functions.cloud.errors import PermanentError

LARGEST_BYTES = 32 * 1024
"""What the body of a message holds in base64 (64 KB) together with the reason of a dead letter."""
_LONGEST_ID = 128
_MESSAGE = "mns:Queue:SendMessage"


class Event(NamedTuple):
    """A CloudEvent, complete as EventBridge hands it over."""

    id: str
    source: str
    type: str
    times: tuple[str, ...]
    """When it happened and when the bus took it, whichever of them is given."""
    data: Mapping[str, Any]
    bus: str = ""
    """The bus that took it, which no sender can choose; empty if it came over none."""
    size: int = 0
    """How many bytes it has, as it was handed over."""

    def get(self, *path: str) -> Any:
        """Return the value at a path of ``data``, or None where the path ends early."""
        value: Any = self.data
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value


def read(payload: bytes | str) -> Event:
    """Read the event that a function was called with.

    Raises:
        PermanentError: if it is not a CloudEvent in JSON.
    """
    try:
        given = json.loads(payload)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise PermanentError(
            "the function was called with something that is not an event", "NoEvent"
        )
    data = given.get("data")
    return Event(
        id=_safe_id(given.get("id"), payload),
        source=_text(given.get("source")),
        type=_text(given.get("type")),
        times=tuple(t for n in ("time", "aliyunpublishtime") if (t := _text(given.get(n)))),
        data=data if isinstance(data, dict) else {},
        bus=_text(given.get("aliyuneventbusname")),
        size=len(payload if isinstance(payload, bytes) else payload.encode("utf-8", "replace")),
    )


def is_timer(payload: bytes | str) -> bool:
    """Return whether a timer of Function Compute called ("Time triggers"), and not a rule."""
    try:
        given = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return isinstance(given, dict) and "triggerName" in given and "source" not in given


def is_wake(payload: bytes | str) -> bool:
    """Return whether a stream called ("SMQ queue triggers"), or somebody who says so.

    What is in the messages is in the function's own queue as well, so neither their form matters
    nor whether they come one by one or in a list, as objects or as texts.
    """
    try:
        given = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    if isinstance(given, list):
        return True
    return isinstance(given, dict) and (given.get("type") == _MESSAGE or set(given) == {"wake"})


def derived_id(payload: bytes | str) -> str:
    """Return the same id for the same text, for events that have no usable id of their own."""
    raw = payload if isinstance(payload, bytes) else payload.encode("utf-8", "replace")
    return f"sha256-{sha256(raw).hexdigest()[:40]}"


def _safe_id(value: object, payload: bytes | str) -> str:
    """Return an id that a tag, a header and an event id can hold."""
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isascii():
        if value.isprintable() and " " not in value and "://" not in value:
            return value
        return derived_id(value)
    return derived_id(value if isinstance(value, str) and value else payload)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
