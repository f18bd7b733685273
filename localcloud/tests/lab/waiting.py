"""Waiting for something that happens by itself: with a deadline, and telling what was last seen."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.05


def wait_for(look: Callable[[], T | None], what: str, seconds: float = _PATIENCE_SECONDS) -> T:
    """Look until there is something, and give it; fail when it takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{seconds:.0f} s without {what}; last: {found!r}"
        time.sleep(_POLL_SECONDS)
