"""Writes dead letters by a function's own hand, in the form that replays read."""

import json

from functions.cloud.smq import LARGEST_BODY_BYTES

_ATTRIBUTES = ("id", "source", "type", "time", "aliyuneventbusname")
_LONGEST = 256


def letter(event: str, bus: str, *, function: str, code: str, message: str) -> str:
    """Return the body of a dead letter: the event as it was, and why it lies there.

    Args:
        event: the event, or whatever else could not be handled, as text.
        bus: the event's bus, for an event that does not name it.
        function: which function gave up.
        code: the code with which it was refused.
        message: the refusal in its author's own words.
    """
    reason = {
        "eventBusName": bus,
        "targetType": function,
        "errorCode": code,
        "errorMessage": message,
    }
    try:
        content = json.loads(event)
    except (ValueError, RecursionError):
        content = event
    body = _text(reason, content)
    if len(body.encode("utf-8", "replace")) > LARGEST_BODY_BYTES:
        # Better what it was and why than nothing at all.
        known = content if isinstance(content, dict) else {}
        kept = {name: str(known[name])[:_LONGEST] for name in _ATTRIBUTES if name in known}
        body = _text({**reason, "errorMessage": f"{message} (the event is too large)"}, kept)
    return body


def _text(reason: object, event: object) -> str:
    return json.dumps({"reason": reason, "event": event}, ensure_ascii=False, separators=(",", ":"))
