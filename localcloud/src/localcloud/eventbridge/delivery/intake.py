"""In a burst, what arrives goes before what is delivered.

Taking an event in costs a fraction of a millisecond, delivering it many: if both take turns, the
senders of a burst wait for each other's deliveries. So while events pour in, no new delivery is
begun, for a moment at most; one event alone is delivered at once.
"""

import asyncio
import time
from collections import deque

_BURST = 16
"""So many events within the window are a burst."""
_WINDOW_SECONDS = 0.05
_LONGEST_SECONDS = 2.0
_LOOK_SECONDS = 0.01


class Intake:
    """Notices bursts of events."""

    def __init__(self) -> None:
        self._came: deque[float] = deque([0.0] * _BURST, maxlen=_BURST)

    def record_arrival(self) -> None:
        """Record that an event is arriving."""
        self._came.append(time.monotonic())

    async def wait_for_lull(self) -> None:
        """Wait until a burst is over, for two seconds at most."""
        end = time.monotonic() + _LONGEST_SECONDS
        while (now := time.monotonic()) - self._came[0] < _WINDOW_SECONDS and now < end:  # noqa: ASYNC110 - nothing happens when a burst ends
            await asyncio.sleep(_LOOK_SECONDS)
