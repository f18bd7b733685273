"""The states of runs and of whole invocations; pure.

Source: the fields InvocationStatus, InvokeStatus and ErrorCode of "DescribeInvocations".
"""

from collections.abc import Collection, Iterable

PENDING = "Pending"
RUNNING = "Running"
STOPPING = "Stopping"
SUCCESS = "Success"

UNFINISHED = (PENDING, RUNNING, STOPPING)
_STOPPED = ("Cancelled", "Terminated")
_FAILED = ("Failed", "Invalid", "Aborted", "Timeout", "Error")

ERROR_INFO = {
    "": "",
    "AccountNotExists": "The specified account does not exist.",
    "ClientNotRunning": "The aliyun service is not running on the instance.",
    "DirectoryNotExists": "The specified directory does not exist.",
    "ExecutionException": "The command execution got an exception.",
    "ExecutionInterrupted": "The command execution was interrupted.",
    "ExecutionTimeout": "The command execution has been timeout.",
    "ExitCodeNonzero": "The command execution exit code is not zero.",
}
"""What Cloud Assistant says for each of its error codes."""


def overall(statuses: Collection[str]) -> str:
    """Return the state of an invocation (InvocationStatus) from those of its instances."""
    for unfinished in UNFINISHED:
        if unfinished in statuses:
            return unfinished
    kinds = {_kind(status) for status in statuses}
    if kinds == {"Stopped"}:
        return "Stopped"
    if SUCCESS not in kinds:
        return "Failed"
    # guess: the reference calls Success with some stopped both Success and PartialFailed; only
    # failures count as failures here.
    return "PartialFailed" if "Failed" in kinds else SUCCESS


def overall_legacy_status(statuses: Collection[str]) -> str:
    """Return the same as the older field InvokeStatus words it."""
    state = overall(statuses)
    if state == PENDING:
        return RUNNING
    return "Finished" if state == SUCCESS else state


def legacy_status(status: str) -> str:
    """Return an instance's state as the older field InstanceInvokeStatus words it."""
    if status in {PENDING, RUNNING}:
        return RUNNING
    if status == STOPPING:
        return status
    kind = _kind(status)
    return "Finished" if kind == SUCCESS else kind


def to_store(statuses: Collection[str]) -> str:
    """Return the state under which an invocation is stored: while it lasts it is Running."""
    return RUNNING if unfinished(statuses) else overall(statuses)


def stored_as(wanted: str) -> tuple[str, ...]:
    """Return the states of finished or unfinished invocations that a filter InvokeStatus means."""
    if wanted in {"Finished", SUCCESS}:
        return (SUCCESS,)
    if wanted in UNFINISHED or wanted == "Scheduled":
        return (RUNNING,)
    return (wanted,)


def results_stored_as(wanted: str) -> tuple[str, ...]:
    """Return the states of runs that a filter InvokeRecordStatus means."""
    return {
        "Finished": (SUCCESS,),
        "Failed": _FAILED,
        "Stopped": _STOPPED,
        "Running": (PENDING,),
        "Pending": (PENDING,),
    }.get(wanted, (wanted,))


def unfinished(statuses: Iterable[str]) -> bool:
    """Return whether any of the runs is still to end."""
    return any(status in UNFINISHED for status in statuses)


def _kind(status: str) -> str:
    if status in _STOPPED:
        return "Stopped"
    return SUCCESS if status == SUCCESS else "Failed"
