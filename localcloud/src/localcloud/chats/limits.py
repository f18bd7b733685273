"""How a platform counts messages."""

from collections import deque
from typing import Protocol

MINUTE = 60.0


class RateLimit(Protocol):
    """Decides whether one more message may come now, and counts it if so."""

    def admits(self, now: float) -> bool:
        """Count a message at that time, unless it is one too many."""


class Unlimited:
    """Takes everything."""

    def admits(self, now: float) -> bool:  # noqa: ARG002 - the protocol's signature
        """Take it."""
        return True


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
