"""How many messages a minute each platform takes, and what it does with more."""

from collections import deque
from typing import Protocol

MINUTE = 60.0


class RateLimit(Protocol):
    """Tells whether one more message may come now, and counts it if so."""

    def admits(self, now: float) -> bool:
        """Count a message at that time, unless it is one too many."""


class Unlimited:
    """Takes everything."""

    def admits(self, now: float) -> bool:  # noqa: ARG002 - the protocol's signature
        """Take it."""
        return True


class DingTalkLimit:
    """20 messages a minute; one more, and nothing is taken for 10 minutes.

    "Custom robot: send group messages" (DingTalk).
    """

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._closed_until = 0.0

    def admits(self, now: float) -> bool:
        """Count a message at that time, unless it is one too many."""
        if now < self._closed_until:
            return False
        _forget(self._times, now - MINUTE)
        if len(self._times) >= 20:
            # guess: tries during the ten minutes do not make them longer.
            self._closed_until = now + 10 * MINUTE
            return False
        self._times.append(now)
        return True


class LarkLimit:
    """100 messages a minute and 5 a second ("Custom bot usage guide", Lark)."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def admits(self, now: float) -> bool:
        """Count a message at that time, unless it is one too many."""
        _forget(self._times, now - MINUTE)
        in_this_second = sum(1 for time in self._times if time > now - 1)
        if len(self._times) >= 100 or in_this_second >= 5:
            return False
        self._times.append(now)
        return True


def _forget(times: deque[float], until: float) -> None:
    while times and times[0] <= until:
        times.popleft()
