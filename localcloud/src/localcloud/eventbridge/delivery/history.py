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

    def of_bus(self, bus: str, start: float, end: float, source: str, type_: str) -> list[Accepted]:
        """Return a bus's events of a time span, oldest first; an empty text fits all."""
        return self._events(
            "bus = ? AND accepted BETWEEN ? AND ? AND ? IN ('', source) AND ? IN ('', type)"
            " ORDER BY seq",
            (bus, start, end, source, type_),
        )

    def deliveries(self, seq: int) -> list[DeliveryStatus]:
        """Return an event's deliveries, in the order of the rules and their targets."""
        rows = self._store.read(
            "SELECT rule, target, state, due, attempts FROM deliveries"
            " WHERE seq = ? ORDER BY number",
            (seq,),
        )
        return [
            DeliveryStatus(
                row["rule"],
                row["target"],
                row["state"],
                row["due"],
                tuple(_attempt(values) for values in json.loads(row["attempts"])),
            )
            for row in rows
        ]

    def _events(self, condition: str, parameters: Sequence[Any]) -> list[Accepted]:
        rows = self._store.read(
            "SELECT seq, id, bus, source, type, accepted, body FROM events"  # noqa: S608
            f" WHERE {condition}",
            parameters,
        )
        return [Accepted(*row) for row in rows]


def _attempt(values: list[Any]) -> Attempt:
    at, ok, status, milliseconds, message = values
    return Attempt(at, bool(ok), status, milliseconds, message)
