"""What there is to tell about one request, whichever function found it out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.report.i18n import Reason, exit_code
from functions.report.output import bounded, cut_tail, result_line

PROVISION = "provision"
DEPROVISION = "deprovision"

SUCCESS = "Success"
FAILED = "Failed"
REJECTED = "Rejected"

_TAIL_BYTES = 1500
_LONGEST = 200


class Facts(NamedTuple):
    """Everything that a result event and its message say."""

    status: str
    """Cloud Assistant's word, or ``Rejected``."""
    action: str
    source: str
    chat: str
    emp_id: str = ""
    role: str = ""
    request_id: str = ""
    requested_by: str = ""
    approved_by: str = ""
    invoke_id: str = ""
    command_id: str = ""
    instance_id: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    """How many instances have which status, where one result stands for several of them."""
    exit_code: int | None = None
    start_time: str = ""
    finish_time: str = ""
    output: str = ""
    """Printable and without secrets, but in its whole length."""
    dropped: int = 0
    error: str = ""
    """Cloud Assistant's own words on why the command could not be sent or run."""
    reason: Reason | None = None
    script_sha256: str = ""
    repeat: bool = False
    """Whether this answers a repeated request with the first one's result."""


def detail(facts: Facts, language: str) -> dict[str, Any]:
    """Return the ``detail`` of a result event; its keys are always the same."""
    return {
        "InvocationStatus": bounded(facts.status, _LONGEST),
        "action": facts.action,
        "emp_id": bounded(facts.emp_id, _LONGEST),
        "role": bounded(facts.role, _LONGEST),
        "request_id": bounded(facts.request_id, _LONGEST),
        "requested_by": bounded(facts.requested_by, _LONGEST),
        "approved_by": bounded(facts.approved_by, _LONGEST),
        "origin": {"source": bounded(facts.source, _LONGEST), "chat": facts.chat},
        "InvokeId": bounded(facts.invoke_id, _LONGEST),
        "CommandId": bounded(facts.command_id, _LONGEST),
        "InstanceId": bounded(facts.instance_id, _LONGEST),
        "Instances": {bounded(status, 40): count for status, count in facts.counts},
        "ExitCode": facts.exit_code,
        "StartTime": bounded(facts.start_time, _LONGEST),
        "FinishTime": bounded(facts.finish_time, _LONGEST),
        "OutputTail": cut_tail(facts.output, _TAIL_BYTES),
        "Result": _result(facts.output),
        "ReasonCode": facts.reason.code if facts.reason else "",
        "Reason": reason_text(facts, language),
        "script_sha256": bounded(facts.script_sha256, _LONGEST),
        "repeat": facts.repeat,
    }


def reason_text(facts: Facts, language: str) -> str:
    """Say for people why it went wrong: our reason, Cloud Assistant's, or the script's own."""
    if facts.reason:
        return bounded(facts.reason.text(language), 400)
    # The script knows more than Cloud Assistant, which only sees an exit code.
    result = result_line(facts.output) if facts.status != SUCCESS else {}
    said = result.get("error")
    if not isinstance(said, str) or not said:
        return bounded(facts.error, 400)
    meaning = exit_code(result.get("exit_code"), language)
    return bounded(f"{meaning}: {said}" if meaning else said, 400)


def account(facts: Facts) -> str:
    """Say what the script reports about the account: ``e123 (created)``; nothing if it does not."""
    said = _result(facts.output)
    user, state = said.get("user", ""), said.get("status", "")
    return f"{user} ({state})" if user and state else user


def _result(output: str) -> dict[str, str]:
    found: Mapping[str, Any] = result_line(output)
    return {
        name: bounded(str(found[name]), 64)
        for name in ("status", "user", "role", "uid")
        if isinstance(found.get(name), str | int) and not isinstance(found[name], bool)
    }
