"""Counts posts that nobody has to hear of one by one: those without the right token.

The counts live in the memory of an instance of the function. They are told as one event at most
once a minute; what comes in between is told by a later invocation, whatever that one is about.
"""

from collections import Counter
from typing import NamedTuple

from functions.report.tally import Tally
from functions.request.events import derived_id

SECONDS = 60.0


class Untrusted(NamedTuple):
    """A post whose sender is not believed in anything."""

    event_id: str
    source: str
    """A source of the settings; empty for any other."""
    reason: str
    """``no-token``, ``wrong-token``, ``unknown-source`` or ``other-bus``."""


class Noise:
    """What one instance of the function has counted, by source."""

    def __init__(self) -> None:
        self._reasons: dict[str, Counter[str]] = {}
        self._event_ids: dict[str, str] = {}
        self._told_at: dict[str, float] = {}

    def count(self, post: Untrusted) -> None:
        """Count a post."""
        self._reasons.setdefault(post.source, Counter())[post.reason] += 1
        self._event_ids[post.source] = post.event_id

    def due(self, now: float) -> list[Tally]:
        """Return what is to be told now: of each source what was not told yet."""
        return [
            Tally(_id(source, self._event_ids[source], reasons), source, dict(reasons))
            for source, reasons in self._reasons.items()
            if reasons and now - self._told_at.get(source, float("-inf")) >= SECONDS
        ]

    def told(self, tally: Tally, now: float) -> None:
        """Take off what was told; it is not told again within the next minute."""
        self._reasons[tally.source] -= Counter(tally.reasons)
        self._told_at[tally.source] = now


def _id(source: str, last_event_id: str, reasons: Counter[str]) -> str:
    """Return the id of the event: the same where one post is delivered twice."""
    digest = derived_id(f"{source} {last_event_id} {reasons.total()}").removeprefix("sha256-")
    return f"unauthenticated-{digest[:32]}"
