"""Server-sent events: a line whenever something was written, for whoever shows it live.

The line says only that there is something new, and its number; what, is asked for as before.
"""

import asyncio
from collections.abc import AsyncIterator

_GATHER_SECONDS = 0.03
"""A request writes several times; those that come so close together are one."""
_IDLE_SECONDS = 15.0


class Written:
    """Knows who listens; :meth:`notify` may be called on any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: set[asyncio.Event] = set()
        self._number = 0
        self._has_ended = False

    def notify(self) -> None:
        """Say that something was written."""
        if self._listeners and self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    def end(self) -> None:
        """End all streams, so that the server can stop."""
        self._has_ended = True
        self._wake()

    async def lines(self) -> AsyncIterator[str]:
        """Return the lines of one stream, until the reader or the server goes."""
        self._loop = asyncio.get_running_loop()
        wake = asyncio.Event()
        self._listeners.add(wake)
        try:
            # How soon a browser comes back after the server was away.
            yield f"retry: 500\ndata: {self._number}\n\n"
            while not self._has_ended:
                try:
                    async with asyncio.timeout(_IDLE_SECONDS):
                        await wake.wait()
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                await asyncio.sleep(0 if self._has_ended else _GATHER_SECONDS)
                wake.clear()
                yield f"data: {self._number}\n\n"
        finally:
            self._listeners.discard(wake)

    def _wake(self) -> None:
        self._number += 1
        for listener in self._listeners:
            listener.set()
