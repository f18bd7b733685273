"""Decides what to report about a finished command, and to which chat; pure."""

from typing import NamedTuple

from functions.cloud.cloud_assistant import Invocation
from functions.cloud.errors import PermanentError, TemporaryError
from functions.report.outcome import Outcome, status_of
from functions.report.results import with_run
from functions.request.deployment import Deployment
from functions.request.events import Event
from functions.request.fields import DEPROVISION, PROVISION, Request

MANUAL = "manual"
"""The source of a run that somebody started by hand, without the loop's tags."""


class NotYetVisibleError(TemporaryError):
    """Cloud Assistant announced the end of a run, but does not show it yet."""


class Completion(NamedTuple):
    """The run that has ended, from Cloud Assistant's event."""

    invoke_id: str
    instance_id: str


def completion(event: Event) -> Completion:
    """Read the event ("Use EventBridge and Cloud Monitor to subscribe to Cloud Assistant events").

    Raises:
        PermanentError: if it does not name a run.
    """
    found = Completion(_text(event.get("invokeId")), _text(event.get("instanceId")))
    if not all(found):
        raise PermanentError(f"event {event.id} has no invokeId or instanceId", "NoInvocation")
    return found


def decide(ended: Completion, invocation: Invocation | None, deployment: Deployment) -> Outcome:
    """Return the outcome of a run that has ended.

    Raises:
        NotYetVisibleError: if Cloud Assistant does not show its end.
    """
    if invocation is None or not invocation.runs[0].is_finished:
        raise NotYetVisibleError(
            f"{ended.invoke_id} on {ended.instance_id} is not shown as finished", "NotYetVisible"
        )
    run = invocation.runs[0]
    outcome = Outcome(_request(invocation, deployment), status_of(run))
    return with_run(outcome, invocation, run, deployment.script_sha256)


def event_id(outcome: Outcome) -> str:
    """Return the id of the result event, the same however often the run's end is announced."""
    return f"{outcome.invoke_id}:{outcome.instance_id}:{outcome.status}"


def _request(invocation: Invocation, deployment: Deployment) -> Request:
    """Return the request of a run; a run by hand has no tags, so defaults stand in for them."""
    found = Request.carried(invocation.tags, invocation.parameters)
    source = found.source or MANUAL
    return found._replace(
        action=_action(found.action, invocation.command_name),
        source=source,
        chat=deployment.chat_for(found.chat, source),
    )


def _action(carried: str, command_name: str) -> str:
    """Return which of the two commands ran; one that was run by hand shows it by its name."""
    if carried in {PROVISION, DEPROVISION}:
        return carried
    return DEPROVISION if f"-{DEPROVISION}-" in command_name else PROVISION


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
