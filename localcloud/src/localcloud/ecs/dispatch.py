"""Run scripts on instances: a few at a time on each, the others queue in order of arrival.

Nothing here waits for a clock: time passes only inside the runner. What is queued or running is
in memory; what must survive is in the store before it arrives here.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from localcloud.ecs import statuses
from localcloud.environment import Clock
from localcloud.sandbox.files import Files
from localcloud.sandbox.instance import Progress, Script
from localcloud.sandbox.isolation import Isolation, SandboxUnavailableError
from localcloud.sandbox.outcome import Outcome

AT_ONCE = 10
"""Scripts that run at the same time on one instance (``maxRunningTasks`` of the agent's source)."""


class Machines(Protocol):
    """The machines that instances run on, as this service needs them."""

    @property
    def known_isolation(self) -> Isolation | None:
        """The isolation that was chosen, if it was already."""

    async def isolation(self) -> Isolation:
        """Choose the isolation."""

    def files(self, name: str) -> Files:
        """Return the files of an instance."""

    async def run(self, name: str, script: Script, progress: Progress | None = None) -> Outcome:
        """Run a script on an instance to its end."""

    def stop(self, name: str, script: str) -> None:
        """Kill a running script."""


@dataclass
class RunningInvocation:
    """A run that has not ended: what the store does not know yet."""

    invoke_id: str
    instance_id: str
    status: str = statuses.PENDING
    started: float | None = None
    output: bytes = b""
    dropped: int = 0

    def progress(self, output: bytes, dropped: int) -> None:
        """Record what the script has written so far."""
        self.output, self.dropped = output, dropped


@dataclass
class _Queue:
    """The runs of one instance."""

    waiting: deque[RunningInvocation] = field(default_factory=deque)
    running: int = 0


Prepare = Callable[[RunningInvocation], Awaitable[Script | None]]
"""Returns the script of a run that is about to begin; None if its instance does not run."""
Finish = Callable[[RunningInvocation, Outcome], Awaitable[None]]
"""Remembers how a run ended; until it returns the run counts as unfinished."""


class Dispatcher:
    """The runs of all instances."""

    def __init__(self, machines: Machines, clock: Clock, prepare: Prepare, finish: Finish) -> None:
        self._machines = machines
        self._clock = clock
        self._prepare = prepare
        self._finish = finish
        self._queues: dict[str, _Queue] = {}
        self._unfinished: dict[tuple[str, str], RunningInvocation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = False
        self._failed: asyncio.Future[None] | None = None

    def add(self, invoke_id: str, instance_id: str) -> None:
        """Queue a run; it begins as soon as its instance has room and the dispatcher runs."""
        run = RunningInvocation(invoke_id, instance_id)
        self._unfinished[invoke_id, instance_id] = run
        self._queues.setdefault(instance_id, _Queue()).waiting.append(run)
        self._begin(instance_id)

    def get(self, invoke_id: str, instance_id: str) -> RunningInvocation | None:
        """Return a run that has not ended."""
        return self._unfinished.get((invoke_id, instance_id))

    def running(self, instance_id: str) -> int:
        """Return how many scripts run on an instance."""
        queue = self._queues.get(instance_id)
        return queue.running if queue else 0

    async def stop(self, invoke_id: str, instance_id: str) -> None:
        """Remove a run from its queue or kill its script, unless it has ended."""
        run = self.get(invoke_id, instance_id)
        if run is None or run.status == statuses.STOPPING:
            return
        waiting = self._queues[instance_id].waiting
        if run in waiting:
            waiting.remove(run)
            await self._end(run, Outcome("cancelled"))
        else:
            run.status = statuses.STOPPING
            self._machines.stop(instance_id, invoke_id)

    async def run(self) -> None:
        """Begin runs as they come, until cancelled; what runs then is killed and not finished."""
        self._failed = asyncio.get_running_loop().create_future()
        self._open = True
        for instance_id in list(self._queues):
            self._begin(instance_id)
        try:
            await self._failed
        finally:
            self._open = False
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self) -> None:
        """Run everything that is queued to its end."""
        self._open = True
        try:
            for instance_id in list(self._queues):
                self._begin(instance_id)
            while self._tasks:
                await asyncio.gather(*self._tasks)
                # What has ended leaves the set in the next turn; gather need not wait that long.
                await asyncio.sleep(0)
        finally:
            self._open = False

    def _begin(self, instance_id: str) -> None:
        queue = self._queues[instance_id]
        while self._open and queue.waiting and queue.running < AT_ONCE:
            queue.running += 1
            task = asyncio.create_task(self._do(queue, queue.waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    async def _do(self, queue: _Queue, run: RunningInvocation) -> None:
        try:
            script = await self._prepare(run)
            off = Outcome("refused", reason="ClientNotRunning: the instance is not running")
            await self._end(run, await self._run(run, script) if script else off)
        finally:
            queue.running -= 1
            self._begin(run.instance_id)

    async def _run(self, run: RunningInvocation, script: Script) -> Outcome:
        if run.status == statuses.STOPPING:
            return Outcome("cancelled")
        run.status = statuses.RUNNING
        run.started = self._clock.now()
        try:
            return await self._machines.run(run.instance_id, script, run.progress)
        except (SandboxUnavailableError, OSError) as error:
            return Outcome("refused", reason=f"ClientNotRunning: {error}")

    async def _end(self, run: RunningInvocation, outcome: Outcome) -> None:
        await self._finish(run, outcome)
        self._unfinished.pop((run.invoke_id, run.instance_id), None)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error and self._failed and not self._failed.done():
            # A run that can't be remembered: the cloud must not go on as if it had been.
            self._failed.set_exception(error)
