"""Asynchronous invocations: answered at once, run later, repeated when the function fails.

What was accepted is in the journal before the answer goes out, and leaves it only when it is
finished, so it survives the end of the server at any moment.

The rules are those of "Configure a retry mechanism" (Function Compute 3.0, April 2026): errors of
the function are repeated as its configuration says, the limit of concurrency for five hours,
errors of the service not at all.
"""

import asyncio
import heapq
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count

from localcloud.environment import Clock
from localcloud.fc.async_config import AsyncConfig
from localcloud.fc.invocation import Invocation
from localcloud.fc.journal import Journal, Pending

THROTTLED_SECONDS = 5 * 3600
_TICK_SECONDS = 1.0
_AT_ONCE_EACH = 8


def delay_before(attempt: int) -> float:
    """Return the seconds to wait before that attempt at a function that fails."""
    # guess: the documentation gives the number of repetitions, not their distance.
    return float(2 ** (attempt - 2))


def throttled_delay(times: int) -> float:
    """Return the seconds to wait after a function had no room for the ``times``-th time."""
    return float(2 ** (min(times, 20) - 2))


class AsyncInvocations:
    """Runs the pending invocations when they are due.

    Args:
        clock: tells what is due.
        journal: where they are kept.
        invoke: runs one.
        config: gives the configuration that holds for one.
        finish: is told how one ended for good, with its configuration.
    """

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        invoke: Callable[[Pending], Awaitable[Invocation]],
        config: Callable[[Pending], AsyncConfig],
        finish: Callable[[Pending, Invocation, AsyncConfig], None],
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._invoke = invoke
        self._config = config
        self._finish = finish
        self._order = count()
        self._later: list[tuple[float, int, Pending]] = []
        self._due: dict[str, deque[Pending]] = {}
        """By function, so that the backlog of one does not delay another."""
        self._running: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        for pending in journal.pending():
            self._put_off(pending)

    @property
    def under_way(self) -> Counter[str]:
        """Return by function how many run, are due, or wait to be repeated because it failed."""
        found = Counter(p.function for _, _, p in self._later if not p.throttled)
        found.update({function: len(due) for function, due in self._due.items()})
        found.update(self._running)
        return +found

    @property
    def throttled(self) -> Counter[str]:
        """Return by function how many wait because it had no room for them."""
        return Counter(p.function for _, _, p in self._later if p.throttled)

    def waiting(self) -> list[Pending]:
        """Return the calls that wait for their next attempt, the soonest first."""
        return [pending for _, _, pending in sorted(self._later, key=lambda each: each[:2])]

    def accept(self, pending: Pending) -> None:
        """Accept an invocation; the caller flushes the store before it answers."""
        self._journal.put_pending(pending)
        self._put_off(pending)
        self._wake.set()

    async def run(self) -> None:
        """Run what is due, until cancelled; what runs then is due again in the next server."""
        try:
            while True:
                self._wake.clear()
                self.step()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._nap()):
                        await self._wake.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def step(self) -> int:
        """Start what is due and has a process to come, and tell how many that were."""
        now = self._clock.now()
        while self._later and self._later[0][0] <= now:
            pending = heapq.heappop(self._later)[2]
            self._due.setdefault(pending.function, deque()).append(pending)
        started = 0
        for function, waiting in list(self._due.items()):
            while waiting and self._running[function] < _AT_ONCE_EACH:
                self._start(waiting.popleft())
                started += 1
            if not waiting:
                del self._due[function]
        return started

    async def drain(self) -> None:
        """Run all that is due now and wait until it has ended."""
        while self.step() or self._tasks:
            await asyncio.gather(*self._tasks)

    def _start(self, pending: Pending) -> None:
        self._running[pending.function] += 1
        task = asyncio.get_running_loop().create_task(self._attempt(pending))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _nap(self) -> float:
        if not self._later:
            return _TICK_SECONDS
        return min(_TICK_SECONDS, max(0.0, self._later[0][0] - self._clock.now()))

    async def _attempt(self, pending: Pending) -> None:
        try:
            config = self._config(pending)
            if self._clock.now() - pending.accepted > config.age_seconds:
                # guess: an event that became too old is dropped, and no destination hears of it.
                self._journal.delete_pending(pending.request_id)
                return
            result = await self._invoke(pending)
        finally:
            self._running[pending.function] -= 1
            self._wake.set()
        now = self._clock.now()
        if result.status == 429 and now - pending.accepted < THROTTLED_SECONDS:
            times = pending.throttled + 1
            # Not written: after a restart it is simply due.
            self._put_off(replace(pending, throttled=times, due=now + throttled_delay(times)))
        elif result.status == 200 and result.error_type and pending.attempt <= config.retries:
            attempt = pending.attempt + 1
            due = now + delay_before(attempt)
            later = replace(pending, attempt=attempt, throttled=0, due=due)
            self._journal.put_off(later)
            self._put_off(later)
        else:
            self._finish(pending, result, config)
            self._journal.delete_pending(pending.request_id)

    def _put_off(self, pending: Pending) -> None:
        heapq.heappush(self._later, (pending.due, next(self._order), pending))
