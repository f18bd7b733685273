"""Who has to act when a request was not carried out, by what went wrong."""

from functions.report.outcome import (
    FAILED,
    GIVEN_UP,
    REJECTED,
    RELEASED,
    SUPERSEDED,
    UNREACHED,
)
from functions.report.result import Result
from functions.request.fields import DEPROVISION

_BY_EXIT_CODE = {
    2: "applicant",
    5: "host",
    6: "again",
    9: "stack",
    11: "leaver",
    12: "nobody",
}
_BY_REASON = {
    "missing": "applicant",
    "not-text": "flow",
    "malformed": "applicant",
    "unknown-role": "applicant",
    "expired": "applicant",
    "stale": "expired",
    "not-for-source": "applicant",
    "no-instances": "stack",
    "paused": "paused",
    "no-deprovision": "stack",
    "refused": "stack",
}
_BY_STATUS = {
    SUPERSEDED: "nobody",
    "Unknown": "look",
    "Timeout": "look",
    "Cancelled": "expired",
    "Terminated": "expired",
    "Stopped": "expired",
    RELEASED: "nobody",
    GIVEN_UP: "by-hand",
    # What refused a request without a reason of its own is the form of what was sent.
    REJECTED: "flow",
}


def kind_of(result: Result) -> str:
    """Return a key of the languages' remedies."""
    if found := _BY_REASON.get(result.reason_code):
        return found
    if result.status == UNREACHED:
        return "waits" if result.action == DEPROVISION else "agent"
    if found := _BY_STATUS.get(result.status):
        return found
    if result.exit_code:
        return _BY_EXIT_CODE.get(result.exit_code, "host")
    return "agent" if result.status in {FAILED, "Aborted", "Invalid"} else "look"
