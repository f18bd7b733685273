"""Looks a finished run up and publishes its result."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from functions.cloud.cloud_assistant import Invocation
from functions.cloud.log import decision
from functions.publish_result.decide import completion, decide, event_id
from functions.report import results
from functions.request import events
from functions.request.deployment import Deployment

FUNCTION = "publish-result"


class Commands(Protocol):
    """What this function needs from Cloud Assistant."""

    def result(self, invoke_id: str, instance_id: str) -> Invocation | None:
        """Return what one invocation did on one instance."""
        ...


class Bus(Protocol):
    """What this function needs from EventBridge."""

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Put events on the bus that each names."""
        ...


def serve(
    payload: bytes | str,
    deployment: Deployment,
    commands: Commands,
    bus: Bus,
    now: Callable[[], float],
) -> str:
    """Publish the result of the run whose end an event announces.

    Raises:
        TemporaryError: if the run or the bus is out of reach for now.
        PermanentError: if the event announces nothing, or an API refuses.
    """
    ended = completion(events.read(payload))
    invocation = commands.result(ended.invoke_id, ended.instance_id)
    outcome = decide(ended, invocation, deployment)
    bus.put([results.event(outcome, deployment, event_id(outcome), now())])
    return decision(
        FUNCTION,
        "published",
        event_id=event_id(outcome),
        status=outcome.status,
        request_id=outcome.request.request_id,
        source=outcome.request.source,
        chat=outcome.request.chat,
    )
