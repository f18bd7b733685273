"""Writes dead letters by a function's own hand, in the form that replays read."""

import json


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
    return json.dumps(
        {"reason": reason, "event": content}, ensure_ascii=False, separators=(",", ":")
    )
