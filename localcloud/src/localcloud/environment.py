"""Time, identifiers and randomness as values that are handed in.

Nothing in the local cloud asks the machine for the time or for an id: tests hand in a clock that
stands still and ids that count, and can then advance time instead of sleeping.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from math import floor
from random import Random
from typing import Protocol

_IDS_AT_ONCE = 256


class Clock(Protocol):
    """Tells the time in seconds since 1970, UTC."""

    def now(self) -> float:
        """Return the current time in seconds since 1970."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return the machine's time."""
        return time.time()


@dataclass
class ManualClock:
    """A clock that moves only when it is told to: for tests and simulations."""

    seconds: float = 1_767_225_600.0

    def now(self) -> float:
        """Return the time that was set last."""
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Move the time forward by that many seconds."""
        self.seconds += seconds


def random_ids() -> Callable[[], str]:
    """Return a source of ids that nobody can guess.

    The machine is asked for many at a time: each question lets other threads have their turn,
    which costs a busy server more than everything else about a request's id.
    """
    ahead: list[str] = []

    def next_id() -> str:
        if not ahead:
            text = secrets.token_hex(16 * _IDS_AT_ONCE)
            ahead.extend(text[start : start + 32] for start in range(0, len(text), 32))
        return ahead.pop()

    return next_id


@dataclass(frozen=True)
class Environment:
    """What the local cloud takes from the outside world besides requests."""

    clock: Clock = field(default_factory=SystemClock)
    ids: Callable[[], str] = field(default_factory=random_ids)
    """A new identifier of 32 hexadecimal digits at each call."""
    random: Random = field(default_factory=Random)


def counting_ids() -> Callable[[], str]:
    """Return a source of ids that counts from 1: reproducible, for tests."""
    last = 0

    def next_id() -> str:
        nonlocal last
        last += 1
        return f"{last:032x}"

    return next_id


def uuid_form(hexadecimal: str) -> str:
    """Write 32 hexadecimal digits as a UUID, the form of request and event ids."""
    h = hexadecimal
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:32]}".upper()


def iso_utc(seconds: float) -> str:
    """Write a time as the cloud does: ``2026-01-01T00:00:00Z``, whole seconds, UTC."""
    return _iso_utc(floor(seconds))


@lru_cache(maxsize=1024)
def _iso_utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
