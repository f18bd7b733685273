"""Workers are reused, multiplied under load, shared between functions and stopped when idle."""

import asyncio
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from localcloud.environment import ManualClock
from localcloud.fc.pool import IDLE_SECONDS, Pool
from localcloud.fc.process import Worker, WorkerSpec
from localcloud.sandbox.level import Level


@dataclass(eq=False)
class FakeWorker:
    """A worker without a process."""

    spec: WorkerSpec
    idle_since: float = 0.0
    is_usable: bool = True
    is_stopped: bool = False

    async def stop(self) -> None:
        """Remember that it was stopped."""
        self.is_usable = False
        self.is_stopped = True


@dataclass
class Bench:
    """A pool of fake workers and those it started."""

    per_function: int = 8
    in_total: int = 12
    clock: ManualClock = field(default_factory=ManualClock)
    started: list[FakeWorker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pool = Pool(
            self.clock,
            per_function=self.per_function,
            in_total=self.in_total,
            start=self._start,
        )

    async def _start(self, spec: WorkerSpec) -> Worker:
        worker = FakeWorker(spec)
        self.started.append(worker)
        await asyncio.sleep(0)
        return cast("Worker", worker)

    def running(self) -> int:
        """Return the number of workers that were not stopped."""
        return sum(not worker.is_stopped for worker in self.started)

    async def use(self, spec: WorkerSpec, gate: asyncio.Event) -> WorkerSpec:
        """Hold a worker until the gate opens."""
        async with asyncio.timeout(30), self.pool.worker(spec) as worker:
            await gate.wait()
            return worker.spec


def spec(function: str, revision: str = "1", version: str = "LATEST") -> WorkerSpec:
    """Return what a worker runs."""
    return WorkerSpec(function, version, revision, Path("/code"), "{}", (), Level.DIRECTORY, 128, 1)


async def settle() -> None:
    """Let every task go on as far as it can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_free_worker_is_reused() -> None:
    """Calls one after the other share one worker."""
    bench = Bench()
    gate = asyncio.Event()
    gate.set()
    for _ in range(3):
        await bench.use(spec("a"), gate)
    assert (len(bench.started), bench.pool.count("a")) == (1, 1)


async def test_more_calls_get_more_workers_up_to_the_limit() -> None:
    """A worker per call at once, up to the function's limit; the others wait and are all served."""
    bench = Bench(per_function=3)
    gate = asyncio.Event()
    calls = [asyncio.create_task(bench.use(spec("a"), gate)) for _ in range(20)]
    await settle()
    assert bench.pool.count("a") == len(bench.started) == 3
    gate.set()
    await asyncio.gather(*calls)
    assert len(bench.started) == 3


async def test_one_more_is_prepared_beside_the_free_ones_and_only_where_there_is_room() -> None:
    """A free worker is not a new one, and no place of another function is taken."""
    bench = Bench(per_function=3, in_total=4)
    loaded: list[Worker] = []

    async def load(worker: Worker) -> None:
        loaded.append(worker)

    for expected in (1, 2, 3, 3):
        await bench.pool.prepare(spec("a"), load)
        assert bench.pool.count("a") == len(loaded) == expected
    for expected in (1, 1):
        await bench.pool.prepare(spec("b"), load)
        assert (bench.pool.count("a"), bench.pool.count("b")) == (3, expected)
    gate = asyncio.Event()
    gate.set()
    await bench.use(spec("a"), gate)
    assert len(bench.started) == 4, "the call got one of those that were ready"


async def test_what_cannot_be_prepared_gives_its_place_back() -> None:
    """A worker that does not load is not kept."""
    bench = Bench(per_function=1)

    async def load(worker: Worker) -> None:
        cast("FakeWorker", worker).is_usable = False

    await bench.pool.prepare(spec("a"), load)
    assert (bench.pool.count("a"), bench.pool.count()) == (0, 0)


async def test_a_function_in_need_gets_a_place_from_idle_ones() -> None:
    """When the total is reached, an idle worker of another function makes room."""
    bench = Bench(per_function=2, in_total=2)
    gate = asyncio.Event()
    gate.set()
    await asyncio.gather(*(bench.use(spec("a"), gate) for _ in range(2)))
    await bench.use(spec("b"), gate)
    assert (bench.pool.count("a"), bench.pool.count("b"), bench.pool.count()) == (1, 1, 2)


async def test_a_backlog_does_not_starve_another_function() -> None:
    """With every place busy and a long line for one function, another gets its share."""
    bench = Bench(per_function=4, in_total=4)
    gate = asyncio.Event()
    backlog = [asyncio.create_task(bench.use(spec("a"), gate)) for _ in range(50)]
    await settle()
    others = [asyncio.create_task(bench.use(spec("b"), asyncio.Event())) for _ in range(3)]
    await settle()
    assert (bench.pool.count("a"), bench.pool.count("b")) == (4, 0)
    gate.set()
    await asyncio.gather(*backlog)
    await settle()
    assert (bench.pool.count(), bench.pool.count("b")) == (4, 3)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    assert bench.running() <= 4


async def test_shares_even_out_while_both_wait() -> None:
    """Two functions with endless work get the same number of workers, and then stop trading."""
    bench = Bench(per_function=8, in_total=6)

    async def work(function: str) -> None:
        for _ in range(200):
            async with bench.pool.worker(spec(function)):
                await asyncio.sleep(0)

    first = [asyncio.create_task(work("a")) for _ in range(10)]
    await settle()
    second = [asyncio.create_task(work("b")) for _ in range(10)]
    await settle()
    assert (bench.pool.count("a"), bench.pool.count("b")) == (3, 3)
    await asyncio.gather(*first, *second)
    assert len(bench.started) < 20


async def test_workers_of_an_old_revision_are_not_used_again() -> None:
    """After a change, free workers stop at once and busy ones when they are done."""
    bench = Bench()
    gate = asyncio.Event()
    call = asyncio.create_task(bench.use(spec("a"), gate))
    await settle()
    bench.pool.retire("a")
    gate.set()
    await call
    assert await bench.use(spec("a", "2"), gate) == spec("a", "2")
    await settle()
    assert (bench.started[0].is_stopped, bench.running()) == (True, 1)


async def test_versions_of_a_function_do_not_drive_each_other_out() -> None:
    """Two versions in use at once each keep a worker; changing the function stops both."""
    bench = Bench()
    gate = asyncio.Event()
    gate.set()
    for _ in range(3):
        await bench.use(spec("a"), gate)
        await bench.use(spec("a", version="1"), gate)
    assert (len(bench.started), bench.pool.count("a")) == (2, 2)
    bench.pool.retire("a")
    assert bench.pool.count("a") == 0


async def test_idle_workers_are_stopped_after_a_while() -> None:
    """A worker that had nothing to do for a minute goes; one that was just used stays."""
    bench = Bench()
    gate = asyncio.Event()
    gate.set()
    await bench.use(spec("a"), gate)
    bench.clock.advance(IDLE_SECONDS / 2)
    await bench.use(spec("b"), gate)
    bench.clock.advance(IDLE_SECONDS / 2)
    bench.pool.stop_idle()
    assert (bench.pool.count("a"), bench.pool.count("b")) == (0, 1)


async def test_a_worker_that_broke_is_replaced() -> None:
    """A worker that cannot go on is stopped, and who waits for it gets a new one."""
    bench = Bench(per_function=1)
    gate = asyncio.Event()
    calls = [asyncio.create_task(bench.use(spec("a"), gate)) for _ in range(2)]
    await settle()
    bench.started[0].is_usable = False
    gate.set()
    await asyncio.gather(*calls)
    assert (len(bench.started), bench.started[0].is_stopped, bench.running()) == (2, True, 1)


async def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    """Cancelled waiters, before and just after their turn came, neither keep nor lose a place."""
    bench = Bench(per_function=1, in_total=1)
    gate = asyncio.Event()
    async with bench.pool.worker(spec("a")):
        waiting = [asyncio.create_task(bench.use(spec("a"), gate)) for _ in range(3)]
        await settle()
        waiting[0].cancel()
        await settle()
    # The second one's turn has come by now; it is cancelled before it runs.
    waiting[1].cancel()
    gate.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert waiting[2].result() == spec("a")
    assert (bench.pool.count(), bench.running()) == (1, 1)


async def test_a_start_that_fails_gives_its_place_back() -> None:
    """When a process cannot be started, the caller fails and the place is free again."""

    async def fail(_spec: WorkerSpec) -> Worker:
        raise OSError("no more processes")

    pool = Pool(ManualClock(), start=fail)
    for _ in range(20):
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(pool.worker(spec("a")))
            except OSError:
                continue
    assert pool.count() == 0


async def test_closing_ends_when_a_worker_ends_in_that_moment() -> None:
    """What has ended but is still in the pool's books is not waited for without end."""

    def give_up(*_: object) -> None:
        raise TimeoutError("close() goes round in the loop and lets nobody else")

    # The loop's own timeouts never come when it is not given back.
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(10)
    try:
        bench = Bench()
        gate = asyncio.Event()
        gate.set()
        await bench.use(spec("a"), gate)
        bench.pool.retire("a")
        await asyncio.sleep(0)  # the worker has ended; its callbacks come in the next turn
        await bench.pool.close()
        assert bench.running() == 0
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
