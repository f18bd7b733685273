"""The requests as people look at them: a row for each, and the whole way of one."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from localcloud.chats.state import Chats
from localcloud.ecs.inspection import runs_of
from localcloud.ecs.invocations import Result
from localcloud.ecs.service import Ecs
from localcloud.environment import iso_utc
from localcloud.eventbridge.service import EventBridge
from localcloud.eventbridge.trace import trace_of
from localcloud.fc.journal import Call
from localcloud.fc.service import FunctionCompute
from localcloud.inspection import NotThereError, Question
from localcloud.labels import Label
from localcloud.mns.service import Mns
from localcloud.overview import letters as dead
from localcloud.overview.index import Index, Request, heading
from localcloud.overview.refusals import Refusal, Refusals
from localcloud.overview.status import ATTENTION, status
from localcloud.redaction import masked

MOST_ROWS = 200
_LOOKED_THROUGH = 5_000
"""Requests among which rows of a state or with a text are looked for at a time."""
_CHUNK = 100
ALL_TROUBLE = "attention"
"""Asks for the rows of every state that somebody should look at."""
_MOST_LETTERS = 1_000
_MOST_LINES = 400
_MOST_REFUSALS = 20
_RECENT_SECONDS = 300.0
_HIDDEN = "***"
_CALL = re.compile(r"\(request ([0-9A-Fa-f-]{36})\)$")


class Requests:
    """Answers about requests from the index and what the services have on the disk."""

    def __init__(
        self,
        ecs: Ecs,
        eventbridge: EventBridge,
        fc: FunctionCompute,
        mns: Mns,
        chats: Chats,
        refusals: Refusals,
    ) -> None:
        self._ecs = ecs
        self._eventbridge = eventbridge
        self._fc = fc
        self._mns = mns
        self._chats = chats
        self._refusals = refusals
        self.settings = eventbridge.settings
        self.labels = self.settings.labels
        self.index = Index(eventbridge.history, ecs.history, chats, self.labels)
        self._read: dict[str, dead.Letter | None] = {}

    async def rows(self, asked: Question) -> dict[str, Any]:
        """Return some rows, newest first: of a state, with a text, before a number."""
        await self.index.catch_up()
        limit = min(asked.limit, MOST_ROWS)
        found = self.index.newest(asked.before)
        text = asked.params.get("find", "").strip()
        state = asked.params.get("state", "")
        if text:
            exact = self.index.named(text)
            found = iter(exact) if exact else _holding(found, text.lower())
        rows: list[dict[str, Any]] = []
        looked = islice(found, _LOOKED_THROUGH)
        while len(rows) < limit and (part := list(islice(looked, max(limit, _CHUNK)))):
            rows += (
                row
                for row in self._rows(part)
                if state in ("", row["state"]) or (state == ALL_TROUBLE and row["attention"])
            )
            await asyncio.sleep(0)
        is_more = len(rows) >= limit
        rows = rows[:limit]
        return {
            "rows": rows,
            "next": rows[-1]["number"] if is_more else None,
            "known": len(self.index),
        }

    async def way(self, asked: Question) -> dict[str, Any]:
        """Return everything about the request of an id, or of a label's value.

        Raises:
            NotThereError: if there is none.
        """
        await self.index.catch_up()
        name = asked.path["name"]
        found = self.index.named(name)
        if not found:
            raise NotThereError(f"nothing has the name '{name[:200]}': no event, no run, no label")
        return self._way(found[0], explain="explain" in asked.params)

    async def ways(self, asked: Question) -> list[dict[str, Any]]:
        """Return the ways of the last requests, or of those that have a name; oldest first."""
        await self.index.catch_up()
        name = asked.params.get("name", "")
        found = self.index.named(name) if name else self.index.newest()
        chosen = list(islice(found, min(asked.limit, MOST_ROWS)))
        if name and not chosen:
            raise NotThereError(f"nothing has the name '{name[:200]}': no event, no run, no label")
        explain = "explain" in asked.params
        return [self._way(request, explain=explain) for request in reversed(chosen)]

    async def letters(self, asked: Question) -> list[dict[str, Any]]:
        """Return the dead letters of all queues, with the request of each."""
        await self.index.catch_up()
        return [self._letter(*each) for each in self._letters()[: asked.limit]]

    def letter(self, queue: str, message_id: str) -> dead.Letter:
        """Return a dead letter.

        Raises:
            NotThereError: if the queue has no such message, or it holds no event.
        """
        for message in self._mns.listed(queue, _MOST_LETTERS):
            if message.id == message_id and (found := dead.read(message.body)):
                return found
        raise NotThereError(f"the queue '{queue}' has no dead letter '{message_id[:80]}'")

    def _rows(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        seqs = [seq for request in requests for seq in request.events]
        deliveries = self._eventbridge.history.deliveries_of(seqs)
        ids = {e.seq: e.id for e in self._eventbridge.history.with_seqs(seqs)}
        results = self._ecs.history.results_of(
            list(dict.fromkeys(chain.from_iterable(r.invocations for r in requests)))
        )
        given_up = self._given_up()
        waiting = self._repeated()
        refused = self._refused()
        called = self._called()
        rows = []
        for request in requests:
            pairs = [
                (ids.get(seq, ""), delivery)
                for seq in request.events
                for delivery in deliveries.get(seq, ())
            ]
            runs = [run for sequence in request.invocations for run in results.get(sequence, ())]
            state = status(
                pairs,
                runs,
                request.labels,
                self.labels,
                letters=request.number in given_up,
                waits=request.number in waiting,
                refused=request.number in refused,
                called=request.number in called,
            )
            rows.append(_row(request, runs, state, self.labels))
        return rows

    def _way(self, request: Request, *, explain: bool) -> dict[str, Any]:
        (row,) = self._rows([request])
        events = [
            # Why rules did not match is of interest where none did.
            trace_of(self._eventbridge, accepted, explain=explain)
            for accepted in self._eventbridge.history.with_seqs(request.events)
        ]
        if not explain and events and not any(event["matched"] for event in events):
            return self._way(request, explain=True)
        runs = runs_of(self._ecs, self._ecs.history.with_sequences(request.invocations))
        named = dict.fromkeys([*request.ids[-40:], request.id])
        calls = self._fc.calls_of(list(named), _calls_in(events))
        return {
            **row,
            "events": events,
            "runs": [{**run, "output": masked(run["output"], _HIDDEN)} for run in runs],
            "calls": [
                {
                    "function": call.function,
                    "request_id": call.request_id,
                    "time": iso_utc(call.begun),
                    "at": call.begun,
                    "milliseconds": call.duration_ms,
                    "error": call.error_type,
                    "lines": _lines(call, named),
                }
                for call in calls
            ],
            "repeated": [
                {
                    "function": pending.function,
                    "attempt": pending.attempt,
                    "next_attempt_at": iso_utc(pending.due),
                    "throttled": bool(pending.throttled),
                }
                for pending in self._fc.asynchronous.waiting()
                if self._pending_of(pending.payload) is request
            ],
            "refused": [
                {
                    "by": refusal.by,
                    "at": refusal.at,
                    "time": iso_utc(refusal.at),
                    "code": refusal.code,
                    "message": masked(refusal.message, _HIDDEN),
                }
                for refusal in self._refusals
                if self._refused_of(refusal) is request
            ][-_MOST_REFUSALS:],
            "letters": [
                self._letter(*each) for each in self._letters() if self._owner(each[2]) is request
            ],
            "messages": self._chats.with_ids(request.messages),
        }

    def _letters(self) -> list[tuple[str, Any, dead.Letter]]:
        """Return the dead letters: queue, message, and what it holds; newest first in each."""
        found = []
        for queue in self._mns.queues():
            for message in self._mns.listed(queue.name, _MOST_LETTERS):
                if message.id not in self._read:
                    if len(self._read) > 10 * _MOST_LETTERS:
                        self._read.clear()
                    self._read[message.id] = dead.read(message.body)
                if (letter := self._read[message.id]) is not None:
                    found.append((queue.name, message, letter))
        return found

    def _letter(self, queue: str, message: Any, letter: dead.Letter) -> dict[str, Any]:
        owner = self._owner(letter)
        return {
            "queue": queue,
            "message": message.id,
            "since": iso_utc(message.enqueued),
            "at": message.enqueued,
            "event": letter.event["id"],
            "source": letter.event["source"],
            "bus": letter.bus,
            "place": letter.place,
            "reason": masked(letter.reason, _HIDDEN),
            "request": owner.id if owner else "",
            "labels": owner.labels if owner else {},
        }

    def _owner(self, letter: dead.Letter) -> Request | None:
        return self.index.of_id(str(letter.event["id"]))

    def _given_up(self) -> set[int]:
        owners = (self._owner(letter) for _, _, letter in self._letters())
        return {owner.number for owner in owners if owner}

    def _refused(self) -> set[int]:
        """Return the requests of which a call was refused within the last minutes."""
        recent = self._eventbridge.clock.now() - _RECENT_SECONDS
        owners = (self._refused_of(each) for each in self._refusals if each.at > recent)
        return {owner.number for owner in owners if owner}

    def _repeated(self) -> set[int]:
        """Return the requests of which a function is called again later."""
        waiting = self._fc.asynchronous.waiting()
        owners = (self._pending_of(p.payload) for p in waiting if not p.throttled)
        return {owner.number for owner in owners if owner}

    def _refused_of(self, refusal: Refusal) -> Request | None:
        owners = (self.index.of_id(text) for text in refusal.texts)
        return next((owner for owner in owners if owner), None)

    def _called(self) -> set[int]:
        """Return the requests of which a function is being called, or is about to be."""
        # A call for which its function has no room may wait for hours, and matters to nobody.
        put_off = {p.request_id for p in self._fc.asynchronous.waiting() if p.throttled}
        owners = (
            self._pending_of(pending.payload)
            for pending in self._fc.accepted()
            if pending.request_id not in put_off
        )
        return {owner.number for owner in owners if owner}

    def _pending_of(self, payload: bytes) -> Request | None:
        event = dead.event_in(payload.decode("utf-8", "replace"))
        return self.index.of_id(str(event.get("id", "")))


def _row(
    request: Request, runs: Sequence[Result], state: str, known: Mapping[str, Label]
) -> dict[str, Any]:
    ends = (name for name, label in known.items() if label.good and name in request.labels)
    word = request.labels.get(next(ends, ""), "")
    return {
        **heading(request),
        "instances": list(dict.fromkeys(run.instance_id for run in runs)),
        "state": state,
        "status": word,
        "attention": state in ATTENTION,
    }


def _holding(found: Iterable[Request], text: str) -> Iterator[Request]:
    """Return the requests with a text in a label, an id or the source."""
    for request in found:
        parts = (*request.labels.values(), request.id, request.source)
        if any(text in part.lower() for part in parts):
            yield request


def _calls_in(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the ids of the calls of functions that were made with events."""
    return [
        found[1]
        for event in events
        for rule in event["rules"]
        for target in rule.get("targets", ())
        for attempt in target["attempts"]
        if (found := _CALL.search(attempt["message"]))
    ]


def _lines(call: Call, named: Iterable[str]) -> list[str]:
    """Return the lines of a call that name the request; all, if none does or it failed."""
    lines = call.output.splitlines()
    about = [line for line in lines if any(name in line for name in named)]
    return (lines if call.error_type or not about else about)[-_MOST_LINES:]
