"""Tries again, within one call of a function, what may succeed in a moment.

Throttling, server errors, a run that is not shown yet and a command that was just replaced are over
within seconds or a minute. What lasts longer waits (:mod:`functions.cloud.keeper`).
"""

import os
import time
from collections.abc import Callable
from typing import TypeVar

from functions.cloud.errors import TemporaryError
from functions.cloud.log import decision

T = TypeVar("T")

SECONDS = 90.0
"""How long a call tries. Its function's time limit leaves time for the last attempt, and to keep
what failed."""
_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 20.0


def chance() -> float:
    """Return a random number from 0 to 1."""
    return int.from_bytes(os.urandom(4)) / 2**32


def pause(attempt: int, draw: float) -> float:
    """Return how many seconds to wait after a failed attempt, counted from 1.

    Pauses double, and each is drawn from its upper half, so that functions which failed together
    do not come back together.
    """
    longest = min(_FIRST_SECONDS * 2.0 ** (attempt - 1), _LONGEST_SECONDS)
    return longest * (0.5 + draw / 2)


def patiently(
    function: str,
    work: Callable[[], T],
    *,
    seconds: float = SECONDS,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = chance,
) -> T:
    """Do a work that may safely be done again until it succeeds, or until the time is over.

    Raises:
        TemporaryError: the last attempt's, when the time is over.
    """
    end = now() + seconds
    attempt = 1
    while True:
        try:
            return work()
        except TemporaryError as error:
            wait = pause(attempt, draw())
            if now() + wait > end:
                raise
            decision(function, "tries-again", code=error.code, attempt=attempt, seconds=wait)
        sleep(wait)
        attempt += 1
