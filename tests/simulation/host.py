"""A host as the scripts see it: its record of an employee, and what is there of them."""

from dataclasses import dataclass, field
from enum import IntEnum

from functions.request.fields import DEPROVISION, PROVISION

SUPERSEDED = 12
BROKEN = 7
KILLED = 137
REQUESTS = 16


class Cut(IntEnum):
    """Where in the middle a run is killed."""

    BEFORE = 0
    """Before anything."""
    UNRECORDED = 1
    """What the word does not give is gone, and the record does not know the word yet."""
    RECORDED = 2
    """The record knows it, and a leaver still has everything."""
    TAKEN = 3
    """The record knows it, and what it does not give is gone."""
    AFTER = 4
    """Everything is done, and nobody has heard of it."""


@dataclass
class Account:
    """What a host has and remembers of one employee."""

    moment: int = 0
    word: str = ""
    role: str = ""
    """What the employee may do here; empty for somebody who may not log in."""
    requests: dict[str, int] = field(default_factory=dict)
    """The last requests, newest last, with the moment of the first time."""

    def note(self, request: str, moment: int) -> None:
        """Remember when a request came first."""
        if request:
            self.requests.setdefault(request, moment)
        while len(self.requests) > REQUESTS:
            del self.requests[next(iter(self.requests))]


@dataclass
class Host:
    """The rules of provision.sh and deprovision.sh, without a machine."""

    accounts: dict[str, Account] = field(default_factory=dict)
    obeys_moments: bool = True
    """False: as the scripts were before they knew moments."""

    def run(
        self,
        action: str,
        emp_id: str,
        role: str,
        moment: int,
        request: str = "",
        *,
        manual: bool = False,
        breaks: bool = False,
        cut: Cut | None = None,
    ) -> int:
        """Carry out a command; return its exit code.

        Args:
            action: which of the two scripts.
            emp_id: whose account.
            role: what to give.
            moment: of the request, in milliseconds.
            request: its hash; empty for a run by hand.
            manual: whether the moment is the host's own clock.
            breaks: whether a package that the role needs cannot be installed.
            cut: where the run is killed, if it is.
        """
        account = self.accounts.setdefault(emp_id, Account())
        if cut is Cut.BEFORE:
            return KILLED
        moment = min(moment, account.requests.get(request, moment))
        older = moment < account.moment
        tie = (moment, action, account.word) == (account.moment, PROVISION, DEPROVISION)
        if self.obeys_moments and (older or (tie and not manual)):
            account.note(request, moment)
            return SUPERSEDED
        if action == PROVISION and account.role != role:
            account.role = ""  # rights are taken before any are given
        if cut is Cut.UNRECORDED:
            return KILLED
        account.note(request, moment)
        account.moment, account.word = moment, action
        if cut is Cut.RECORDED:
            return KILLED
        if action == DEPROVISION:
            account.role = ""
            return 0 if cut is None else KILLED
        if cut is Cut.TAKEN:
            return KILLED
        if breaks:
            return BROKEN
        account.role = role
        return 0 if cut is None else KILLED
