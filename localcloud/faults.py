"""Failures on demand: a chat, a function or an API action that fails n times or answers slowly.

A fault is named by what it hits: ``chat:ops``, ``function:provisioning-local-run-command``,
``action:ecs:InvokeCommand`` or ``package:nginx``. It is used up by ``times`` uses; what it does
there is the business of the one who asks (``take``).
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Fault:
    """What shall go wrong, how often."""

    target: str
    times: int = 1
    error: str = ""
    """The code to answer with (``Throttling.User``, ``130101``, ``500``)."""
    delay_seconds: float = 0.0
    """How much later to answer; with no ``error`` the answer is a success all the same."""

    def code(self, usual: str) -> str:
        """Give the code to fail with: ``usual`` if none was set, nothing if only to be slow."""
        return self.error or ("" if self.delay_seconds else usual)


class Faults:
    """The faults that are set, in memory only: a restart clears them."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}

    def set(self, fault: Fault) -> None:
        """Set or replace the fault of a target; ``times`` 0 takes it away."""
        if fault.times <= 0:
            self._faults.pop(fault.target, None)
        else:
            self._faults[fault.target] = fault

    def take(self, target: str) -> Fault | None:
        """Use one of the target's faults, if there is one left."""
        fault = self._faults.get(target)
        if fault is not None:
            self.set(replace(fault, times=fault.times - 1))
        return fault

    def list(self) -> list[Fault]:
        """Give the faults that are still to come, by target."""
        return [self._faults[target] for target in sorted(self._faults)]
