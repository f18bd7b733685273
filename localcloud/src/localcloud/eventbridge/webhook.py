"""The webhook of an HTTP event source: ``/webhook/putEvents?token=...``.

What a posted request becomes is documented in "Create an HTTP/HTTPS event source"; the details are
those of the open-source engine's HttpEventConverter.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from math import isfinite
from typing import Any

from localcloud import strict_json
from localcloud.environment import uuid_form
from localcloud.errors import ApiError
from localcloud.eventbridge.errors import EventBridgeError
from localcloud.eventbridge.events import beijing
from localcloud.eventbridge.resources import Source
from localcloud.eventbridge.service import EventBridge
from localcloud.http import HttpRequest, HttpResponse

PATH = "/webhook/putEvents"
TYPE = "eventbridge:Events:HTTPEvent"
"""Of every event that a webhook took."""
_DISCARDED = {"authorization", "cookie", "proxy-authorization"}
_JSON = {"content-type": "application/json;charset=utf-8"}
# A body that cannot fit into an event is not even parsed.
_BODY_BYTES = 256 * 1024
# guess: how deep a body may be nested is not documented; this is the usual parser's limit in Java.
_DEPTH = 1000


async def handle(eventbridge: EventBridge, request: HttpRequest) -> HttpResponse:
    """Accept a request as an event; the answer comes when the event is on the disk."""
    request_id = uuid_form(eventbridge.ids())
    try:
        event = _accept(eventbridge, request)
    except ApiError as error:
        return _answer(
            error.status,
            {"RequestId": request_id, "Code": error.code, "Message": error.message},
        )
    await eventbridge.store.flush(patient=False)
    # guess: the answer is not documented; the engine's is that of PutEvents.
    entry = {"EventId": event["id"], "TraceId": request_id.replace("-", "")}
    return _answer(
        200,
        {
            "RequestId": request_id,
            "Code": "Success",
            "Message": "success",
            "FailedEntryCount": 0,
            "EntryList": [entry],
        },
    )


def _accept(eventbridge: EventBridge, request: HttpRequest) -> Mapping[str, Any]:
    if request.path != PATH:
        raise ApiError("InvalidRequestURL", f"there is no '{request.path}' here", 404)
    source = eventbridge.source_with_token(request.query.get("token", ""))
    parameters = source.parameters if source else None
    if source is None or parameters is None:
        # guess: the engine does not say what becomes of an unknown token.
        raise ApiError("AccessDenied", "no event source has this token", 403)
    # A source of type HTTPS is served over plain HTTP too: the local cloud has no other port.
    parameters.admit(request.method, request.source_ip, request.headers.get("referer", ""))
    return eventbridge.publish(
        source.bus, _event(eventbridge, source, request), address=request.source_ip
    )


def _event(eventbridge: EventBridge, source: Source, request: HttpRequest) -> dict[str, Any]:
    query = {name: value for name, value in request.query.items() if name != "token"}
    return {
        # The sender cannot choose it: a repeated request is another event.
        "id": uuid_form(eventbridge.ids()).lower(),
        "source": source.name,
        "type": TYPE,
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "subject": eventbridge.source_arn(source.bus, source.name),
        "time": beijing(eventbridge.clock.now()),
        "data": {
            "headers": _headers(request.headers, eventbridge.settings.readings.custom_headers),
            "path": request.path,
            "httpMethod": request.method,
            "queryString": query,
            "body": _body(request),
        },
    }


def _headers(headers: Mapping[str, str], custom: str) -> dict[str, str]:
    # guess: the documentation's sample has header names with capitals, as most clients send them.
    return {
        _capitalized(name): value
        for name, value in headers.items()
        if name not in _DISCARDED and not (custom == "dropped" and name.startswith("x-"))
    }


@lru_cache(maxsize=256)
def _capitalized(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _body(request: HttpRequest) -> Any:
    if len(request.body) > _BODY_BYTES:
        raise EventBridgeError(
            "EventSizeExceed", f"the request's body has {len(request.body)} bytes"
        )
    text = request.body.decode("utf-8", "replace")
    if "application/json" not in request.headers.get("content-type", "").lower():
        return text
    try:
        body = json.loads(text, parse_int=_double, parse_float=_double, parse_constant=_double)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or strict_json.is_deeper(body, _DEPTH):
        raise EventBridgeError(
            "JsonAttributeInvalid",
            "the content type is application/json, but the body is not a JSON object",
        )
    return body


def _double(text: str) -> float:
    """Read a number as the engine does, which knows only doubles."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text[:20]} is not a number that a double can hold")
    return number


def _answer(status: int, body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(status, strict_json.write(body).encode(), _JSON)
