"""How a platform counts messages."""

from collections import deque
from typing import NamedTuple, Protocol

MINUTE = 60.0


class Usage(NamedTuple):
    """How much of a limit is used up."""

    in_60_seconds: int
    """Messages of the last 60 seconds."""
    limit: int | None
    """How many may come in 60 seconds; None if nobody counts."""
    closed_seconds: float = 0.0
    """How long it takes nothing at all."""


class RateLimit(Protocol):
    """Decides whether one more message may come now, and counts it if so."""

    def admits(self, now: float) -> bool:
        """Count a message at that time, unless it is one too many."""

    def usage(self, now: float) -> Usage:
        """Return how much of it is used up at that time."""


class Unlimited:
    """Takes everything, and counts it."""

    def __init__(self) -> None:
        self._minute = Window(MINUTE)

    def admits(self, now: float) -> bool:
        """Take it."""
        self._minute.count(now)
        self._minute.add(now)
        return True

    def usage(self, now: float) -> Usage:
        """Return how many came."""
        return Usage(self._minute.count(now), None)


class Window:
    """The messages of the last seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque()

    def count(self, now: float) -> int:
        """Return how many there are."""
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        return len(self._times)

    def add(self, now: float) -> None:
        """Count one more."""
        self._times.append(now)
