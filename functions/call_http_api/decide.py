"""Decides what to send to the company's API and what its answer means; pure."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.cloud import web
from functions.cloud.errors import PermanentError, SettingError, TemporaryError
from functions.request import body, environment, events, token
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
    approvals: str = ""
    """The bus of native approvals, to which one function alone may write; empty without them."""

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
    approvals = environ.get("APPROVALS_BUS", "")
    return Settings(endpoint, method, headers, seconds, token.read(environ), approvals)


def distrust(event: Event, tokens: Mapping[str, str], approvals: str = "") -> str:
    """Return why a sender is not trusted; empty if it is, or if no secret is asked for.

    What comes over the bus of approvals was confirmed by its platform.
    """
    if not tokens or (approvals and event.bus == approvals):
        return ""
    expected = tokens.get(event.source, "")
    return token.problem(event, expected) if expected else "unknown-source"


def members(payload: bytes | str) -> list[str]:
    """Return an event for each member, if an event names several; else nothing.

    DingTalk's own event has them in a list (``user_add_org``); in each of the events it has one
    entry, and their ids are the event's with a number.
    """
    event = events.read(payload)
    posted = body.read(event.get("body"))
    field = _list_of_members(posted) if posted and _is_new_member(posted) else None
    if posted is None or field is None:
        return []
    names = list(dict.fromkeys(map(str, posted[field])))
    if len(names) < 2:
        return []
    given = json.loads(payload)
    return [
        json.dumps(
            {
                **given,
                "id": f"{event.id}-{number}",
                "data": {**event.data, "body": {**posted, field: [name]}},
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for number, name in enumerate(names, 1)
    ]


def outgoing(event: Event, headers: Mapping[str, str]) -> Outgoing | None:
    """Return the request for an event of one new member; None for any other event.

    What was posted goes on as JSON, with a key for repeats.

    Raises:
        PermanentError: if the posted body is not a JSON object.
    """
    posted = body.read(event.get("body"))
    if posted is None:
        raise PermanentError(f"event {event.id}: the posted body is not a JSON object", "NoBody")
    if not _is_new_member(posted):
        return None
    field = _list_of_members(posted)
    once = {field: list(dict.fromkeys(map(str, posted[field])))} if field else {}
    text = json.dumps({**posted, **once}, ensure_ascii=False, separators=(",", ":"))
    return Outgoing(
        {
            **headers,
            "content-type": "application/json; charset=utf-8",
            # The API can drop a second delivery by it: EventBridge delivers at least once.
            "idempotency-key": web.header_value(event.id),
        },
        text.encode("utf-8", "replace"),
    )


def _is_new_member(posted: Mapping[str, Any]) -> bool:
    # An encrypted event can only be read by whoever has the key of the app that it was pushed to.
    return "encrypt" not in posted and posted.get("EventType", _NEW_MEMBER) == _NEW_MEMBER


def _list_of_members(posted: Mapping[str, Any]) -> str | None:
    return next((name for name in _MEMBERS if isinstance(posted.get(name), list)), None)


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
