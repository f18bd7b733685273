"""A result as messages tell it, read from the ``detail`` of its event.

Nothing else is needed to build a message, so a result may wait in a queue and be told with others.
Values are cut here: whoever wrote them, one result takes only its share of a message.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.cloud.numbers import whole_number
from functions.cloud.times import parse, seconds_between
from functions.report.outcome import SUCCESS, RunResult
from functions.report.output import bounded
from functions.request.fields import DEPROVISION, PROVISION

REPEATED = "Repeated"
"""Shown for a request that was made before and succeeded then."""
NOTHING = "Nothing"
"""Shown for a removal that found nobody to remove."""
_ABSENT = "absent"
_MOST_RUNS = 100
_LONGEST = 96
_LONGEST_REASON = 400


class Result(NamedTuple):
    """What a result event tells."""

    status: str
    """What is shown as its status: the event's, :data:`REPEATED` or :data:`NOTHING`."""
    action: str
    emp_id: str
    role: str
    request_id: str
    expires: str
    requested_by: str
    approved_by: str
    requested_at: float
    """When it was requested, in seconds since 1970; 0 if unknown."""
    source: str
    chat: str
    wanted_chat: str
    """A chat that was asked for and does not exist; empty otherwise."""
    account: str
    invoke_id: str
    instance_id: str
    host_name: str
    host_address: str
    key: str
    """The fingerprint of the key that was installed."""
    exit_code: int | None
    seconds: int | None
    reason_code: str
    reason: str
    """Why it went wrong, in the chat's language."""
    error: str
    """What a tool or the cloud said of it, in its own language."""
    output: str
    dropped: int
    counts: tuple[tuple[str, int], ...]
    """How many instances have which status, where there were several."""
    runs: tuple[RunResult, ...]
    unreached: tuple[str, ...]
    """Instances that the request has not reached yet."""
    script: str

    @property
    def is_good(self) -> bool:
        """Return whether it was done, everywhere."""
        return self.status in {SUCCESS, REPEATED}

    @property
    def instances(self) -> int:
        """Return on how many instances it was to run; 0 if on one or on none."""
        return sum(count for _, count in self.counts)


def read(detail: Mapping[str, Any]) -> Result:
    """Read a result; what is missing or of another type is empty."""
    account = _object(detail, "Result")
    origin = _object(detail, "origin")
    host = _object(detail, "Host")
    action = DEPROVISION if _text(detail, "action") == DEPROVISION else PROVISION
    status = _text(detail, "InvocationStatus")
    shown = status
    if status == SUCCESS and detail.get("repeat") is True:
        shown = REPEATED
    elif status == SUCCESS and action == DEPROVISION and account.get("status") == _ABSENT:
        shown = NOTHING
    start, finish = _text(detail, "StartTime"), _text(detail, "FinishTime")
    return Result(
        status=shown,
        action=action,
        emp_id=_text(detail, "emp_id"),
        role=_text(detail, "role"),
        request_id=_text(detail, "request_id", 128),
        expires=_text(detail, "expires"),
        requested_by=_text(detail, "requested_by"),
        approved_by=_text(detail, "approved_by"),
        requested_at=parse(detail.get("requested_at")) or 0.0,
        source=_text(origin, "source"),
        chat=_text(origin, "chat"),
        wanted_chat=_text(origin, "wanted_chat", 40),
        account=_text(account, "user"),
        invoke_id=_text(detail, "InvokeId"),
        instance_id=_text(detail, "InstanceId"),
        host_name=_text(host, "name"),
        host_address=_text(host, "address"),
        key=fingerprint(detail.get("ssh_key")),
        exit_code=whole_number(detail.get("ExitCode")),
        seconds=seconds_between(start, finish),
        reason_code=_text(detail, "ReasonCode"),
        reason=_text(detail, "Reason", _LONGEST_REASON),
        error=_text(detail, "Error", _LONGEST_REASON),
        output=_raw(detail.get("OutputTail")),
        dropped=whole_number(detail.get("Dropped")) or 0,
        counts=tuple(
            (bounded(status, 40), count)
            for status, found in _object(detail, "Instances").items()
            if (count := whole_number(found))
        ),
        runs=tuple(_run(given) for given in _list(detail, "Runs") if isinstance(given, dict)),
        unreached=tuple(bounded(i, 40) for i in _list(detail, "Unreached") if isinstance(i, str)),
        script=_text(detail, "script_sha256", 64),
    )


def fingerprint(key: object) -> str:
    """Return a public key's fingerprint as ``ssh-keygen -l`` writes it; empty if it is not one."""
    parts = key.split() if isinstance(key, str) else []
    if len(parts) < 2:
        return ""
    try:
        raw = base64.b64decode(parts[1], validate=True)
    except ValueError:
        return ""
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def _run(given: Mapping[str, Any]) -> RunResult:
    return RunResult(
        instance_id=_text(given, "InstanceId", 40),
        status=_text(given, "status", 40),
        exit_code=whole_number(given.get("exit_code")),
        reason=_text(given, "reason", 160),
    )


def _text(given: Mapping[str, Any], name: str, most: int = _LONGEST) -> str:
    value = given.get(name)
    return bounded(value, most) if isinstance(value, str) else ""


def _raw(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = given.get(name)
    return value if isinstance(value, dict) else {}


def _list(given: Mapping[str, Any], name: str) -> list[Any]:
    value = given.get(name)
    return value[:_MOST_RUNS] if isinstance(value, list) else []
