"""What became of a request, whichever function found it out."""

from typing import TYPE_CHECKING, NamedTuple

from functions.report.reason import Reason
from functions.request.fields import Request

if TYPE_CHECKING:
    from functions.cloud.cloud_assistant import Run

# The source and the type of a result event.
RESULT_SOURCE = "ecs.provisioning"
RESULT_TYPE = "provisioning:InvocationResult"
UNAUTHENTICATED_TYPE = "provisioning:UnauthenticatedRequests"

SUCCESS = "Success"
FAILED = "Failed"
REJECTED = "Rejected"
SUPERSEDED = "Superseded"
UNAUTHENTICATED = "Unauthenticated"
UNREACHED = "Unreached"
"""Not done on hosts that are stopped or have no agent; a removal goes on."""
GIVEN_UP = "GivenUp"
"""A removal that did not reach a host within seven days."""
RELEASED = "Released"
"""A removal that ended because the hosts that it had not reached are gone."""
_SUPERSEDED_CODE = 12
"""The exit code with which the scripts refuse what is older than the host's record."""


class RunResult(NamedTuple):
    """What became of a request on one of several instances."""

    instance_id: str
    status: str
    exit_code: int | None
    reason: str
    """Why it went wrong there, in the chat's language; empty for a success."""


class Outcome(NamedTuple):
    """Everything that a result event and its message tell."""

    request: Request
    status: str
    """Cloud Assistant's word, or one of those above."""
    invoke_id: str = ""
    command_id: str = ""
    instance_id: str = ""
    host_name: str = ""
    host_address: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    """How many instances have which status, where one result stands for several of them."""
    runs: tuple[RunResult, ...] = ()
    """What became of it on each of these, those where it went wrong first."""
    unreached: tuple[str, ...] = ()
    """Instances that it has not reached yet."""
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


def status_of(run: "Run") -> str:
    """Return what became of a run: Cloud Assistant only knows that it failed."""
    superseded = run.status == FAILED and run.exit_code == _SUPERSEDED_CODE
    return SUPERSEDED if superseded else run.status
