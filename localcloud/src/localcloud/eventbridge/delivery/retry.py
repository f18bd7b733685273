"""When a failed delivery is tried again: the two documented policies.

Source: "EventBridge: Event target parameters" (PushRetryStrategy).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

BACKOFF_RETRY: Final = "BACKOFF_RETRY"
EXPONENTIAL_DECAY_RETRY: Final = "EXPONENTIAL_DECAY_RETRY"
POLICIES: Final = (BACKOFF_RETRY, EXPONENTIAL_DECAY_RETRY)
DEFAULT_POLICY: Final = BACKOFF_RETRY

_BACKOFF_RETRIES: Final = 3
_BACKOFF_SECONDS: Final = (10.0, 20.0)
_DECAY_RETRIES: Final = 176
_DECAY_LONGEST_EXPONENT: Final = 9


def next_delay(policy: str, failed_attempts: int, random: Callable[[], float]) -> float | None:
    """Return the seconds until the next attempt, or None if that was the last.

    `failed_attempts` counts the attempts so far, the first one included; `random` gives a number
    from 0 up to 1, as `random.random` does.
    """
    if failed_attempts < 1:
        raise ValueError(f"failed_attempts is {failed_attempts}, must be at least 1")
    if policy == BACKOFF_RETRY:
        if failed_attempts > _BACKOFF_RETRIES:
            return None
        shortest, longest = _BACKOFF_SECONDS
        return shortest + (longest - shortest) * random()
    if policy == EXPONENTIAL_DECAY_RETRY:
        if failed_attempts > _DECAY_RETRIES:
            return None
        return float(2 ** min(failed_attempts - 1, _DECAY_LONGEST_EXPONENT))
    raise ValueError(f"unknown retry policy {policy!r}, must be one of {', '.join(POLICIES)}")
