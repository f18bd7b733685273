"""Events as they are accepted: checked, completed with the cloud's attributes, written once.

Limits: "PutEvents" (64 KB an event, 16 events and 256 KB a request) and "Limits" (lengths of
attributes). The page "Limits" of 2026 says 256 KB an event and 1 MB a request; the smaller numbers
are kept here, because what they allow passes either way.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from math import isfinite
from typing import Any

from localcloud.eventbridge.errors import EventInvalidError, EventSizeExceedError
from localcloud.eventbridge.matching.json_text import dump, parse

EVENT_BYTES = 64 * 1024
REQUEST_BYTES = 256 * 1024
REQUEST_EVENTS = 16

_LENGTHS = {"id": 128, "source": 128, "type": 64, "subject": 512, "time": 64}
_INVALID = {
    "id": "IdEmpty",
    "source": "SourceInvalid",
    "type": "TypeInvalid",
    "subject": "SubjectInvalid",
    "time": "TimeInvalid",
}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_DOUBLE_BITS = 1023
_SPECVERSIONS = ("1.0", "0.3")
_BEIJING = timezone(timedelta(hours=8))
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def render(event: Mapping[str, Any], limit: int = EVENT_BYTES) -> tuple[Mapping[str, Any], str]:
    """Write an event as JSON, once; give it back with its text.

    Raises:
        EventSizeExceedError: when it is larger than an event may be.
        EventInvalidError: when it is nested too deeply to be written, or holds a number that no
            double holds and that readers could not tell from another one.
    """
    try:
        # The fast encoder would write numbers in Python's way instead of the engine's.
        text = dump(event) if _needs_engine_text(event) else _encode(event)
    except RecursionError:
        raise EventInvalidError("Invalid", "the event is nested too deeply") from None
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        # Half of a surrogate pair has no UTF-8; Java writes a question mark for it.
        text = text.encode("utf-8", "replace").decode()
        size = len(text.encode())
        event = parse(text)
    if size > limit:
        raise EventSizeExceedError(size, limit)
    return event, text


def check(
    entry: Mapping[str, Any], *, specversion: str | None = None, any_id: bool = False
) -> dict[str, Any]:
    """Check the attributes of an event that a client sends; give it with lower-case names.

    ``specversion`` is what it has when the client does not say; nothing: the client must.
    ``any_id``: an id may hold other characters than those of "Limits".

    Raises:
        EventInvalidError: naming the attribute that is wrong.
    """
    event = {name.lower(): value for name, value in entry.items() if value is not None}
    for name in ("id", "source", "type"):
        if not event.get(name):
            raise EventInvalidError(_INVALID[name], f"the event has no {name}")
    for name, longest in _LENGTHS.items():
        value = event.get(name, "")
        if not isinstance(value, str) or len(value) > longest:
            raise EventInvalidError(
                _INVALID[name], f"the event's {name} is not a text of at most {longest} characters"
            )
    # guess: that "Limits" is enforced, and with which code; the engine only asks for an id.
    if not any_id and not _ID.fullmatch(event["id"]):
        raise EventInvalidError(
            "IdInvalid", "the event's id holds more than letters, digits and hyphens"
        )
    if any(c.isspace() for c in event["source"]):
        raise EventInvalidError("SourceInvalid", "the event's source has a blank in it")
    event.setdefault("specversion", specversion)
    if event["specversion"] not in _SPECVERSIONS:
        raise EventInvalidError(
            "SpecversionInvalid",
            f"the event's specversion is '{event['specversion']}'; accepted is 1.0 or 0.3",
        )
    if "time" in event:
        try:
            datetime.fromisoformat(event["time"])
        except ValueError:
            raise EventInvalidError(
                "TimeInvalid", f"the event's time '{event['time']}' is not an RFC 3339 time"
            ) from None
    if "data_base64" in event:
        event["data"] = _decoded(event.pop("data_base64"), event.get("datacontenttype", ""))
    return event


def complete(
    event: Mapping[str, Any], *, bus: str, region: str, account: str, now: float, address: str
) -> dict[str, Any]:
    """Add what EventBridge adds to every event that it accepts."""
    published = utc(now)
    return {
        "datacontenttype": "application/json;charset=utf-8",
        "time": published,
        **event,
        "aliyunaccountid": account,
        "aliyunpublishtime": published,
        "aliyuneventbusname": bus,
        "aliyunregionid": region,
        "aliyunpublishaddr": address,
    }


def utc(seconds: float) -> str:
    """Write a time with milliseconds, as EventBridge does in ``aliyunpublishtime``."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{_second(whole, UTC)}.{milliseconds:03d}Z"


def beijing(seconds: float) -> str:
    """Write a time with milliseconds and the offset of China, as HTTP sources do in ``time``."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{_second(whole, _BEIJING)}.{milliseconds:03d}+08:00"


@lru_cache(maxsize=16)
def _second(seconds: int, zone: timezone) -> str:
    # Thousands of events fall into the same second; formatting it costs more than the rest of one.
    return datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%dT%H:%M:%S")


def _decoded(encoded: object, content_type: str) -> Any:
    try:
        data = base64.b64decode(str(encoded), validate=True)
    except binascii.Error:
        raise EventInvalidError("Invalid", "the event's data_base64 is not base64") from None
    text = data.decode("utf-8", "replace")
    if "json" not in content_type:
        return text
    # The official SDK sends JSON this way whenever the content type names a charset.
    try:
        return parse(text)
    except ValueError:
        return text


def _needs_engine_text(event: Mapping[str, Any]) -> bool:
    found = False
    values: list[Any] = list(event.values())
    while values:
        value = values.pop()
        kind = type(value)
        if kind is dict:
            values += value.values()
        elif kind is list:
            values += value
        elif kind is not str and isinstance(value, float):
            found = True
            if not isfinite(value):
                raise _too_large()
        elif kind is int and value.bit_length() > _DOUBLE_BITS:
            raise _too_large()
    return found


def _too_large() -> EventInvalidError:
    # guess: the HTTP sources' parser knows only doubles; what PutEvents does is not documented.
    return EventInvalidError("Invalid", "the event holds a number that no double holds")
