"""Calls a platform's API with the app's own token, which is kept until shortly before its end."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from functions.cloud.errors import PermanentError, TemporaryError, UnreachableError
from functions.cloud.web import Answer, Send
from functions.receive_approval.approval import Approval

_SECONDS = 5.0
_EARLY_SECONDS = 300.0
"""How long before its end a token is not used any more."""
_TEMPORARY_STATUS = {408, 425, 429}


class PlatformBusyError(TemporaryError):
    """The platform limits calls, fails, or does not answer."""


class PlatformRefusedError(PermanentError):
    """The platform refuses a call for good: a permission is missing, or the app's secret wrong."""


class AbsentError(PermanentError):
    """The platform knows no such person."""


class BudgetSpent(Exception):
    """A look for lost pushes has made as many calls as it may; the next one goes on."""


class Person(NamedTuple):
    """A member, as far as the app may see it."""

    id: str
    name: str
    facts: Mapping[str, Any]
    """What a company's own API is told of a new member."""


class Platform(Protocol):
    """What this function needs of a platform."""

    def approval(self, instance: str, definition: str, *, listed: bool = False) -> Approval:
        """Return an instance; its definition is empty if it is not of the one that is named.

        ``listed``: the platform itself named it as one of the definition.
        """
        ...

    def started(self, definition: str, since: float, until: float) -> Iterable[str]:
        """Yield the instances of a definition that were started in a span of time."""
        ...

    def person(self, person_id: str) -> Person:
        """Return a member, or raise :class:`AbsentError`."""
        ...

    def has_left(self, person_id: str) -> bool:
        """Return whether the platform says that somebody is no member any more."""
        ...


class Token(NamedTuple):
    """An app's token and when it must not be used any more."""

    text: str
    until: float


class Caller:
    """Makes calls for one app.

    Args:
        name: the source, for errors.
        transport: sends a request.
        now: seconds since 1970.
        tokens: tokens by source; lives as long as the instance of the function.
        calls: how many calls may be made; None if nobody counts.
    """

    def __init__(
        self,
        name: str,
        transport: Send,
        now: Callable[[], float],
        tokens: dict[str, Token],
        calls: int | None = None,
    ) -> None:
        self._name = name
        self._transport = transport
        self._now = now
        self._tokens = tokens
        self._left = calls

    def token(self, fetch: Callable[[], tuple[str, float]]) -> str:
        """Return the token, fetched anew shortly before its end."""
        found = self._tokens.get(self._name)
        if found is None or self._now() >= found.until:
            text, seconds = fetch()
            found = Token(text, self._now() + max(60.0, seconds - _EARLY_SECONDS))
            self._tokens[self._name] = found
        return found.text

    def forget_token(self) -> None:
        """Fetch a new token before the next call."""
        self._tokens.pop(self._name, None)

    def call(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON object of an answer.

        Raises:
            BudgetSpent: if no call is left.
            PlatformBusyError: if there is no answer, or none that counts.
        """
        if self._left is not None:
            if self._left <= 0:
                raise BudgetSpent
            self._left -= 1
        if query:
            url = f"{url}?{urlencode(query)}"
        content = json.dumps(body, ensure_ascii=False).encode() if body is not None else b""
        sent = {"accept": "application/json", "content-type": "application/json", **(headers or {})}
        try:
            answer = self._transport(method, url, sent, content, _SECONDS)
        except UnreachableError as error:
            raise PlatformBusyError(f"{self._name}: {error}", error.code) from None
        if answer.status >= 500 or answer.status in _TEMPORARY_STATUS:
            raise self.busy(f"Http{answer.status}")
        return answer.status, self._object(answer)

    def busy(self, code: str) -> PlatformBusyError:
        """Return that the platform may answer later."""
        return PlatformBusyError(f"the platform of {self._name} answers {code}", code)

    def refused(self, code: str) -> PlatformRefusedError:
        """Return that the platform will not answer; its own words may quote what was sent."""
        return PlatformRefusedError(f"the platform of {self._name} refuses with {code}", code)

    def _object(self, answer: Answer) -> dict[str, Any]:
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self.busy("NotJson")
        return found


def segment(text: str) -> str:
    """Return an id as a part of a path."""
    return quote(text, safe="")


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object, empty if a value is none."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> Sequence[Mapping[str, Any]]:
    """Return the objects of a list."""
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a text, empty if a value is none."""
    return value if isinstance(value, str) else ""
