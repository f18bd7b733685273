"""Hands what was posted to the company's API."""

from collections.abc import Callable

from functions.call_http_api.decide import (
    ApiBusyError,
    Outgoing,
    Settings,
    check,
    distrust,
    members,
    outgoing,
)
from functions.cloud.errors import UnreachableError
from functions.cloud.log import decision
from functions.cloud.web import Send
from functions.request import events
from functions.request.events import Event

FUNCTION = "call-http-api"


def serve(
    payload: bytes | str, settings: Settings, transport: Send, put: Callable[[str], None]
) -> str:
    """Deliver the body of an event, once for each new member; it is never logged.

    An event with several members becomes one event for each, with a time limit, repeats and a dead
    letter of its own. What comes from a sender that is not trusted, or is about no new member, is
    dropped: a retry would not change it.

    Args:
        payload: the event, or a timer's.
        settings: which API is called, and how.
        transport: sends the request.
        put: takes an event that is to be served after this one.

    Raises:
        ApiBusyError: if the API may take it later.
        PermanentError: if it will not, or if there is nothing to deliver.
    """
    if events.is_timer(payload):
        return decision(FUNCTION, "timer")
    event = events.read(payload)
    ids = {"event_id": event.id, "source": event.source}
    if reason := distrust(event, settings.tokens, settings.approvals):
        return decision(FUNCTION, "untrusted", **ids, reason=reason)
    if several := members(payload):
        for one in several:
            put(one)
        return decision(FUNCTION, "divided", **ids, members=len(several))
    ready = outgoing(event, settings.headers)
    if ready is None:
        return decision(FUNCTION, "no-new-member", **ids)
    return decision(FUNCTION, "delivered", **ids, status=_send(event, ready, settings, transport))


def _send(event: Event, ready: Outgoing, settings: Settings, transport: Send) -> int:
    """Send one request and return the status with which the API took it."""
    try:
        answer = transport(
            settings.method, settings.endpoint, ready.headers, ready.body, settings.timeout_seconds
        )
    except UnreachableError as error:
        raise ApiBusyError(f"event {event.id}: {error}", error.code) from None
    check(event, answer.status)
    return answer.status
