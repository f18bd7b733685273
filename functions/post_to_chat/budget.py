"""How many messages a chat may still be sent: a token bucket, so that no platform blocks a robot.

A bucket of ``burst`` tokens that gains one every ``seconds_each`` lets through at most
``burst + s / seconds_each`` messages in any ``s`` seconds, whenever these begin. What is known of
the past may only be less than what there was: a bucket that is filled again from notes of the last
minute begins empty, so it never holds more than the real one did.
"""

from collections.abc import Iterable

from functions.platforms.base import Rate


class Bucket:
    """The tokens of one chat; times in seconds since 1970, which never run backwards here."""

    def __init__(self, rate: Rate, level: float, at: float) -> None:
        self._rate = rate
        self._level = level
        self._at = at

    @classmethod
    def refilled(cls, rate: Rate, sent: Iterable[float], now: float) -> "Bucket":
        """Return the bucket of a robot that was sent messages at these times, and at no others."""
        full = rate.burst * rate.seconds_each
        past = sorted(at for at in sent if at > now - full)
        bucket = cls(rate, 0.0, now - full)
        for at in past:
            bucket._gain(min(at, now))
            bucket._level = max(0.0, bucket._level - 1)
        bucket._gain(now)
        return bucket

    def level(self, now: float) -> float:
        """Return how many tokens there are."""
        self._gain(now)
        return self._level

    def take(self, now: float) -> bool:
        """Take a token if there is one."""
        self._gain(now)
        if self._level < 1:
            return False
        self._level -= 1
        return True

    def seconds_until(self, tokens: float, now: float) -> float:
        """Return how long it takes until there are that many; 0 if there are."""
        self._gain(now)
        return max(0.0, tokens - self._level) * self._rate.seconds_each

    def _gain(self, now: float) -> None:
        gained = max(0.0, now - self._at) / self._rate.seconds_each
        self._level = min(float(self._rate.burst), self._level + gained)
        self._at = max(self._at, now)
