"""Sample events and settings, and stand-ins for the cloud."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from functions.cloud.cloud_assistant import Invocation, Run
from functions.cloud.errors import FunctionError
from functions.cloud.instances import Instance
from functions.cloud.smq import Received
from functions.request import tags as names
from functions.request.fields import FIELDS, Request
from functions.run_command.settings import Settings, read

patient = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For property tests: a busy machine is no failure."""

NOW = 1_767_225_600.0
"""2026-01-01T00:00:00Z"""

LOOP: dict[str, Any] = {
    "bus": "provisioning-test",
    "sources": {
        "dingtalk.approval": {"platform": "dingtalk", "chat": "ops", "token_required": False},
        "lark.approval": {"platform": "lark", "chat": "people", "token_required": True},
    },
    "chats": {
        "ops": {"platform": "dingtalk", "language": "en"},
        "people": {"platform": "lark", "language": "zh"},
        "audit": {"platform": "dingtalk", "language": "zh"},
    },
    "default_chat": "audit",
    "roles": {
        "devops": {"instances": ["i-1"]},
        "dba": {"tags": {"role": "db"}},
        "all": {},
    },
    "stale_after_seconds": 3600,
    "script_sha256": "5eed" * 16,
}

ENVIRONMENT = {
    "CommandId": "c-provision",
    "DeprovisionCommandId": "c-deprovision",
    "InstanceIds": '["i-1","i-2"]',
    "Timeout": "300",
    "LOOP": json.dumps(LOOP),
    "SOURCE_TOKENS": '{"lark.approval":"right-token"}',
}


REQUEST = Request(
    action="provision",
    event_id="event-1",
    source="dingtalk.approval",
    chat="ops",
    emp_id="E123",
    role="devops",
    request_id="20261122-0001",
    requested_by="li.lei",
    approved_by="韩梅梅",
)
CHAT = FIELDS["chat"].tag


def settings(**changes: str) -> Settings:
    """Return the settings of run-command, with some variables changed."""
    return read({**ENVIRONMENT, **changes})


def loop_with(**changes: Any) -> str:
    """Return the variable LOOP with some keys changed."""
    return json.dumps({**LOOP, **changes})


def http_event(
    detail: object = None,
    *,
    kind: object = "ProvisionRequest",
    source: str = "dingtalk.approval",
    event_id: object = "event-1",
    time: object = "2026-01-01T07:59:00.000+08:00",
    headers: object = None,
    body: object = None,
) -> bytes:
    """Return an event as an HTTP source makes it; a minute old unless told otherwise."""
    if body is None:
        body = {"source": "anything", "detail-type": kind, "detail": detail}
    return json.dumps(
        {
            "id": event_id,
            "source": source,
            "type": "eventbridge:Events:HTTPEvent",
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "time": time,
            "aliyuneventbusname": "provisioning-test",
            "data": {
                "headers": {"Host": "example.com"} if headers is None else headers,
                "path": "/webhook/putEvents",
                "httpMethod": "POST",
                "queryString": {},
                "body": body,
            },
        }
    ).encode()


def detail(**changes: Any) -> dict[str, Any]:
    """Return the detail of a request in order, with some fields changed."""
    return {"emp_id": "E123", "role": "devops", "request_id": "20261122-0001", **changes}


def run(instance_id: str = "i-1", status: str = "Success", **changes: Any) -> Run:
    """Return what a command did on an instance."""
    made = Run(
        instance_id=instance_id,
        status=status,
        exit_code=0 if status == "Success" else 1,
        start_time="2026-01-01T00:00:00Z",
        finish_time="2026-01-01T00:00:42Z",
        output='creating user\n{"status":"created","user":"e123","uid":1001}\n',
        dropped=0,
        error="",
    )
    return made._replace(**changes)


def invocation(
    *runs: Run, invoke_id: str = "t-1", tags: Mapping[str, str] | None = None, **changes: Any
) -> Invocation:
    """Return an invocation that the request of :func:`detail` started."""
    made = Invocation(
        invoke_id=invoke_id,
        command_id="c-provision",
        command_name="provisioning-test-provision-5eed5eed5eed",
        parameters=REQUEST.parameters(),
        tags={
            **REQUEST._replace(event_id="event-0").tags(),
            names.PREFIX: "provisioning-test",
            names.PART: "1/1",
            **(tags or {}),
        },
        runs=runs or (run(),),
    )
    return made._replace(**changes)


