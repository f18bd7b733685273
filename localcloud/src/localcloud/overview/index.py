"""Which events, runs and messages belong to one request.

A request begins with an event or a run that names nothing known. What comes later belongs to it if

- it has the id of one of the request's events: a replay, or another target's copy;
- it was made inside the cloud and names an event or an invocation of the request in one of its
  texts, as ``TaskCompleted`` names the invocation;
- it has the same value of a label that ``joins: requests``;
- it is a chat's message that names one of these ids, or the value of a label that
  ``joins: messages``.

What a webhook took never belongs to a request because of an id that its sender wrote.

The index is in memory. It reads on from where it was whenever somebody looks, some hundred rows at
a time so that nothing else waits for it; a restart reads it anew.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple, Protocol

from localcloud import labels
from localcloud.ecs.invocations import Invocation
from localcloud.environment import iso_utc
from localcloud.eventbridge.delivery.history import Accepted
from localcloud.eventbridge.webhook import TYPE as WEBHOOK_TYPE
from localcloud.labels import MESSAGES, REQUESTS, Label

MOST = 50_000
"""Requests that are known at a time; the oldest are forgotten."""
_BATCH = 400
_MOST_PARTS = 300
"""Events, runs or messages of one request that are kept: the newest."""
_TEXTS = 300
_LOOKED_BACK = 20
"""Requests of one label's value among which a message's is looked for."""
_KEY_LENGTH = range(6, 129)
_WORD = re.compile(r"[\w.:@+=#/-]+")


class Events(Protocol):
    """Where events are read from."""

    def after(self, seq: int, limit: int) -> list[Accepted]:
        """Return the first events after one."""


class Runs(Protocol):
    """Where invocations are read from."""

    def after(self, sequence: int, limit: int) -> list[Invocation]:
        """Return the first invocations after one."""


class Messages(Protocol):
    """Where the chats' messages are read from."""

    def after(self, message: int, limit: int) -> list[dict[str, Any]]:
        """Return the first messages after one."""


@dataclass(slots=True, eq=False)
class Request:
    """What belongs together."""

    number: int
    """In the order in which they began."""
    began: float
    source: str
    kind: str
    """The type of its first event, or the name of its command."""
    ids: list[str] = field(default_factory=list)
    """Of its events and invocations, in their order."""
    labels: dict[str, str] = field(default_factory=dict)
    events: list[int] = field(default_factory=list)
    """Sequence numbers, as are the invocations'."""
    invocations: list[int] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
    chats: list[str] = field(default_factory=list)
    """Those in which something was said of it."""
    id: str = ""
    """By which it is called: the label that joins requests, else its first id."""

    def add(self, parts: list[int], part: int) -> None:
        """Keep a part, unless it is known."""
        if part not in parts:
            parts.append(part)
            del parts[:-_MOST_PARTS]


class _Part(NamedTuple):
    """Something that happened."""

    at: float
    order: int
    what: Accepted | Invocation | dict[str, Any]


