"""Posts a request to a deployed webhook and asks Cloud Assistant what became of it.

The employee exists only for this, so that nobody's account is touched. A request that was refused
starts nothing: then there is nothing to find, and the chat says why.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from functions.cloud.cloud_assistant import CloudAssistant, Invocation
from functions.cloud.errors import TemporaryError
from functions.cloud.times import iso
from functions.cloud.web import Send
from functions.request import tags
from functions.request.fields import ACTIONS
from localcloud.commandline.errors import UserError

EMPLOYEE = "smoke-test"
_POST_SECONDS = 15.0
_POLL_SECONDS = 1.0


class Bus(Protocol):
    """What a smoke test needs from EventBridge."""

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Put events on the bus that each names."""
        ...


class SmokeFailed(UserError):
    """The loop failed; the message tells where to look."""


@dataclass(frozen=True)
class Target:
    """The stack's webhook, and where its runs are found."""

    source: str
    webhook: str
    bus: str
    role: str
    token: str = ""
    """The source's own secret, if it asks for one."""
    over_bus: bool = False
    """Whether the request is put on the bus, because the webhook takes no post from here."""

    def __repr__(self) -> str:
        """Say which it is; the webhook is a credential."""
        return f"Target({self.source!r}, {self.role!r})"


class Smoke:
    """One smoke test."""

    def __init__(
        self,
        target: Target,
        assistant: CloudAssistant,
        bus: Bus,
        send: Send,
        *,
        now: Callable[[], float],
        wall_clock: Callable[[], float],
        sleep: Callable[[float], object],
        limit_seconds: float,
    ) -> None:
        self._target = target
        self._assistant = assistant
        self._bus = bus
        self._send = send
        self._now = now
        self._wall_clock = wall_clock
        self._sleep = sleep
        self._limit = limit_seconds

    def request(self, action: str, request_id: str) -> list[Invocation]:
        """Post one request, wait until it has run, and return the invocations.

        Raises:
            SmokeFailed: if the webhook refuses it, or nothing has ended within the time limit.
        """
        self.post(action, request_id, self._target.role)
        wanted = {
            tags.REQUEST: request_id,
            tags.ACTION: action,
            tags.SOURCE: self._target.source,
            tags.PREFIX: self._target.bus,
        }
        end = self._now() + self._limit
        trouble = ""
        while True:
            try:
                found = self._assistant.find(wanted)
            except TemporaryError as error:
                found, trouble = [], f" ({error})"
            if found and all(invocation.is_finished for invocation in found):
                return found
            if self._now() >= end:
                raise SmokeFailed(self._late(request_id, found) + trouble)
            self._sleep(_POLL_SECONDS)

    def post(self, action: str, request_id: str, role: str) -> None:
        """Post one request, or put it on the bus as the source would.

        Raises:
            SmokeFailed: if it is not accepted.
        """
        (kind,) = (kind for kind, posted in ACTIONS.items() if posted == action)
        detail = {
            "emp_id": EMPLOYEE,
            "role": role,
            "request_id": request_id,
            "requested_by": "smoke test",
        }
        body = {"source": self._target.source, "detail-type": kind, "detail": detail}
        headers = {"content-type": "application/json"}
        if self._target.token:
            headers["X-Provisioning-Token"] = self._target.token
        if self._target.over_bus:
            self._bus.put([self._event(request_id, headers, body)])
            return
        answer = self._send(
            "POST", self._target.webhook, headers, json.dumps(body).encode(), _POST_SECONDS
        )
        # guess: a webhook that takes no event answers like PutEvents, with 200 and a count.
        content: Any = {}
        with suppress(ValueError):
            content = json.loads(answer.body)
        refused = isinstance(content, dict) and content.get("FailedEntryCount")
        if answer.status != 200 or refused:
            raise SmokeFailed(
                f"the webhook of {self._target.source} answered HTTP {answer.status}; does the "
                "source exist, and may this address post to it (allowed_ips)?"
            )

    def _event(
        self, request_id: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the event that the source would make of a post."""
        return {
            "id": request_id,
            "source": self._target.source,
            "specversion": "1.0",
            "type": "eventbridge:Events:HTTPEvent",
            "datacontenttype": "application/json",
            "time": iso(self._wall_clock()),
            "aliyuneventbusname": self._target.bus,
            "data": {"headers": dict(headers), "body": dict(body)},
        }

    def _late(self, request_id: str, found: list[Invocation]) -> str:
        limit = f"within {self._limit:.0f} s"
        if found:
            waiting = [r.instance_id for i in found for r in i.runs if not r.is_finished]
            return (
                f"{found[0].invoke_id} has not ended {limit} on {', '.join(waiting)}; is the "
                "instance running, and Cloud Assistant's agent on it?"
            )
        return (
            f"nothing has run for request {request_id} {limit}; the chat says so if it was "
            "refused, else look at the log of the function run-command and at the dead letters"
        )
