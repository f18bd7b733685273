"""Where a rehearsal takes place: the cloud's APIs, the names, and what arrives in its queues."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from functions.cloud.errors import FunctionError
from functions.cloud.instances import Instance
from functions.cloud.smq import Received
from functions.cloud.times import iso
from functions.cloud.web import Send
from ops.rehearse.api import Api, Refused, is_permission
from ops.rehearse.findings import Finding, look, no
from ops.rehearse.things import Thing


class Names:
    """The names of everything that a rehearsal makes: no other stack or person uses them."""

    def __init__(self, prefix: str, region: str, account_id: str) -> None:
        self.base = f"{prefix}-rehearsal"
        self.region = region
        self.account_id = account_id
        self.bus = self.function = self.role = self.base
        self.arrivals = f"{self.base}-arrivals"
        """Queue to which rules send events."""
        self.reports = f"{self.base}-reports"
        """Queue in which the function says what it was given."""
        self.letters = f"{self.base}-letters"
        """Queue of dead letters."""
        self.outcomes = f"{self.base}-outcomes"
        """Queue of the outcomes of asynchronous calls."""

    @property
    def queues(self) -> tuple[str, ...]:
        """Return the queues that are read."""
        return (self.arrivals, self.reports, self.letters, self.outcomes)

    def arn(self, service: str, resource: str) -> str:
        """Return the name of something in the cloud's own form."""
        return f"acs:{service}:{self.region}:{self.account_id}:{resource}"


class Queues(Protocol):
    """What is needed from the message queues."""

    def receive(self, queue: str, count: int = 16, wait_seconds: int = 0) -> list[Received]:
        """Take messages."""
        ...

    def delete(self, queue: str, receipts: Sequence[str]) -> list[str]:
        """Delete what was taken."""
        ...

    def send(self, queue: str, body: str, delay_seconds: int = 0) -> str:
        """Put a message into a queue."""
        ...


class Bus(Protocol):
    """What is needed from EventBridge's data API."""

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Put events on the bus that each names."""
        ...


@dataclass
class Stage:
    """The cloud, the names, and what was seen so far."""

    api: Api
    events: Bus
    queues: Queues
    send: Send
    names: Names
    instances: Sequence[Instance]
    """The stack's instances, on which commands may run."""
    now: Callable[[], float]
    sleep: Callable[[float], object]
    refusals: dict[str, Refused] = field(default_factory=dict)
    """By the thing, as it is printed: what could not be made."""
    mail: dict[str, list[Received]] = field(default_factory=dict)
    """By queue: what arrived."""

    def put(self, case: str, do: str = "return", **more: Any) -> str:
        """Put an event of a case on the rehearsal's bus; return its id."""
        order = {"rehearse": {"case": case, "do": do}}
        event = {
            "id": f"{case}-{int(self.now() * 1000)}",
            "source": f"{self.names.base}.events",
            "specversion": "1.0",
            "type": f"rehearsal:{case}",
            "datacontenttype": "application/json",
            "time": iso(self.now()),
            "aliyuneventbusname": self.names.bus,
            "data": order,
            **more,
        }
        self.events.put([event])
        return str(event["id"])

    def collect(self) -> None:
        """Take what waits in the queues."""
        for queue in self.names.queues:
            while found := self.queues.receive(queue):
                self.mail.setdefault(queue, []).extend(found)
                self.queues.delete(queue, [message.receipt for message in found])

    def reports(self, case: str) -> list[dict[str, Any]]:
        """Return what the function said about its calls in a case, in their order."""
        found = [as_object(message.body) for message in self.mail.get(self.names.reports, [])]
        return sorted((r for r in found if r.get("case") == case), key=lambda r: r["at"])

    def arrivals(self, case: str) -> list[tuple[dict[str, Any], Received]]:
        """Return the events of a case that a rule put into the queue, with their messages."""
        found = [(as_object(m.body), m) for m in self.mail.get(self.names.arrivals, [])]
        return [(e, m) for e, m in found if case in {e.get("type", ""), _case(e)}]

    def unmade(self, *things: Thing) -> Finding | None:
        """Return the answer to whether these can be made, if they could not; None if they were."""
        for thing in things:
            if refusal := self.refusals.get(str(thing)):
                return refused(refusal)
        return None

    def unasked(self, *things: Thing) -> Finding | None:
        """Return that a question about these could not be asked; None if they were made."""
        for thing in things:
            if refusal := self.refusals.get(str(thing)):
                return look(f"there was no {thing} to ask ({refusal})")
        return None


def refused(refusal: Refused) -> Finding:
    """Return what a refusal answers: no, unless it was the key that may not ask."""
    if refusal.is_permission:
        return look(f"the key may not ask: {refusal}")
    if refusal.code == "Unreachable":
        return look(str(refusal))
    return no(f"refused: {refusal}")


def unaccepted(problem: FunctionError) -> Finding:
    """Return what it answers that PutEvents did not take an event.

    That there is no such bus, or that the key may not, says nothing of the event.
    """
    code = getattr(problem, "code", "")
    if is_permission(code) or "NotExist" in code or code.startswith(("SDK.", "Throttling")):
        return look(f"it could not be asked: {problem}")
    return no(str(problem))


class Probe(Protocol):
    """Some questions that are asked together."""

    @property
    def things(self) -> Sequence[Thing]:
        """Return what they need, in the order in which it is made."""
        ...

    def act(self, stage: Stage) -> None:
        """Do what shows the answers; what takes time is waited for together."""
        ...

    def is_open(self, stage: Stage) -> bool:
        """Return whether something is still to come."""
        ...

    def findings(self, stage: Stage) -> dict[str, Finding]:
        """Return the answers, by the question's id."""
        ...


def as_object(text: str) -> dict[str, Any]:
    """Return the JSON object of a text, an empty one if it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _case(event: dict[str, Any]) -> str:
    data = event.get("data")
    order = data.get("rehearse") if isinstance(data, dict) else None
    return f"rehearsal:{order.get('case')}" if isinstance(order, dict) else ""
