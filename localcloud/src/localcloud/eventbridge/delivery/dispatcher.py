"""Takes accepted events to their targets: retries, dead letters, limits, and nothing twice at once.

    accepted -> durable -> lane of the target -> attempt -> delivered
                               ^                    |
                               +--- due again <-----+--> dead letter or dropped

A lane is a target's queue with a limit on how many attempts run at once; its workers go on to the
next delivery by themselves, so a slow target does not delay others. Nothing is sent before it is on
the disk, and no attempt waits for the result of another to be written: a result that is lost with
the process only means one more attempt after the restart, as deliveries are at least once anyway.
"""

import asyncio
import heapq
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from localcloud.environment import Clock
from localcloud.errors import ApiError
from localcloud.eventbridge.delivery.dead_letter import (
    DeadLetterSink,
    Letter,
    dead_letter_body,
)
from localcloud.eventbridge.delivery.journal import (
    DEAD_LETTER,
    DELIVERED,
    DROPPED,
    PENDING,
    Attempt,
    Delivery,
    Journal,
)
from localcloud.eventbridge.delivery.retry import next_delay
from localcloud.eventbridge.delivery.target import DeliveryError, Send, Target

Find: TypeAlias = Callable[[str, str, str], Target | None]
"""Returns the target of a bus, a rule and an id as it is configured now."""

AT_ONCE = {"acs.fc.function": 4}
"""How many attempts at one target may run at the same time, where it is not the usual number."""
USUALLY_AT_ONCE = 16
_MESSAGE_CHARACTERS = 500
_log = logging.getLogger("localcloud.eventbridge.delivery")


class _Lane:
    """The deliveries of one target that are due, and how many workers it has."""

    __slots__ = ("ready", "workers")

    def __init__(self) -> None:
        self.ready: deque[Delivery] = deque()
        self.workers = 0


class Dispatcher:
    """Delivers what the journal accepted; ``run`` for ever, or ``drain`` what is due now."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        random: Callable[[], float],
        find: Find,
        senders: Mapping[str, Send],
        dead_letters: DeadLetterSink,
        wait_for_lull: Callable[[], Awaitable[None]] | None = None,
        letter: Letter = dead_letter_body,
    ) -> None:
        self._letter = letter
        self._journal = journal
        self._clock = clock
        self._random = random
        self._find = find
        self._senders = senders
        self._dead_letters = dead_letters
        self._wait_for_lull = wait_for_lull
        self._lanes: dict[tuple[str, str, str], _Lane] = {}
        self._later: list[tuple[float, int, Delivery]] = []
        self._order = itertools.count()
        self._workers: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        for delivery in journal.unfinished():
            self._wait_for(delivery)
        journal.on_accepted = self._wake.set

    async def run(self) -> None:
        """Deliver until cancelled; wakes for new events and for retries that are due."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._wake.clear()
                await self._admit()
                self._release()
                alarm = None
                if self._later:
                    seconds = max(0.0, self._later[0][0] - self._clock.now())
                    alarm = loop.call_later(seconds, self._wake.set)
                await self._wake.wait()
                if alarm is not None:
                    alarm.cancel()
        finally:
            await self.stop()

    async def drain(self) -> None:
        """Deliver everything that is due by now, and what comes of it; for tests."""
        while True:
            await self._admit()
            self._release()
            if not self._workers:
                return
            await asyncio.wait(self._workers, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """Cancel the attempts that run; they are made again after a restart."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def next_due(self) -> float | None:
        """Return when the next retry is due, or None."""
        return self._later[0][0] if self._later else None

    async def _admit(self) -> None:
        accepted = self._journal.take_accepted()
        if accepted:
            await self._journal.flush()
            for delivery in accepted:
                self._line_up(delivery)

    def _release(self) -> None:
        now = self._clock.now()
        while self._later and self._later[0][0] <= now:
            self._line_up(heapq.heappop(self._later)[2])

    def _wait_for(self, delivery: Delivery) -> None:
        heapq.heappush(self._later, (delivery.due, next(self._order), delivery))
        if self._later[0][2] is delivery:
            self._wake.set()

    def _line_up(self, delivery: Delivery) -> None:
        key = (delivery.bus, delivery.rule, delivery.target)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
        lane.ready.append(delivery)
        target = self._find(*key)
        limit = AT_ONCE.get(target.type, USUALLY_AT_ONCE) if target else USUALLY_AT_ONCE
        if lane.workers < limit:
            lane.workers += 1
            worker = asyncio.create_task(self._work(lane))
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self, lane: _Lane) -> None:
        try:
            while lane.ready:
                if self._wait_for_lull is not None:
                    await self._wait_for_lull()
                if not lane.ready:
                    break
                await self._deliver(lane.ready.popleft())
                # Some targets never wait for anything; let others have a turn.
                await asyncio.sleep(0)
        finally:
            lane.workers -= 1

    async def _deliver(self, delivery: Delivery) -> None:
        target = self._find(delivery.bus, delivery.rule, delivery.target)
        found = self._journal.event(delivery.seq)
        began = self._clock.now()
        if target is None or found is None:
            gone = "the rule or target was deleted" if found else "the event was forgotten"
            delivery.due = 0.0
            self._journal.record(delivery, Attempt(began, False, "Gone", 0.0, gone), DROPPED)
            return
        event, text = found
        try:
            request = target.request(delivery.bus, event, text)
            message = await self._senders[target.type](request)
            ok, status = True, "Success"
        except DeliveryError as failure:
            ok, status, message = False, failure.status, failure.message
        except ApiError as failure:
            ok, status, message = False, failure.code, failure.message
        except Exception as error:
            # The text of an unforeseen error could hold a URL, hence a credential.
            _log.error("a delivery to '%s' failed with %s", target.type, type(error).__name__)
            ok, status, message = False, type(error).__name__, "a defect of the local cloud"
        attempt = Attempt(
            at=began,
            ok=ok,
            status=status,
            milliseconds=(self._clock.now() - began) * 1000,
            message=message[:_MESSAGE_CHARACTERS],
        )
        if ok:
            self._journal.record(delivery, attempt, DELIVERED)
        else:
            self._fail(delivery, target, text, attempt)

    def _fail(self, delivery: Delivery, target: Target, text: str, attempt: Attempt) -> None:
        delivery.failed += 1
        seconds = next_delay(target.retry, delivery.failed, self._random)
        if seconds is not None:
            delivery.due = self._clock.now() + seconds
            self._journal.record(delivery, attempt, PENDING)
            self._wait_for(delivery)
            return
        delivery.due = 0.0
        with self._journal.transaction():
            self._journal.record(delivery, attempt, self._give_up(delivery, target, text, attempt))

    def _give_up(self, delivery: Delivery, target: Target, text: str, attempt: Attempt) -> str:
        if not target.dead_letter_queue:
            return DROPPED
        try:
            body = self._letter(delivery, target, text, attempt)
            self._dead_letters(target.dead_letter_queue, body)
        except ApiError as error:
            _log.warning(
                "an event is lost: the dead-letter queue '%s' did not take it (%s)",
                target.dead_letter_queue,
                error.code,
            )
            return DROPPED
        return DEAD_LETTER
