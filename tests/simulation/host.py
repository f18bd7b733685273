"""A host as the scripts see it: its record of an employee, and what is there of them."""

from dataclasses import dataclass, field

from functions.request.fields import DEPROVISION, PROVISION

SUPERSEDED = 12
BROKEN = 7


@dataclass
class Account:
    """What a host has and remembers of one employee."""

    moment: int = 0
    word: str = ""
    role: str = ""
    """What the employee may do here; empty for somebody who may not log in."""


@dataclass
class Host:
    """The rules of provision.sh and deprovision.sh, without a machine."""

    accounts: dict[str, Account] = field(default_factory=dict)
    obeys_moments: bool = True
    """False: as the scripts were before they knew moments."""

    def run(self, action: str, emp_id: str, role: str, moment: int, *, breaks: bool) -> int:
        """Carry out a command; return its exit code. ``breaks``: a package cannot be installed."""
        account = self.accounts.setdefault(emp_id, Account())
        older = moment < account.moment
        tie = (moment, action, account.word) == (account.moment, PROVISION, DEPROVISION)
        if self.obeys_moments and (older or tie):
            return SUPERSEDED
        account.moment, account.word = moment, action
        if action == DEPROVISION:
            account.role = ""
            return 0
        if account.role != role:
            account.role = ""  # rights are taken before any are given
        if breaks:
            return BROKEN
        account.role = role
        return 0
