"""Failures on demand: a chat, a function or an API action that fails n times or answers slowly.

A fault is named by what it hits: ``chat:ops``, ``function:provisioning-local-run-command``,
``action:ecs:InvokeCommand`` or ``package:nginx``. It is used up by ``times`` uses; what it
does is up to the caller of ``take``.
"""

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from localcloud.inspection import Change, Question

_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,127}")
_HTTP_STATUS = r"[45]\d\d"
_ERRORS = {
    "chat": (
        rf"-?\d{{1,8}}|{_HTTP_STATUS}",
        "a code of the platform, which is a number such as 130101 or 11232 (too many messages), or "
        "an HTTP status such as 503",
    ),
    "api": (_HTTP_STATUS, "an HTTP status from 400 to 599"),
    "function": (
        rf"[A-Z][A-Za-z0-9.]*|{_HTTP_STATUS}",
        "the name of an exception such as TimeoutError, or an HTTP status such as 429",
    ),
    "action": (
        r"[A-Z][A-Za-z0-9]*([._][A-Za-z0-9]+)*",
        "a code of the API such as Throttling.User, ServiceUnavailable or InternalError",
    ),
    "package": (r"[\w.:-]+", "one word, such as timeout"),
}
"""What each kind of target may fail with: a pattern, and the same in words."""


class FaultError(ValueError):
    """A fault that cannot be set; the message says what can."""


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
        """Return the code to fail with: ``usual`` if none was set, empty if only to be slow."""
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
        """Return the faults that are still to come, by target."""
        return [self._faults[target] for target in sorted(self._faults)]


def listed(faults: Faults) -> list[dict[str, Any]]:
    """Return the faults that are still to come, as JSON has them."""
    return [asdict(fault) for fault in faults.list()]


def set_fault(faults: Faults, targets: Callable[[], Mapping[str, Sequence[str]]]) -> Change:
    """Return the change that sets a fault; ``targets`` returns the names that each kind can hit."""

    async def change(_: Question, body: Any) -> list[dict[str, Any]]:
        faults.set(parse(body, targets()))
        return listed(faults)

    return change


def parse(given: Any, targets: Mapping[str, Sequence[str]]) -> Fault:
    """Read a fault from JSON; ``targets`` are the names that each kind of target has.

    Raises:
        FaultError: if there is no such target, or it cannot fail like that.
    """
    accepted = {"target": str, "times": int, "error": str, "delay_seconds": (int, float)}
    if not isinstance(given, dict) or set(given) - set(accepted) or "target" not in given:
        raise FaultError(f"a fault is a JSON object of {', '.join(accepted)}; only target must be")
    for name, value in given.items():
        if not isinstance(value, accepted[name]) or isinstance(value, bool):  # type: ignore[arg-type]
            raise FaultError(f"{name} is {value!r}, which is of another type than it must be")
    fault = Fault(**given)
    if not 0 <= fault.delay_seconds < math.inf:
        raise FaultError(f"delay_seconds is {fault.delay_seconds}; it must be 0 or more")
    kind, _, name = fault.target.partition(":")
    _check_target(fault.target, kind, name, targets)
    pattern, words = _ERRORS[kind]
    if fault.error and not re.fullmatch(pattern, fault.error):
        raise FaultError(f"'{fault.error}' is not an error of {fault.target}; accepted: {words}")
    return fault


def _check_target(target: str, kind: str, name: str, targets: Mapping[str, Sequence[str]]) -> None:
    if kind not in _ERRORS:
        raise FaultError(
            f"'{target}' cannot be made to fail; accepted: chat:NAME, function:NAME, "
            "action:PRODUCT:ACTION, package:NAME, api:NAME"
        )
    if kind == "package" and not _PACKAGE.fullmatch(name):
        raise FaultError(f"'{name}' is not the name of a package")
    if kind in targets and name not in targets[kind]:
        near = difflib.get_close_matches(name, targets[kind], n=3)
        if near:
            hint = f"did you mean {' or '.join(near)}?"
        elif kind == "action":
            hint = "localcloud/README.md lists the actions of each product"
        else:
            hint = f"there are {', '.join(targets[kind]) or 'none yet'}"
        raise FaultError(f"there is no {kind} '{name}'; {hint}")
