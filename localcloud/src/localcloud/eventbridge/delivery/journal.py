"""The journal: which events were accepted, where each has to go, and how far it is.

Accepting an event is one statement: SQLite itself makes the deliveries from it. So an event is
never on the disk without its deliveries, whatever happens to the process in between.

Bodies stay on the disk. In memory are only the events that came last, because they are the ones
that are sent next.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from localcloud.environment import Clock
from localcloud.eventbridge.matching.json_text import parse_kept
from localcloud.store import Store

RETAINED = 100_000
"""How many events the trace goes back; older ones are forgotten once they are finished."""
_SWEEP_EVERY = 64
_RECENT_CHARACTERS = 4_000_000

_TABLES = """
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL, bus TEXT NOT NULL, source TEXT NOT NULL,
  type TEXT NOT NULL, accepted REAL NOT NULL, body TEXT NOT NULL, routes TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_id ON events (id);
CREATE TABLE IF NOT EXISTS deliveries (
  seq INTEGER NOT NULL, number INTEGER NOT NULL, rule TEXT NOT NULL, target TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending', failed INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL,
  attempts TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (seq, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deliveries_pending ON deliveries (seq) WHERE state = 'pending';
CREATE TRIGGER IF NOT EXISTS events_accepted AFTER INSERT ON events WHEN NEW.routes <> '[]' BEGIN
  INSERT INTO deliveries (seq, number, rule, target, due)
  SELECT NEW.seq, key, json_extract(value, '$[0]'), json_extract(value, '$[1]'), NEW.accepted
  FROM json_each(NEW.routes);
END;
CREATE TRIGGER IF NOT EXISTS events_forgotten AFTER DELETE ON events BEGIN
  DELETE FROM deliveries WHERE seq = OLD.seq;
END;
"""

PENDING, DELIVERED, DEAD_LETTER, DROPPED = "pending", "delivered", "dead-letter", "dropped"

Route: TypeAlias = tuple[str, str]
"""A rule and one of its targets."""


@dataclass(slots=True)
class Delivery:
    """One event on its way to one target."""

    seq: int
    number: int
    bus: str
    rule: str
    target: str
    failed: int = 0
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt went, as the trace shows it."""

    at: float
    ok: bool
    status: str
    milliseconds: float
    message: str


class Journal:
    """Writes down events and deliveries; nobody else touches their tables."""

    def __init__(self, store: Store, clock: Clock, retained: int = RETAINED) -> None:
        self._store = store
        self._clock = clock
        self._retained = retained
        store.create(_TABLES)
        (row,) = store.read("SELECT coalesce(max(seq), 0) AS last FROM events")
        self._last = int(row["last"])
        self._recent: OrderedDict[int, tuple[Mapping[str, Any], str]] = OrderedDict()
        self._recent_characters = 0
        self._routes: dict[tuple[Route, ...], str] = {}
        self._fresh: list[Delivery] = []
        self.on_accepted: Callable[[], None] = _nothing

    def accept(
        self, bus: str, event: Mapping[str, Any], text: str, routes: tuple[Route, ...]
    ) -> None:
        """Write an event and its deliveries down; durable at the next flush.

        ``text`` is the event as JSON: it is what the trace, a dead letter and a delivery after a
        restart get.
        """
        self._last += 1
        seq = self._last
        now = self._clock.now()
        self._store.write(
            "INSERT INTO events (seq, id, bus, source, type, accepted, body, routes) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                event.get("id", ""),
                bus,
                event.get("source", ""),
                event.get("type", ""),
                now,
                text,
                self._routes_text(routes),
            ),
        )
        if routes:
            self._remember(seq, event, text)
            self._fresh += [
                Delivery(seq, number, bus, rule, target, 0, now)
                for number, (rule, target) in enumerate(routes)
            ]
            self.on_accepted()
        if seq % _SWEEP_EVERY == 0:
            self._forget(seq - self._retained)

    def take_accepted(self) -> list[Delivery]:
        """Return the deliveries of what was accepted since the last time."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def transaction(self) -> AbstractContextManager[None]:
        """Make what a block writes durable as a whole or not at all."""
        return self._store.transaction()

    async def flush(self) -> None:
        """Wait until everything written so far is on the disk."""
        await self._store.flush()

    def unfinished(self) -> Iterator[Delivery]:
        """Return the deliveries that a former process left unfinished, oldest first."""
        rows = self._store.read(
            "SELECT d.seq, d.number, e.bus, d.rule, d.target, d.failed, d.due FROM deliveries d"
            " JOIN events e ON e.seq = d.seq WHERE d.state = 'pending' ORDER BY d.seq, d.number"
        )
        return (Delivery(*row) for row in rows)

    def event(self, seq: int) -> tuple[Mapping[str, Any], str] | None:
        """Return a durable event and its JSON, or None if it was forgotten."""
        recent = self._recent.get(seq)
        if recent is not None:
            return recent
        rows = self._store.read("SELECT body FROM events WHERE seq = ?", (seq,))
        return (parse_kept(rows[0]["body"]), rows[0]["body"]) if rows else None

    def record(self, delivery: Delivery, attempt: Attempt, state: str) -> None:
        """Add an attempt to a delivery and say what became of it; durable at some next flush."""
        self._store.write(
            "UPDATE deliveries SET state = ?, failed = ?, due = ?,"
            " attempts = json_insert(attempts, '$[#]', json(?)) WHERE seq = ? AND number = ?",
            (
                state,
                delivery.failed,
                delivery.due,
                json.dumps(
                    [
                        round(attempt.at, 3),
                        int(attempt.ok),
                        attempt.status,
                        round(attempt.milliseconds, 1),
                        attempt.message,
                    ]
                ),
                delivery.seq,
                delivery.number,
            ),
        )

    def _routes_text(self, routes: tuple[Route, ...]) -> str:
        text = self._routes.get(routes)
        if text is None:
            if len(self._routes) > 1000:
                self._routes.clear()
            text = self._routes[routes] = json.dumps(routes)
        return text

    def _remember(self, seq: int, event: Mapping[str, Any], text: str) -> None:
        self._recent[seq] = (event, text)
        self._recent_characters += len(text)
        while self._recent_characters > _RECENT_CHARACTERS and len(self._recent) > 1:
            _, (_, old) = self._recent.popitem(last=False)
            self._recent_characters -= len(old)

    def _forget(self, up_to: int) -> None:
        if up_to > 0:
            self._store.write(
                "DELETE FROM events WHERE seq <= ? AND NOT EXISTS (SELECT 1 FROM deliveries d"
                " WHERE d.seq = events.seq AND d.state = 'pending')",
                (up_to,),
            )


def _nothing() -> None:
    """Stand in until a dispatcher wants to be woken."""
