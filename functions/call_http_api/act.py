"""Hands what was posted to the company's API."""

from functions.call_http_api.decide import (
    ApiBusyError,
    Outgoing,
    Settings,
    check,
    distrust,
    outgoing,
)
from functions.cloud.errors import UnreachableError
from functions.cloud.log import decision
from functions.cloud.web import Send
from functions.request import events
from functions.request.events import Event

FUNCTION = "call-http-api"


def serve(payload: bytes | str, settings: Settings, transport: Send) -> str:
    """Deliver the body of an event, once for each new member; it is never logged.

    If one of several fails, all are delivered again, with the same keys. What comes from a sender
    that is not trusted, or is about no new member, is dropped: a retry would not change it.

    Raises:
        ApiBusyError: if the API may take it later.
        PermanentError: if it will not, or if there is nothing to deliver.
    """
    event = events.read(payload)
    ids = {"event_id": event.id, "source": event.source}
    if reason := distrust(event, settings.tokens):
        return decision(FUNCTION, "untrusted", **ids, reason=reason)
    requests = outgoing(event, settings.headers)
    if not requests:
        return decision(FUNCTION, "no-new-member", **ids)
    return "\n".join(
        decision(FUNCTION, "delivered", **ids, status=_send(event, ready, settings, transport))
        for ready in requests
    )


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
