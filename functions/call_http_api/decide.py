"""Decides what to send to the company's API and what its answer means; pure."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.cloud import web
from functions.cloud.errors import PermanentError, SettingError, TemporaryError
from functions.request import body, environment, token
from functions.request.events import Event

METHODS = ("POST", "PUT", "PATCH")
_OURS = {"content-length", "content-type", "host", "idempotency-key", "transfer-encoding"}
_NEW_MEMBER = "user_add_org"
_MEMBERS = ("userId", "UserId")
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
    tokens: Mapping[str, str]
    """Source -> the secret that its senders must show; empty if none is asked for."""

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
    seconds = environment.number(environ, "TIMEOUT_SECONDS", 1, 600)
    return Settings(endpoint, method, headers, seconds, token.read(environ))


def distrust(event: Event, tokens: Mapping[str, str]) -> str:
    """Return why a sender is not trusted; empty if it is, or if no secret is asked for."""
    if not tokens:
        return ""
    expected = tokens.get(event.source, "")
    return token.problem(event, expected) if expected else "unknown-source"


def outgoing(event: Event, headers: Mapping[str, str]) -> list[Outgoing]:
    """Return the requests for an event: one for each new member, none for any other event.

    What was posted goes on as JSON, with a key for repeats. DingTalk's own event names its members
    in a list (``user_add_org``); each of them is a request of its own, with a list of one.

    Raises:
        PermanentError: if the posted body is not a JSON object.
    """
    posted = body.read(event.get("body"))
    if posted is None:
        raise PermanentError(f"event {event.id}: the posted body is not a JSON object", "NoBody")
    # An encrypted event can only be read by whoever has the key of the app that it was pushed to.
    if "encrypt" in posted or posted.get("EventType", _NEW_MEMBER) != _NEW_MEMBER:
        return []
    field = next((name for name in _MEMBERS if isinstance(posted.get(name), list)), None)
    if field is None:
        return [_outgoing(posted, headers, event.id)]
    members = list(dict.fromkeys(map(str, posted[field])))
    if len(members) == 1:
        return [_outgoing(posted, headers, event.id)]
    return [
        _outgoing({**posted, field: [member]}, headers, f"{event.id}-{number}")
        for number, member in enumerate(members, 1)
    ]


def _outgoing(posted: Mapping[str, Any], headers: Mapping[str, str], key: str) -> Outgoing:
    text = json.dumps(posted, ensure_ascii=False, separators=(",", ":"))
    return Outgoing(
        {
            **headers,
            "content-type": "application/json; charset=utf-8",
            # The API can drop a second delivery by it: EventBridge delivers at least once.
            "idempotency-key": web.header_value(key),
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