class FakeCommands:
    """Stands in for Cloud Assistant: remembers what it was asked, fails when told to."""

    def __init__(self, *earlier: Invocation) -> None:
        self.earlier = list(earlier)
        self.started: list[dict[str, Any]] = []
        self.looked_up: list[Mapping[str, str]] = []
        self.failures: list[FunctionError | None] = []
        self.descriptions: dict[str, str] = {}
        """Name of a command -> its description."""

    def find(self, tags: Mapping[str, str], *, running: bool = False) -> list[Invocation]:
        """Return the earlier invocations with these tags."""
        self.looked_up.append(tags)
        return [
            i
            for i in self.earlier
            if all(i.tags.get(k) == v for k, v in tags.items()) and not (running and i.is_finished)
        ]

    def invocation(self, invoke_id: str) -> Invocation | None:
        """Return an earlier invocation."""
        return next((i for i in self.earlier if i.invoke_id == invoke_id), None)

    def result(self, invoke_id: str, instance_id: str) -> Invocation | None:
        """Return one run of an earlier invocation."""
        for found in self.earlier:
            runs = tuple(r for r in found.runs if r.instance_id == instance_id)
            if found.invoke_id == invoke_id and runs:
                return found._replace(runs=runs)
        return None

    def description(self, name: str) -> str | None:
        """Return a command's description."""
        return self.descriptions.get(name)

    def invoke(self, **call: Any) -> str:
        """Remember the call; it can be found from now on."""
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        self.started.append(call)
        invoke_id = f"t-{len(self.started) + len(self.earlier)}"
        self.earlier.append(
            Invocation(
                invoke_id,
                call["command_id"],
                "provisioning-test-provision-5eed5eed5eed",
                call["parameters"],
                call["tags"],
                tuple(run(i, "Running", exit_code=None) for i in call["instance_ids"]),
            )
        )
        return invoke_id


class FakeHosts:
    """Stands in for DescribeInstances: every instance runs, but for those that are said not to."""

    def __init__(self) -> None:
        self.failure: FunctionError | None = None
        self.states: dict[str, str] = {}
        """Instance -> its status, ``no agent`` or ``released``."""
        self.by_tags: dict[tuple[tuple[str, str], ...], list[str]] = {(("role", "db"),): ["i-9"]}

    def address(self, instance_id: str) -> tuple[str, str]:
        """Return the name and the address of an instance."""
        if self.failure:
            raise self.failure
        return f"host-{instance_id}", "10.0.0.1"

    def named(self, ids: Sequence[str]) -> list[Instance]:
        """Return those that exist."""
        return [self._one(i) for i in ids if self.states.get(i) != "released"]

    def tagged(self, tags: Sequence[tuple[str, str]]) -> list[Instance]:
        """Return those that carry the tags."""
        return self.named(self.by_tags.get(tuple(tags), []))

    def _one(self, instance_id: str) -> Instance:
        state = self.states.get(instance_id, "Running")
        status = "Running" if state == "no agent" else state
        return Instance(instance_id, "", "", status, has_agent=state == "Running")


class FakeQueues:
    """Stands in for the message queues; what is delayed comes when the clock says so."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.messages: dict[str, list[tuple[float, Received]]] = {}
        """Queue -> when a message is visible, and the message."""
        self.failure: FunctionError | None = None
        self._count = 0

    def send(self, queue: str, body: str, delay_seconds: int = 0) -> str:
        """Keep a message."""
        if self.failure:
            raise self.failure
        self._count += 1
        message = Received(f"m-{self._count}", body, f"r-{self._count}", 0, self._now())
        self.messages.setdefault(queue, []).append((self._now() + delay_seconds, message))
        return message.id

    def receive(self, queue: str, count: int = 16, wait_seconds: int = 0) -> list[Received]:
        """Take what is visible; it is invisible for half a minute."""
        taken: list[Received] = []
        kept = self.messages.get(queue, [])
        for position, (visible, message) in enumerate(kept):
            if visible <= self._now() and len(taken) < count:
                received = message._replace(dequeue_count=message.dequeue_count + 1)
                kept[position] = (self._now() + 30, received)
                taken.append(received)
        return taken

    def peek(self, queue: str, count: int = 16) -> list[Received]:
        """Look at what is visible."""
        kept = self.messages.get(queue, [])
        return [message for visible, message in kept if visible <= self._now()][:count]

    def delete(self, queue: str, receipts: Sequence[str]) -> list[str]:
        """Forget messages."""
        self.messages[queue] = [m for m in self.messages[queue] if m[1].receipt not in receipts]
        return []

    def again(self, queue: str, receipt: str, seconds: int) -> str:
        """Let a message come back later."""
        self.messages[queue] = [
            (self._now() + seconds, message) if message.receipt == receipt else (at, message)
            for at, message in self.messages[queue]
        ]
        return receipt


class FakeBus:
    """Stands in for EventBridge: remembers the events, fails when told to."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.failure: FunctionError | None = None

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Remember the events."""
        if self.failure:
            raise self.failure
        self.events += events

    @property
    def details(self) -> list[dict[str, Any]]:
        """The detail of each event."""
        return [event["data"]["detail"] for event in self.events]
