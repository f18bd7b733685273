"""What the cloud's APIs and a company's HTTP APIs refused lately, and of which request it was.

A caller that tries again by itself says nothing until it gives up; here the reason is seen at once.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from localcloud.api import ApiCall
from localcloud.environment import Clock
from localcloud.errors import ApiError

_KEPT = 1_000
_LONGEST_VALUE = 4_096


class Refusal(NamedTuple):
    """A call that was refused."""

    by: str
    """``ecs:InvokeCommand``, or the name of an HTTP API."""
    at: float
    """In seconds since 1970."""
    code: str
    message: str
    texts: tuple[str, ...]
    """What the call said, in which ids are looked for."""


class Refusals:
    """The last refusals, in memory; ``notify`` is called for each."""

    def __init__(self, clock: Clock, notify: Callable[[], None]) -> None:
        self._clock = clock
        self._notify = notify
        self._kept: deque[Refusal] = deque(maxlen=_KEPT)

    def __iter__(self) -> Iterator[Refusal]:
        return iter(list(self._kept))

    def of_api(self, call: ApiCall, error: ApiError) -> None:
        """Keep that an action of the cloud was refused."""
        texts = tuple(value for value in call.params.values() if len(value) < _LONGEST_VALUE)
        self._add(f"{call.product}:{call.action}", error.code, error.message, texts)

    def of_http_api(self, name: str, key: str, status: int, message: str) -> None:
        """Keep that an HTTP API refused a request with that ``Idempotency-Key``."""
        # Several calls of one event have its id with a number behind it.
        self._add(name, f"HTTP {status}", message, (key, key.rpartition("-")[0]))

    def _add(self, by: str, code: str, message: str, texts: tuple[str, ...]) -> None:
        self._kept.append(Refusal(by, self._clock.now(), code, message, texts))
        self._notify()
