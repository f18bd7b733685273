"""Calls of functions in virtual time.

A function that tries again sleeps in between, while everything else goes on. So each call has a
thread of its own; but only one of all threads runs at any time, and which one is the world's to
say, so a seed is still a history.
"""

from collections.abc import Callable
from threading import Semaphore, Thread

Ended = Callable[[str, BaseException | None], object]
"""Takes what a call returned, or what ended it."""


class Call:
    """A call that runs until it sleeps or ends."""

    def __init__(
        self,
        work: Callable[[], str],
        after: Callable[[float, Callable[[], None]], object],
        ended: Ended,
    ) -> None:
        self._work = work
        self._after = after
        self._ended = ended
        self._go = Semaphore(0)
        self._stop = Semaphore(0)
        self._pause: float | None = None
        self._lines = ""
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Run until it sleeps for the first time, or ends."""
        self._thread.start()
        self.resume()

    def resume(self) -> None:
        """Run until it sleeps again, or ends."""
        pause = self._on()
        if pause is not None:
            self._after(pause, self.resume)
            return
        self._thread.join()
        self._ended(self._lines, self._error)

    def _on(self) -> float | None:
        """Let it run; return for how long it sleeps then, or None if it has ended."""
        self._pause = None
        self._go.release()
        self._stop.acquire()
        return self._pause

    def sleep(self, seconds: float) -> None:
        """Let the world go on for so long; called by what runs in the call."""
        self._pause = seconds
        self._stop.release()
        self._go.acquire()

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._lines = self._work()
        except BaseException as error:
            self._error = error
        self._stop.release()
