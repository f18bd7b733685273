"""Looks for what a request left behind on its way back: its result, its message, dead letters."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

from functions.report.outcome import RESULT_SOURCE

_POLL_SECONDS = 1.0
_CLOCKS_SECONDS = 60.0
"""How far the clocks of this machine and of Log Service may differ."""
_LOOKS_SECONDS = 3600.0
_Found = TypeVar("_Found")


class Stores(Protocol):
    """What is needed from Log Service."""

    def search(self, store: str, query: str, since: float) -> list[dict[str, str]]:
        """Return the entries that match a query and were written since then."""
        ...


class Row(NamedTuple):
    """One thing that was looked for."""

    proved: bool | None
    """None if it cannot be looked at here."""
    what: str
    evidence: str

    def __str__(self) -> str:
        """Return the row as it is printed."""
        sign = {True: "proved", False: "FAILED", None: "not proved"}[self.proved]
        return f"  {sign:<10}  {self.what}: {self.evidence}"


class Evidence:
    """The log stores of a stack, from the beginning of a smoke test on."""

    def __init__(
        self,
        stores: Stores,
        since: float,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], object],
        limit_seconds: float,
    ) -> None:
        self._stores = stores
        self._since = since - _CLOCKS_SECONDS
        self._now = now
        self._sleep = sleep
        self._limit = limit_seconds

    def result(self, request_id: str) -> dict[str, Any] | None:
        """Return the result event of a request as the archive has it; None if none comes."""
        return self._wait(lambda: self._result(request_id))

    def sent(self, event_id: str) -> dict[str, Any] | None:
        """Return the line in which post-to-chat says that a chat took a result; None if none."""
        return self._wait(lambda: self._sent(event_id))

    def last_look(self, source: str) -> dict[str, Any] | None:
        """Return the line of receive-approval's last look for a source's lost pushes.

        None if there was none within the last hour, in which there should be two.
        """
        since = self._since - _LOOKS_SECONDS
        for entry in self._stores.search(
            "functions", f'"{source}" and ("looked" or "not-looked")', since
        ):
            line = _object(entry.get("message", ""))
            is_look = line.get("decision") in {"looked", "not-looked"}
            if is_look and line.get("source") == source:
                return line
        return None

    def _result(self, request_id: str) -> dict[str, Any] | None:
        for entry in self._stores.search("events", f'"{request_id}"', self._since):
            event = _object(entry.get("content", ""))
            if event.get("source") == RESULT_SOURCE:
                detail = _mapping(_mapping(event.get("data")).get("detail"))
                if detail.get("request_id") == request_id:
                    return event
        return None

    def _sent(self, event_id: str) -> dict[str, Any] | None:
        for entry in self._stores.search("functions", f'"{event_id}"', self._since):
            line = _object(entry.get("message", ""))
            named = f"{line.get('ids', '')} {line.get('event_id', '')}".split()
            if line.get("decision") == "sent" and event_id in named:
                return line
        return None

    def _wait(self, look: Callable[[], _Found | None]) -> _Found | None:
        end = self._now() + self._limit
        while (found := look()) is None and self._now() < end:
            self._sleep(_POLL_SECONDS)
        return found


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
