"""The worker processes of all functions: reused while warm, more of them under load, few when idle.

A worker runs one invocation at a time. A function may have ``per_function`` workers and all
functions together ``in_total``; who finds none free waits in line. When the total is reached, a
free worker is handed from the function that has more to the one that has fewer and waits, so that
one function's backlog does not starve the next step of the loop.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from localcloud.environment import Clock
from localcloud.fc.process import Worker, WorkerSpec

IDLE_SECONDS = 60.0
"""How long a worker may wait for the next invocation before it is stopped."""


@dataclass
class _Crew:
    """The workers of one version of a function."""

    idle: list[Worker] = field(default_factory=list)
    count: int = 0
    """Busy, idle and starting ones."""
    waiting: deque["asyncio.Future[Worker | None]"] = field(default_factory=deque)
    """Who waits; a worker is handed over, or nothing: then start one, the place is counted."""

    @property
    def is_waited_for(self) -> bool:
        """Return whether somebody waits who has not given up."""
        return any(not ticket.done() for ticket in self.waiting)


class Pool:
    """Lends workers."""

    def __init__(
        self,
        clock: Clock,
        *,
        per_function: int = 4,
        in_total: int = 16,
        start: Callable[[WorkerSpec], Awaitable[Worker]],
    ) -> None:
        """Start empty; ``start`` makes a worker."""
        self._clock = clock
        self._per_function = per_function
        self._in_total = in_total
        self._start = start
        self._crews: dict[tuple[str, str], _Crew] = {}
        self._total = 0
        self._stopping: set[asyncio.Task[None]] = set()

    def count(self, function: str | None = None, version: str | None = None) -> int:
        """Return the number of workers: of all, of a function or of one version of it."""
        if function is None:
            return self._total
        return sum(
            crew.count
            for (name, of), crew in self._crews.items()
            if name == function and version in {None, of}
        )

    @asynccontextmanager
    async def worker(self, spec: WorkerSpec) -> AsyncIterator[Worker]:
        """Lend a worker for one invocation; whatever interrupts that ends the worker."""
        worker = await self._acquire(spec)
        try:
            yield worker
        finally:
            self._release(worker)

    async def prepare(self, spec: WorkerSpec, load: Callable[[Worker], Awaitable[object]]) -> None:
        """Start one more worker and have it load its code; do nothing where there is no room.

        Those that are free are not taken: they are there already.
        """
        crew = self._crew(spec)
        if crew.count >= self._per_function or self._total >= self._in_total:
            return
        self._take_place(crew)
        worker = await self._start_in_place(crew, spec)
        try:
            await load(worker)
        finally:
            self._release(worker)

    def retire(self, function: str) -> None:
        """Stop a function's free workers, because it was changed or deleted."""
        for key, crew in self._crews.items():
            for worker in list(crew.idle) if key[0] == function else ():
                self._dismiss(worker)

    def stop_idle(self, kept: Mapping[tuple[str, str], int] | None = None) -> None:
        """Stop the workers that had nothing to do for a while.

        Args:
            kept: How many stay, by function and version.
        """
        deadline = self._clock.now() - IDLE_SECONDS
        for key, crew in self._crews.items():
            spare = crew.count - (kept or {}).get(key, 0)
            for worker in list(crew.idle):
                if not worker.is_usable or (worker.idle_since <= deadline and spare > 0):
                    self._dismiss(worker)
                    spare -= 1

    async def close(self) -> None:
        """Stop the free workers and wait until all that were stopped are gone."""
        for crew in self._crews.values():
            for worker in list(crew.idle):
                self._dismiss(worker)
        while self._stopping:
            await asyncio.gather(*self._stopping)
            # What has ended leaves the set in the next turn; gather need not wait that long.
            await asyncio.sleep(0)

    async def _acquire(self, spec: WorkerSpec) -> Worker:
        crew = self._crew(spec)
        while crew.idle:
            worker = crew.idle[-1]
            if worker.spec == spec and worker.is_usable:
                return crew.idle.pop()
            self._dismiss(worker)
        if not self._may_start(crew):
            ticket: asyncio.Future[Worker | None] = asyncio.get_running_loop().create_future()
            crew.waiting.append(ticket)
            try:
                handed = await ticket
            except asyncio.CancelledError:
                self._return_unused(crew, ticket)
                raise
            if handed is not None and handed.spec == spec and handed.is_usable:
                return handed
            if handed is not None:
                # It is of an older revision; its place is taken over at once.
                self._stop_later(handed)
        else:
            self._take_place(crew)
        return await self._start_in_place(crew, spec)

    def _crew(self, spec: WorkerSpec) -> _Crew:
        return self._crews.setdefault(_key(spec), _Crew())

    async def _start_in_place(self, crew: _Crew, spec: WorkerSpec) -> Worker:
        try:
            return await self._start(spec)
        except BaseException:
            self._free_place(crew)
            raise

    def _may_start(self, crew: _Crew) -> bool:
        if crew.count >= self._per_function:
            return False
        if self._total < self._in_total:
            return True
        return self._dismiss_one_of_others(crew)

    def _dismiss_one_of_others(self, crew: _Crew) -> bool:
        idle = [w for other in self._crews.values() if other is not crew for w in other.idle]
        if not idle:
            return False
        self._dismiss(min(idle, key=lambda w: w.idle_since), wake=False)
        return True

    def _release(self, worker: Worker) -> None:
        crew = self._crews[_key(worker.spec)]
        if not worker.is_usable or self._has_more_than_its_share(crew):
            self._stop_later(worker)
            self._free_place(crew)
            return
        while crew.waiting:
            ticket = crew.waiting.popleft()
            if not ticket.done():
                ticket.set_result(worker)
                return
        worker.idle_since = self._clock.now()
        crew.idle.append(worker)
        self._use_free_place()

    def _has_more_than_its_share(self, crew: _Crew) -> bool:
        """Return whether another function waits with at least two fewer, and no place is left."""
        waiting = [c.count for c in self._crews.values() if c is not crew and c.is_waited_for]
        return self._total >= self._in_total and min(waiting, default=crew.count) + 1 < crew.count

    def _dismiss(self, worker: Worker, *, wake: bool = True) -> None:
        crew = self._crews[_key(worker.spec)]
        crew.idle.remove(worker)
        self._stop_later(worker)
        self._free_place(crew, wake=wake)

    def _take_place(self, crew: _Crew) -> None:
        crew.count += 1
        self._total += 1

    def _free_place(self, crew: _Crew, *, wake: bool = True) -> None:
        crew.count -= 1
        self._total -= 1
        if wake:
            self._use_free_place()

    def _use_free_place(self) -> None:
        """Let the one who waits with the fewest workers start one, if there is room."""
        most = self._per_function
        waiting = [c for c in self._crews.values() if c.is_waited_for and c.count < most]
        crew = min(waiting, key=lambda c: c.count, default=None)
        if crew is None or not self._may_start(crew):
            return
        while crew.waiting:
            ticket = crew.waiting.popleft()
            if not ticket.done():
                self._take_place(crew)
                ticket.set_result(None)
                return

    def _return_unused(self, crew: _Crew, ticket: "asyncio.Future[Worker | None]") -> None:
        """Give back what a waiter was handed in the moment in which it was cancelled."""
        if ticket.cancelled():
            return
        if (worker := ticket.result()) is not None:
            self._release(worker)
        else:
            self._free_place(crew)

    def _stop_later(self, worker: Worker) -> None:
        task = asyncio.get_running_loop().create_task(worker.stop())
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


def _key(spec: WorkerSpec) -> tuple[str, str]:
    return spec.function, spec.version
