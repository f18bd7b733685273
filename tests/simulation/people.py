"""What people and platforms do: few employees, many words, and nobody waits for the other."""

from dataclasses import dataclass
from random import Random

from functions.request.fields import DEPROVISION, PROVISION
from tests.simulation.settings import CHATS, REDELIVERIES, ROLES

EMPLOYEES = ("E1", "E2")
STRANGER = "E9"
"""Whom only posts without the right token ask anything for."""

Key = tuple[str, str, str, str]
"""What makes a request itself: its id, action, employee and role."""


@dataclass(frozen=True)
class Word:
    """What somebody decided: posted once, and perhaps again by the platform."""

    request_id: str
    action: str
    emp_id: str
    role: str
    chat: str
    posted: float
    """Seconds from the beginning."""
    is_dated_ahead: bool = False
    """Whether its event is stamped two years ahead."""
    has_token: bool = True

    @property
    def key(self) -> Key:
        """Return what makes the request itself."""
        return self.request_id, self.action, self.emp_id, self.role


def words(chance: Random) -> list[Word]:
    """Let people decide a few things."""
    found: list[Word] = []
    for number in range(chance.randint(2, 6)):
        action = chance.choice((PROVISION, PROVISION, DEPROVISION))
        everywhere = action == DEPROVISION and chance.random() < 0.5
        request_id = f"req-{number}"
        if found and chance.random() < 0.1:
            request_id = found[0].request_id
        word = Word(
            request_id,
            action,
            chance.choice(EMPLOYEES),
            "" if everywhere else chance.choice(tuple(ROLES)),
            chance.choice(CHATS),
            chance.uniform(0, 30),
            is_dated_ahead=chance.random() < 0.04,
        )
        if word.key not in {other.key for other in found}:
            found.append(word)
    if chance.random() < 0.15:
        found.append(
            Word("req-x", PROVISION, STRANGER, "dba", "ops", chance.uniform(0, 30), has_token=False)
        )
    return found


def redeliveries(chance: Random) -> tuple[float, ...]:
    """Return when the platform posts again what it saw no answer to."""
    return REDELIVERIES[: chance.choice((0, 0, 0, 1, 2, 4))]
