"""Decides what a finished command has to tell, and to whom; pure."""

from typing import NamedTuple

from functions.cloud.cloud_assistant import Invocation
from functions.cloud.errors import PermanentError, TemporaryError
from functions.report.facts import DEPROVISION, PROVISION, Facts
from functions.report.results import with_run
from functions.request import tags
from functions.request.deployment import Loop
from functions.request.events import Event

MANUAL = "manual"
"""The source of a run that somebody started by hand, without the loop's tags."""


class NotYetVisibleError(TemporaryError):
    """Cloud Assistant announced the end of a run, but does not show it yet."""


class Completion(NamedTuple):
    """Which run has ended, as Cloud Assistant's event says it."""

    invoke_id: str
    instance_id: str


def completion(event: Event) -> Completion:
    """Read the event ("Use EventBridge and Cloud Monitor to subscribe to Cloud Assistant events").

    Raises:
        PermanentError: if it does not say which run it is about.
    """
    found = Completion(_text(event.get("invokeId")), _text(event.get("instanceId")))
    if not all(found):
        raise PermanentError(f"event {event.id} names no invokeId and instanceId", "NoInvocation")
    return found


def decide(ended: Completion, invocation: Invocation | None, loop: Loop) -> Facts:
    """Return everything that there is to tell about a run that has ended.

    Raises:
        NotYetVisibleError: if Cloud Assistant does not show its end.
    """
    if invocation is None or not invocation.runs[0].is_finished:
        raise NotYetVisibleError(
            f"{ended.invoke_id} on {ended.instance_id} is not shown as finished", "NotYetVisible"
        )
    given = invocation.tags
    source = given.get(tags.SOURCE, MANUAL)
    known = Facts(
        status=invocation.runs[0].status,
        action=_action(invocation),
        source=source,
        chat=loop.chat_for(given.get(tags.CHAT, ""), source),
        request_id=given.get(tags.REQUEST, ""),
        requested_by=given.get(tags.BY, ""),
        approved_by=given.get(tags.APPROVED_BY, ""),
    )
    return with_run(known, invocation, invocation.runs[0], loop)


def event_id(facts: Facts) -> str:
    """Return the id of the result event, the same however often the run's end is announced."""
    return f"{facts.invoke_id}:{facts.instance_id}:{facts.status}"


def _action(invocation: Invocation) -> str:
    """Tell which of the two commands it was; one that was run by hand says it by its name."""
    said = invocation.tags.get(tags.ACTION)
    if said in {PROVISION, DEPROVISION}:
        return said
    return DEPROVISION if f"-{DEPROVISION}-" in invocation.command_name else PROVISION


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
