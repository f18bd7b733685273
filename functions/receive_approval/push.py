"""What a push of a platform turns out to be, the same for both platforms."""

from collections.abc import Mapping
from typing import Any, NamedTuple

OLDEST_SECONDS = 8 * 3600.0
"""How old the signature of a push may be: Lark repeats one for seven hours, and whether a repeat is
signed anew is not documented. A push that is replayed has no effect of its own."""
MOST_AHEAD_SECONDS = 300.0


class Refused(NamedTuple):
    """Not from the platform, or not for this app; the sender is not told why."""

    reason: str


class Handshake(NamedTuple):
    """The platform asks whether this is the right place; the answer in its form."""

    answer: Mapping[str, Any]


class Approval(NamedTuple):
    """An instance of an approval was decided, or a decision was taken back."""

    event_id: str
    """The platform's own, the same where it pushes again."""
    instance: str
    definition: str


class Members(NamedTuple):
    """Somebody joined or left."""

    event_id: str
    joined: bool
    ids: tuple[str, ...]


class Other(NamedTuple):
    """Authentic, and nothing that leads to a request."""

    event_id: str = ""
    lacks: str = ""
    """What the platform left out because the app may not see it."""


Received = Approval | Members | Other
"""What the platform says has happened; nobody believes it before the platform has confirmed it."""


def is_timely(moment: float, now: float) -> bool:
    """Return whether a signature's time is neither long past nor ahead of all clocks."""
    return now - OLDEST_SECONDS <= moment <= now + MOST_AHEAD_SECONDS


def text(payload: Mapping[str, Any], name: str) -> str:
    """Return a text of a payload that names something; empty if it is none or far too long."""
    value = payload.get(name)
    is_name = isinstance(value, str) and len(value) <= 128 and value.isprintable()
    return value if is_name and isinstance(value, str) else ""
