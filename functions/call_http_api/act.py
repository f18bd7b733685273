"""Hands what was posted to the company's API."""

from functions.call_http_api.decide import ApiBusyError, Settings, check, outgoing
from functions.cloud.errors import UnreachableError
from functions.cloud.log import decision
from functions.cloud.web import Send
from functions.request import events

FUNCTION = "call-http-api"


def serve(payload: bytes | str, settings: Settings, transport: Send) -> str:
    """Deliver the body of an event; neither it nor the API's answer is logged.

    Raises:
        ApiBusyError: if the API may take it later.
        PermanentError: if it will not, or if there is nothing to deliver.
    """
    event = events.read(payload)
    ready = outgoing(event, settings.headers)
    try:
        answer = transport(
            settings.method, settings.endpoint, ready.headers, ready.body, settings.timeout_seconds
        )
    except UnreachableError as error:
        raise ApiBusyError(f"event {event.id}: {error}", error.code) from None
    check(event, answer.status)
    return decision(
        FUNCTION, "delivered", event_id=event.id, source=event.source, status=answer.status
    )
