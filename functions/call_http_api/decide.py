"""Decides what to send to the company's API and what its answer means; pure."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from functions.cloud import web
from functions.cloud.errors import PermanentError, SettingError, TemporaryError
from functions.request import body, environment
from functions.request.events import Event

METHODS = ("POST", "PUT", "PATCH")
_OURS = {"content-length", "content-type", "host", "idempotency-key", "transfer-encoding"}
_TEMPORARY = {408, 425, 429}


class ApiBusyError(TemporaryError):
    """The company's API takes nothing right now, or is out of reach."""


class ApiRejectedError(PermanentError):
    """The company's API refused the request, or moved it elsewhere."""


class Settings(NamedTuple):
    """Which API is called, and how."""

    endpoint: str
    method: str
    headers: Mapping[str, str]
    timeout_seconds: float

    def __repr__(self) -> str:
        """Return nothing of the values: the headers are secret, and so may be the URL."""
        return "Settings(...)"


class Outgoing(NamedTuple):
    """A request that is ready to be sent."""

    headers: Mapping[str, str]
    body: bytes


def settings(environ: Mapping[str, str]) -> Settings:
    """Read the environment.

    Raises:
        SettingError: with the variable's name.
    """
    endpoint = environment.text(environ, "ENDPOINT")
    try:
        web.check_url(endpoint)
    except PermanentError as error:
        raise SettingError("ENDPOINT", str(error)) from None
    method = environment.text(environ, "METHOD", "POST").upper()
    if method not in METHODS:
        raise SettingError("METHOD", f"must be one of: {', '.join(METHODS)}")
    headers = environment.json_object(environ, "HEADERS", "{}")
    for name, value in headers.items():
        if not isinstance(value, str) or not f"{name}{value}".isascii():
            raise SettingError("HEADERS", f"the value of {name!r} must be an ASCII string")
        if not f"{name}{value}".isprintable() or not name or set(name) & set(" :"):
            raise SettingError(
                "HEADERS", f"{name!r} or its value contains characters that HTTP forbids"
            )
        if name.lower() in _OURS:
            raise SettingError("HEADERS", f"{name} is set by the function itself")
    return Settings(
        endpoint, method, headers, environment.number(environ, "TIMEOUT_SECONDS", 1, 600)
    )


def outgoing(event: Event, headers: Mapping[str, str]) -> Outgoing:
    """Return the request for an event: what was posted, as JSON, and a key for repeats.

    Raises:
        PermanentError: if the posted body is not a JSON object.
    """
    posted = body.read(event.get("body"))
    if posted is None:
        raise PermanentError(f"event {event.id}: the posted body is not a JSON object", "NoBody")
    text = json.dumps(posted, ensure_ascii=False, separators=(",", ":"))
    return Outgoing(
        {
            **headers,
            "content-type": "application/json; charset=utf-8",
            # The API can drop a second delivery by it: EventBridge delivers at least once.
            "idempotency-key": web.header_value(event.id),
        },
        text.encode("utf-8", "replace"),
    )


def check(event: Event, status: int) -> None:
    """Raise unless the API took it.

    A refusal is raised as well: the retries are in vain, but then it waits in the dead-letter
    queue, where somebody finds it; returning would lose a new member without a trace.
    """
    if 200 <= status < 300:
        return
    if status >= 500 or status in _TEMPORARY:
        raise ApiBusyError(f"event {event.id}: the API answered {status}", f"Http{status}")
    if 300 <= status < 400:
        raise ApiRejectedError(
            f"event {event.id}: the API answered {status}, and redirects are not followed;"
            " set ENDPOINT to the final address",
            f"Http{status}",
        )
    raise ApiRejectedError(f"event {event.id}: the API answered {status}", f"Http{status}")
