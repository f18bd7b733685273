"""How events reach functions, under each reading of what nobody documents."""

import json
from dataclasses import dataclass
from typing import Any

ASYNC_RETRIES = 8
"""How often Function Compute repeats an asynchronous call, by the functions' configuration."""
STREAM_RETRIES = 3


@dataclass(frozen=True)
class Reading:
    """A form of reaching a function, and what the documentation means."""

    form: str
    """``direct``, ``queue`` or ``stream``."""
    is_async: bool = True
    """Whether a call is asynchronous; of a stream, ``asyncInvocationType`` either way."""
    exceptions_fail: bool = False
    """Whether a stream sees that a function it waited for has failed."""
    elements: type = str
    """Whether a stream's list is one of texts (``str``) or of objects (``dict``)."""

    def __str__(self) -> str:
        """Return it in a few words."""
        if self.form != "stream":
            return self.form
        how = "async" if self.is_async else f"sync{', seen' if self.exceptions_fail else ''}"
        return f"{self.form}: {how}, {self.elements.__name__}"

    @property
    def retries(self) -> int:
        """Return how often a call is repeated that ended in an exception, or in the middle."""
        if self.is_async:
            return ASYNC_RETRIES
        return STREAM_RETRIES if self.exceptions_fail else 0

    def wake(self, message: str) -> bytes:
        """Return what a rule or a stream calls a function with that looks into its queue."""
        if self.form == "queue":
            return b'{"wake": "queue"}'
        element: Any = {
            "id": "m",
            "type": "mns:Queue:SendMessage",
            "data": {"messageBody": message},
        }
        return json.dumps([json.dumps(element) if self.elements is str else element]).encode()


DIRECT = Reading("direct")
READINGS = (
    DIRECT,
    Reading("queue"),
    *(
        Reading("stream", is_async, exceptions_fail, elements)
        for is_async, exceptions_fail in ((True, False), (False, False), (False, True))
        for elements in (str, dict)
    ),
)
"""Each form under each reading that makes a difference to it."""


def reading_of(seed: int) -> Reading:
    """Return the reading under which a history is played if nobody says otherwise."""
    return READINGS[seed % len(READINGS)]
