"""Run scripts on instances, so many at once on each and the rest in the order of their arrival.

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
from localcloud.sandbox.instance import Progress, Script
from localcloud.sandbox.isolation import SandboxUnavailableError
from localcloud.sandbox.outcome import Outcome

AT_ONCE = 8
"""Scripts that run at the same time on one instance."""


class Runner(Protocol):
    """What runs scripts on instances."""

    async def run(self, name: str, script: Script, progress: Progress | None = None) -> Outcome:
        """Run a script on an instance to its end."""

    def stop(self, name: str, script: str) -> None:
        """Kill a running script."""


@dataclass
class Live:
    """A run that has not ended: what the store does not know yet."""

    invoke_id: str
    instance_id: str
    status: str = statuses.PENDING
    started: float | None = None
    output: bytes = b""
    dropped: int = 0

    def progress(self, output: bytes, dropped: int) -> None:
        """Take note of what the script has written so far."""
        self.output, self.dropped = output, dropped


@dataclass
class _Line:
    """The runs of one instance."""

    waiting: deque[Live] = field(default_factory=deque)
    running: int = 0


Prepare = Callable[[Live], Awaitable[Script]]
"""Gives the script of a run that is about to begin."""
Finish = Callable[[Live, Outcome], Awaitable[None]]
"""Remembers how a run ended; until it returns the run counts as live."""


class Dispatcher:
    """The runs of all instances."""

    def __init__(self, runner: Runner, clock: Clock, prepare: Prepare, finish: Finish) -> None:
        self._runner = runner
        self._clock = clock
        self._prepare = prepare
        self._finish = finish
        self._lines: dict[str, _Line] = {}
        self._live: dict[tuple[str, str], Live] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = False
        self._failed: asyncio.Future[None] | None = None

    def add(self, invoke_id: str, instance_id: str) -> None:
        """Queue a run; it begins as soon as its instance has room and the dispatcher runs."""
        live = Live(invoke_id, instance_id)
        self._live[invoke_id, instance_id] = live
        self._lines.setdefault(instance_id, _Line()).waiting.append(live)
        self._begin(instance_id)

    def live(self, invoke_id: str, instance_id: str) -> Live | None:
        """Return a run that has not ended."""
        return self._live.get((invoke_id, instance_id))

    def running(self, instance_id: str) -> int:
        """Tell how many scripts run on an instance."""
        line = self._lines.get(instance_id)
        return line.running if line else 0

    async def stop(self, invoke_id: str, instance_id: str) -> None:
        """Take a run out of the queue or kill its script; nothing happens if it has ended."""
        live = self.live(invoke_id, instance_id)
        if live is None or live.status == statuses.STOPPING:
            return
        waiting = self._lines[instance_id].waiting
        if live in waiting:
            waiting.remove(live)
            await self._end(live, Outcome("cancelled"))
        else:
            live.status = statuses.STOPPING
            self._runner.stop(instance_id, invoke_id)

    async def run(self) -> None:
        """Begin runs as they come, until cancelled; what runs then is killed and not finished."""
        self._failed = asyncio.get_running_loop().create_future()
        self._open = True
        for instance_id in list(self._lines):
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
            for instance_id in list(self._lines):
                self._begin(instance_id)
            while self._tasks:
                await asyncio.gather(*self._tasks)
                # What has ended leaves the set in the next turn; gather need not wait that long.
                await asyncio.sleep(0)
        finally:
            self._open = False

    def _begin(self, instance_id: str) -> None:
        line = self._lines[instance_id]
        while self._open and line.waiting and line.running < AT_ONCE:
            line.running += 1
            task = asyncio.create_task(self._do(line, line.waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    async def _do(self, line: _Line, live: Live) -> None:
        try:
            script = await self._prepare(live)
            await self._end(live, await self._run(live, script))
        finally:
            line.running -= 1
            self._begin(live.instance_id)

    async def _run(self, live: Live, script: Script) -> Outcome:
        if live.status == statuses.STOPPING:
            return Outcome("cancelled")
        live.status = statuses.RUNNING
        live.started = self._clock.now()
        try:
            return await self._runner.run(live.instance_id, script, live.progress)
        except (SandboxUnavailableError, OSError) as error:
            return Outcome("refused", reason=f"ClientNotRunning: {error}")

    async def _end(self, live: Live, outcome: Outcome) -> None:
        await self._finish(live, outcome)
        self._live.pop((live.invoke_id, live.instance_id), None)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error and self._failed and not self._failed.done():
            # A run that can't be remembered: the cloud must not go on as if it had been.
            self._failed.set_exception(error)
