"""What the journal holds, read back: events and the attempts to deliver them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.eventbridge.delivery.journal import PENDING, Attempt
from localcloud.store import Store


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event that was accepted."""

    seq: int
    id: str
    bus: str
    source: str
    type: str
    accepted: float
    body: str


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """How far the delivery of an event to one target has come."""

    rule: str
    target: str
    state: str
    due: float
    attempts: tuple[Attempt, ...]


class History:
    """Reads what is on the disk; flush first to see what was accepted last."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def under_way(self) -> int:
        """Return how many deliveries have not ended."""
        (row,) = self._store.read(
            "SELECT count(*) AS n FROM deliveries WHERE state = ?", (PENDING,)
        )
        return int(row["n"])

    def with_id(self, event_id: str, bus: str = "") -> list[Accepted]:
        """Return the events with an id, oldest first: ids are the senders' and may come twice."""
        return self._events("id = ? AND ? IN ('', bus) ORDER BY seq", (event_id, bus))

    def latest(self, limit: int) -> list[Accepted]:
        """Return the last events, oldest first."""
        return self._events("1 ORDER BY seq DESC LIMIT ?", (limit,))[::-1]

    def after(self, seq: int, limit: int) -> list[Accepted]:
        """Return the first events after one, oldest first; its sequence number 0 for the first."""
        return self._events("seq > ? ORDER BY seq LIMIT ?", (seq, limit))

    def with_seqs(self, seqs: Sequence[int]) -> list[Accepted]:
        """Return the events with these sequence numbers, oldest first."""
        return self._events(f"seq IN ({_marks(seqs)}) ORDER BY seq", tuple(seqs))

    def of_bus(self, bus: str, start: float, end: float, source: str, type_: str) -> list[Accepted]:
        """Return a bus's events of a time span, oldest first; an empty text fits all."""
        return self._events(
            "bus = ? AND accepted BETWEEN ? AND ? AND ? IN ('', source) AND ? IN ('', type)"
            " ORDER BY seq",
            (bus, start, end, source, type_),
        )

    def unfinished(self, limit: int) -> list[int]:
        """Return the events with a delivery that has not ended, newest first."""
        rows = self._store.read(
            "SELECT DISTINCT seq FROM deliveries WHERE state = ? ORDER BY seq DESC LIMIT ?",
            (PENDING, limit),
        )
        return [row["seq"] for row in rows]

    def deliveries(self, seq: int) -> list[DeliveryStatus]:
        """Return an event's deliveries, in the order of the rules and their targets."""
        return self.deliveries_of([seq])[seq]

    def deliveries_of(self, seqs: Sequence[int]) -> dict[int, list[DeliveryStatus]]:
        """Return the deliveries of several events, by sequence number."""
        found: dict[int, list[DeliveryStatus]] = {seq: [] for seq in seqs}
        for row in self._store.read(
            "SELECT seq, rule, target, state, due, attempts FROM deliveries"  # noqa: S608
            f" WHERE seq IN ({_marks(seqs)}) ORDER BY seq, number",
            tuple(seqs),
        ):
            attempts = tuple(_attempt(values) for values in json.loads(row["attempts"]))
            found[row["seq"]].append(
                DeliveryStatus(row["rule"], row["target"], row["state"], row["due"], attempts)
            )
        return found

    def _events(self, condition: str, parameters: Sequence[Any]) -> list[Accepted]:
        rows = self._store.read(
            "SELECT seq, id, bus, source, type, accepted, body FROM events"  # noqa: S608
            f" WHERE {condition}",
            parameters,
        )
        return [Accepted(*row) for row in rows]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _attempt(values: list[Any]) -> Attempt:
    at, ok, status, milliseconds, message = values
    return Attempt(at, bool(ok), status, milliseconds, message)