class Index:
    """The requests, found by number, id and label.

    Args:
        events: the events that were accepted.
        runs: the invocations of commands.
        messages: the messages of the chats.
        known: the labels by name.
    """

    def __init__(
        self, events: Events, runs: Runs, messages: Messages, known: Mapping[str, Label]
    ) -> None:
        self._events = events
        self._runs = runs
        self._messages = messages
        self._labels = known
        self._last = {"event": 0, "run": 0, "message": 0}
        self._next = 1
        self._requests: dict[int, Request] = {}
        self._by_id: dict[str, Request] = {}
        self._by_label: dict[tuple[str, str], dict[int, Request]] = {}
        self._by_event: dict[int, Request] = {}
        self._reading = asyncio.Lock()

    async def catch_up(self) -> None:
        """Read what happened since the last look and is on the disk."""
        async with self._reading:
            while self._read_batch():  # noqa: ASYNC110 - the others' turn, not a wait
                await asyncio.sleep(0)

    def __len__(self) -> int:
        return len(self._requests)

    def newest(self, before: int = 0) -> Iterator[Request]:
        """Return the requests, newest first; only those before a number, if it is not 0."""
        start = min(before or self._next, self._next) - 1
        for number in range(start, 0, -1):
            if (found := self._requests.get(number)) is not None:
                yield found

    def named(self, text: str) -> list[Request]:
        """Return the requests with that id, or that value of a label, newest first."""
        if text in self._by_id:
            return [self._by_id[text]]
        found = {
            request.number: request
            for name in self._labels
            for request in self._by_label.get((name, text), {}).values()
        }
        return [found[number] for number in sorted(found, reverse=True)]

    def of_event(self, seq: int) -> Request | None:
        """Return the request of an event."""
        return self._by_event.get(seq)

    def of_id(self, identity: str) -> Request | None:
        """Return the request of an event's or an invocation's id."""
        return self._by_id.get(identity)

    def _read_batch(self) -> bool:
        """Read some rows of each kind, in the order in which they happened."""
        events = self._events.after(self._last["event"], _BATCH)
        runs = self._runs.after(self._last["run"], _BATCH)
        messages = self._messages.after(self._last["message"], _BATCH)
        parts = merge(
            (_Part(e.accepted, 0, e) for e in events),
            (_Part(r.created, 1, r) for r in runs),
            (_Part(m["received_at"], 2, m) for m in messages),
            key=lambda part: part[:2],
        )
        # A kind that has more rows to come must not be overtaken by the others.
        times = (
            [event.accepted for event in events],
            [run.created for run in runs],
            [message["received_at"] for message in messages],
        )
        end = min((max(found) for found in times if len(found) == _BATCH), default=float("inf"))
        is_any = False
        for at, _, what in parts:
            if at > end:
                break
            is_any = True
            self._take(what)
        return is_any

    def _take(self, what: Accepted | Invocation | dict[str, Any]) -> None:
        if isinstance(what, Accepted):
            self._last["event"] = what.seq
            self._take_event(what)
        elif isinstance(what, Invocation):
            self._last["run"] = what.sequence
            self._take_run(what)
        else:
            self._last["message"] = what["id"]
            self._take_message(what)

    def _take_event(self, accepted: Accepted) -> None:
        # Numbers are shown, not compared: the fast reader will do.
        event = json.loads(accepted.body)
        named = labels.values(self._labels, event)
        texts = None if accepted.type == WEBHOOK_TYPE else _texts(event.get("data"))
        request = self._found(accepted.id, named, texts)
        if request is None:
            request = self._begin(accepted.accepted, accepted.source, accepted.type)
        request.add(request.events, accepted.seq)
        self._by_event[accepted.seq] = request
        self._note(request, accepted.id, named)

    def _take_run(self, invocation: Invocation) -> None:
        found = {"tags": invocation.tags, "parameters": invocation.parameters}
        named = labels.values(self._labels, found)
        request = self._found(invocation.invoke_id, named, _texts(found))
        if request is None:
            request = self._begin(invocation.created, "", invocation.command_name)
        request.add(request.invocations, invocation.sequence)
        self._note(request, invocation.invoke_id, named)

    def _take_message(self, message: Mapping[str, Any]) -> None:
        words = dict.fromkeys(word.strip(".:/-") for word in _WORD.findall(message["text"]))
        # What a repeat is known by may be the id of the event that is told.
        said = (message["key"], *_texts(message["body"]))
        words |= dict.fromkeys(text for text in said if text in self._by_id)
        told = {r.number: r for word in words if (r := self._by_id.get(word) or self._called(word))}
        said_by = [name for name, label in self._labels.items() if label.joins == MESSAGES]
        named = {request.labels.get(name) for request in told.values() for name in said_by}
        for name in said_by:
            for word in words:
                same = self._by_label.get((name, word))
                # Who is named together with an id is meant by that id.
                if same and word not in named:
                    # The newest of which nothing was said; a digest tells each of several.
                    newest = list(islice(reversed(same.values()), _LOOKED_BACK))
                    request = next((r for r in newest if not r.messages), newest[0])
                    told[request.number] = request
        for request in told.values():
            request.add(request.messages, message["id"])
            if message["chat"] not in request.chats:
                request.chats.append(message["chat"])

    def _found(
        self, identity: str, named: Mapping[str, str], texts: Iterator[str] | None
    ) -> Request | None:
        """Return the request to which something belongs; ``texts`` is None for what was posted."""
        for name, value in named.items():
            same = self._by_label.get((name, value))
            if same and self._labels[name].joins == REQUESTS:
                return _last(same)
        if identity in self._by_id:
            return self._by_id[identity]
        return next((self._by_id[text] for text in texts or () if text in self._by_id), None)

    def _called(self, value: str) -> Request | None:
        """Return the request that is called by a label's value."""
        for name, label in self._labels.items():
            if label.joins == REQUESTS and (same := self._by_label.get((name, value))):
                return _last(same)
        return None

    def _begin(self, at: float, source: str, kind: str) -> Request:
        request = Request(self._next, at, source, kind)
        self._requests[self._next] = request
        self._next += 1
        if len(self._requests) > MOST:
            self._forget(next(iter(self._requests.values())))
        return request

    def _note(self, request: Request, identity: str, named: Mapping[str, str]) -> None:
        is_own = identity and self._by_id.setdefault(identity, request) is request
        if is_own and identity not in request.ids:
            request.ids.append(identity)
            for old in request.ids[:-_MOST_PARTS]:
                self._by_id.pop(old, None)
            del request.ids[:-_MOST_PARTS]
        for name, value in named.items():
            joins_requests = self._labels[name].joins == REQUESTS
            # A request without an id of its own is called by that of its event.
            if request.labels.get(name) == value or (joins_requests and value in request.ids):
                continue
            request.labels[name] = value
            self._by_label.setdefault((name, value), {})[request.number] = request
            if joins_requests:
                request.id = value
        request.id = request.id or identity or str(request.number)

    def _forget(self, request: Request) -> None:
        del self._requests[request.number]
        for identity in request.ids:
            if self._by_id.get(identity) is request:
                del self._by_id[identity]
        for item in request.labels.items():
            same = self._by_label.get(item, {})
            same.pop(request.number, None)
            if not same:
                self._by_label.pop(item, None)
        for seq in request.events:
            self._by_event.pop(seq, None)


def _last(same: dict[int, Request]) -> Request:
    return next(reversed(same.values()))


def heading(request: Request) -> dict[str, Any]:
    """Return what is known of a request without reading anything."""
    return {
        "number": request.number,
        "id": request.id,
        "began": iso_utc(request.began),
        "at": request.began,
        "source": request.source,
        "kind": request.kind,
        "labels": request.labels,
        "chats": request.chats,
        "told": len(request.messages),
    }


def _texts(value: Any) -> Iterator[str]:
    """Return texts inside a value that may be ids; not more than some hundred are looked at."""
    todo, seen = [value], 0
    while todo and seen < _TEXTS:
        seen += 1
        part = todo.pop()
        if isinstance(part, str):
            if len(part) in _KEY_LENGTH:
                yield part
        elif isinstance(part, Mapping):
            todo += part.values()
        elif isinstance(part, list):
            todo += part
