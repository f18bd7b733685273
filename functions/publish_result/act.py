"""Looks a request up whose command has ended somewhere, and publishes its result once it is whole.

Between two ends nothing is said. A timer looks for requests that should have ended long ago.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from functions.cloud.cloud_assistant import Invocation
from functions.cloud.errors import FunctionError
from functions.cloud.log import decision
from functions.publish_result import decide
from functions.report import results
from functions.report.notes import Notes
from functions.report.outcome import Outcome
from functions.request import events, tags
from functions.request.deployment import Deployment

FUNCTION = "publish-result"


class Commands(Protocol):
    """What this function needs from Cloud Assistant."""

    def invocation(self, invoke_id: str) -> Invocation | None:
        """Return one invocation with the output of its runs."""
        ...

    def find(self, tags: Mapping[str, str], *, running: bool = False) -> list[Invocation]:
        """Return the invocations that carry all these tags, without output."""
        ...


class Hosts(Protocol):
    """What this function needs from ECS."""

    def address(self, instance_id: str) -> tuple[str, str]:
        """Return an instance's name and private address."""
        ...


class Bus(Protocol):
    """What this function needs from EventBridge."""

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Put events on the bus that each names."""
        ...


class PublishResult:
    """Serves one event after another with the same clients."""

    def __init__(
        self,
        deployment: Deployment,
        commands: Commands,
        hosts: Hosts,
        bus: Bus,
        notes: Notes,
        now: Callable[[], float],
    ) -> None:
        self._deployment = deployment
        self._commands = commands
        self._hosts = hosts
        self._bus = bus
        self._notes = notes
        self._now = now

    def serve(self, payload: bytes | str) -> str:
        """Publish the result of the request whose command has ended on one more instance.

        Raises:
            TemporaryError: if the run or the bus is out of reach for now.
            PermanentError: if the event announces nothing, or an API refuses.
        """
        if events.is_timer(payload):
            return self._sweep()
        announced = decide.completion(events.read(payload))
        invocation = decide.ended(announced, self._commands.invocation(announced.invoke_id))
        outcome = decide.outcome(self._whole(invocation), self._deployment)
        if outcome is None:
            return decision(FUNCTION, "waits", invoke_id=announced.invoke_id)
        return self._publish(self._located(outcome), invocation, decide.event_id(invocation))

    def _whole(self, invocation: Invocation) -> list[Invocation]:
        """Return all calls of the request's attempt; with output once all of them have ended."""
        wanted = decide.siblings(invocation)
        if wanted is None:
            return [invocation]
        found = [
            other
            for other in self._commands.find(wanted)
            if decide.belong_together(other, invocation) and other.invoke_id != invocation.invoke_id
        ]
        if not all(other.is_finished for other in found):
            return [invocation, *found]
        full = [self._commands.invocation(other.invoke_id) or other for other in found]
        return [invocation, *full]

    def _sweep(self) -> str:
        """Tell of requests that should have ended five minutes ago that nobody knows their end."""
        now = self._now()
        invocations = self._commands.find({tags.PREFIX: self._deployment.bus}, running=True)
        lines = [
            self._publish(
                decide.unknown(group, self._deployment),
                group[0],
                decide.event_id(group[0], decide.UNKNOWN),
            )
            for group in decide.overdue(invocations, now)
        ]
        return "\n".join(lines) or decision(FUNCTION, "nothing-overdue")

    def _located(self, outcome: Outcome) -> Outcome:
        """Add the name and the address of the host, where there is one."""
        if not outcome.instance_id:
            return outcome
        try:
            name, address = self._hosts.address(outcome.instance_id)
        except FunctionError as error:
            # A result without an address is better than none.
            decision(FUNCTION, "no-address", code=error.code, reason=str(error))
            return outcome
        return outcome._replace(host_name=name, host_address=address)

    def _publish(self, outcome: Outcome, invocation: Invocation, event_id: str) -> str:
        self._bus.put([results.event(outcome, self._deployment, event_id, self._now())])
        self._notes.published(outcome.request, invocation.timeout_seconds)
        return decision(
            FUNCTION,
            "published",
            event_id=event_id,
            status=outcome.status,
            request_id=outcome.request.request_id,
            source=outcome.request.source,
            chat=outcome.request.chat,
        )
