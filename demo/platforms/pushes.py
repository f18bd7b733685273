"""Posts pushes to an app's callback, again on the platform's schedule, or as somebody wishes."""

import asyncio
import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

_TICK_SECONDS = 0.05


@dataclass(frozen=True)
class Push:
    """A request that is ready to be sent; each attempt is signed anew."""

    make: Callable[[], tuple[str, Mapping[str, str], bytes]]
    """Returns URL, headers and body."""
    seconds: float
    """How long the platform waits for an answer."""
    is_taken: Callable[[httpx.Response], bool]
    retries: Sequence[float] = ()
    """Seconds before each further attempt, after one that was not taken."""
    record: list[dict[str, Any]] = field(default_factory=list)
    """Where the attempts are noted."""
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(order=True)
class _Due:
    at: float
    number: int
    push: Push = field(compare=False)
    attempt: int = field(compare=False, default=0)


class Pusher:
    """Sends what is due."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._due: list[_Due] = []
        self._number = 0
        self._running: set[asyncio.Task[None]] = set()

    def later(self, push: Push, seconds: float = 0.0) -> None:
        """Send a push after a while."""
        self._number += 1
        heapq.heappush(self._due, _Due(self._now() + seconds, self._number, push))

    async def run(self) -> None:
        """Send what is due until cancelled."""
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                task = asyncio.create_task(self.send_due(client))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                await asyncio.sleep(_TICK_SECONDS)

    async def send_due(self, client: httpx.AsyncClient) -> None:
        """Send all that is due, at the same time, and wait for the answers."""
        now, due = self._now(), []
        while self._due and self._due[0].at <= now:
            due.append(heapq.heappop(self._due))
        await asyncio.gather(*(self._send(client, one) for one in due))

    async def _send(self, client: httpx.AsyncClient, due: _Due) -> None:
        if await self.attempt(client, due.push) or due.attempt >= len(due.push.retries):
            return
        self._number += 1
        at = self._now() + due.push.retries[due.attempt]
        heapq.heappush(self._due, _Due(at, self._number, due.push, due.attempt + 1))

    async def attempt(self, client: httpx.AsyncClient, push: Push) -> bool:
        """Send a push once; return whether it was taken in time."""
        url, headers, body = push.make()
        began = self._now()
        status, taken = 0, False
        try:
            answer = await client.post(url, content=body, headers=headers, timeout=push.seconds)
            status, taken = answer.status_code, push.is_taken(answer)
        except httpx.HTTPError:
            pass
        ms = round((self._now() - began) * 1000)
        push.record.append({**push.about, "status": status, "taken": taken, "ms": ms})
        return taken
