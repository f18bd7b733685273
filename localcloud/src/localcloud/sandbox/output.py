"""What is kept of a script's output; pure.

The Cloud Assistant agent passes on 2 KB a second from the beginning, until it has passed on 6 KB;
of all that follows it reports the end. So of a long output the middle is dropped, or the beginning
if the script ends within a second (``basetask.go`` of aliyun/aliyun_assist_client).

Standard library only: the agent of an instance imports this without site packages.
"""

import time

from localcloud.sandbox.limits import OUTPUT_LIMIT_BYTES

_PASSED_ON_BYTES = 2048
_ENOUGH_PASSED_ON_BYTES = 6000
_INTERVAL_SECONDS = 1.0
_MOST_PASSED_ON_BYTES = _ENOUGH_PASSED_ON_BYTES + _PASSED_ON_BYTES


class Output:
    """The output of one script, in bounded memory."""

    def __init__(self, begun: float | None = None) -> None:
        self._beginning = bytearray()
        self._end = bytearray()
        self._total = 0
        self._passed_on = 0
        self._next = (time.monotonic() if begun is None else begun) + _INTERVAL_SECONDS

    @property
    def dropped(self) -> int:
        """How many bytes are not kept."""
        return max(0, self._total - OUTPUT_LIMIT_BYTES)

    def add(self, data: bytes) -> None:
        """Take what the script wrote next."""
        self._total += len(data)
        self._beginning += data[: _MOST_PASSED_ON_BYTES - len(self._beginning)]
        self._end += data
        del self._end[:-OUTPUT_LIMIT_BYTES]

    def pass_on(self, now: float) -> None:
        """Let the agent pass on what it does each second, as often as it is due."""
        while now >= self._next:
            self._next += _INTERVAL_SECONDS
            if self._passed_on <= _ENOUGH_PASSED_ON_BYTES:
                self._passed_on = min(self._passed_on + _PASSED_ON_BYTES, self._total)

    def kept(self) -> bytes:
        """Return what is reported."""
        if not self.dropped:
            return bytes(self._end)
        return bytes(self._beginning[: self._passed_on] + self._end[self._passed_on :])
