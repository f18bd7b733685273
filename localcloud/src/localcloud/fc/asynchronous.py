"""Asynchronous invocations: answered at once, run later, repeated when the function fails.

What was accepted is in the journal before the answer goes out, and leaves it only when it is
finished, so it survives the end of the server at any moment.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from localcloud.environment import Clock
from localcloud.fc.invocation import Invocation
from localcloud.fc.journal import Journal, Pending

ATTEMPTS = 4
"""One and three repetitions ("Configure a retry mechanism", Function Compute 3.0)."""
_TICK_SECONDS = 1.0
_AT_ONCE = 8


def delay_before(attempt: int) -> float:
    """Return the seconds to wait before that attempt."""
    # guess: the documentation gives the number of repetitions, not their distance.
    return float(2 ** (attempt - 2))


class AsyncInvocations:
    """Runs the pending invocations when they are due."""

    def __init__(
        self, clock: Clock, journal: Journal, invoke: Callable[[Pending], Awaitable[Invocation]]
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._invoke = invoke
        self._pending = {pending.request_id: pending for pending in journal.pending()}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._pending)

    def accept(self, pending: Pending) -> None:
        """Accept an invocation; the caller flushes the store before it answers."""
        self._journal.put_pending(pending)
        self._pending[pending.request_id] = pending
        self._wake.set()

    async def run(self) -> None:
        """Run what is due, until cancelled."""
        while True:
            self._wake.clear()
            self.step()
            try:
                async with asyncio.timeout(_TICK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def step(self) -> int:
        """Start what is due and has room, and tell how many that were."""
        now = self._clock.now()
        due = [
            p for p in self._pending.values() if p.due <= now and p.request_id not in self._running
        ]
        started = due[: _AT_ONCE - len(self._running)]
        for pending in started:
            task = asyncio.get_running_loop().create_task(self._attempt(pending))
            self._running[pending.request_id] = task
        return len(started)

    async def drain(self) -> None:
        """Run all that is due now and wait until it has ended."""
        while self.step() or self._running:
            await asyncio.gather(*self._running.values())

    async def _attempt(self, pending: Pending) -> None:
        try:
            result = await self._invoke(pending)
        finally:
            self._running.pop(pending.request_id, None)
            self._wake.set()
        # A request that can never succeed (no such function, no permission) is not repeated.
        hopeless = 400 <= result.status < 500 and result.status != 429
        if result.is_success or hopeless or pending.attempt >= ATTEMPTS:
            self._pending.pop(pending.request_id, None)
            self._journal.delete_pending(pending.request_id)
            return
        attempt = pending.attempt + 1
        due = self._clock.now() + delay_before(attempt)
        later = replace(pending, attempt=attempt, due=due)
        self._pending[pending.request_id] = later
        self._journal.put_pending(later)
