"""One history of the loop from one seed: the real function, a cloud and hosts that misbehave.

Time is virtual and chance is seeded, so a seed is a history: nothing here sleeps or looks at a
clock, and what it finds can be played again step by step (``python -m tests.simulation --seed N``).
"""

import heapq
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

from functions.cloud.cloud_assistant import Invocation, Run
from functions.cloud.errors import TemporaryError
from functions.cloud.rpc import ApiTroubleError
from functions.request.fields import DEPROVISION, PROVISION
from functions.run_command.act import RunCommand
from functions.run_command.clients import Clients
from functions.run_command.noise import Noise
from functions.run_command.settings import read
from tests.simulation.host import Host
from tests.unit.functions.samples import FakeHosts, FakeQueues

START = 1_767_225_600.0
INSTANCES = ("i-1", "i-2")
REDELIVERIES = (15.0, 300.0, 3600.0, 21_600.0)
"""When Lark posts again what it saw no answer to ("Event subscription", retries)."""
RETRIES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
"""EventBridge's own, as often as it takes here."""
_KINDS = {PROVISION: "ProvisionRequest", DEPROVISION: "DeprovisionRequest"}
ENVIRONMENT = {
    "CommandId": "c-provision",
    "DeprovisionCommandId": "c-deprovision",
    "InstanceIds": json.dumps(INSTANCES),
    "Timeout": "300",
    "LOOP": json.dumps(
        {
            "bus": "sim",
            "sources": {"s": {"platform": "lark", "chat": "ops"}},
            "chats": {"ops": {"platform": "lark"}},
            "default_chat": "ops",
            "roles": {role: {"instances": list(INSTANCES)} for role in ("dba", "devops")},
            "stale_after_seconds": 86_400,
        }
    ),
}


@dataclass(frozen=True)
class Word:
    """What somebody decided: posted once, and perhaps again by the platform."""

    request_id: str
    action: str
    emp_id: str
    role: str
    posted: float


@dataclass
class World:
    """Everything that is there, and what happens next."""

    seed: int
    obeys_moments: bool = True
    trace: Callable[[str], None] = lambda _: None
    now: float = START
    words: list[Word] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    """Request id -> results that were put on the bus or ended on a host."""
    moments: dict[str, int] = field(default_factory=dict)
    """Request id -> the moment with which its first run started."""
    dead: list[str] = field(default_factory=list)
    """Requests that went to the dead letters."""
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.hosts = {name: Host(obeys_moments=self.obeys_moments) for name in INSTANCES}
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._cloud = Cloud(self)
        queues = FakeQueues(lambda: self.now)
        clients = Clients(self._cloud, FakeHosts(), self._cloud, queues)
        self._function = RunCommand(read(ENVIRONMENT), clients, Noise(), lambda: self.now)

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Let something happen later; what comes at one time comes in the order of its making."""
        self._count += 1
        heapq.heappush(self._queue, (self.now + seconds, self._count, what))

    def first_post(self, request_id: str) -> int:
        """Return when a request was posted first, in milliseconds, with a millisecond's grace."""
        (posted,) = [word.posted for word in self.words if word.request_id == request_id]
        return int((START + posted) * 1000) + 1

    def happens(self, fault: str, probability: float) -> bool:
        """Decide whether a fault happens, and count it if it does."""
        found = self.chance.random() < probability
        self.faults[fault] += found
        return found

    def play(self) -> None:
        """Let people decide a few things about few employees, and everything come to rest."""
        for number in range(self.chance.randint(2, 6)):
            action = self.chance.choice((PROVISION, PROVISION, DEPROVISION))
            word = Word(
                f"req-{number}",
                action,
                self.chance.choice(("E1", "E2")),
                self.chance.choice(("dba", "devops")),
                self.chance.uniform(0, 30),
            )
            self.words.append(word)
            self.after(word.posted, partial(self._post, word))
        while self._queue:
            self.now, _, what = heapq.heappop(self._queue)
            what()

    def _post(self, word: Word) -> None:
        self._accept(word)
        for delay in REDELIVERIES[: self.chance.choice((0, 0, 0, 1, 2, 4))]:
            self.faults["posted again"] += 1
            self.after(delay, lambda: self._accept(word))

    def _accept(self, word: Word) -> None:
        """Take a post as EventBridge does: with an id and a time of its own."""
        self._count += 1
        event = {
            "id": f"event-{self._count}",
            "source": "s",
            "type": "eventbridge:Events:HTTPEvent",
            "time": _stamp(self.now),
            "data": {
                "body": {
                    "detail-type": _KINDS[word.action],
                    "detail": {
                        "emp_id": word.emp_id,
                        "role": word.role,
                        "request_id": word.request_id,
                    },
                }
            },
        }
        self.trace(f"{self.now - START:9.1f} accepted {word.request_id} as {event['id']}")
        self.after(self.chance.expovariate(1), lambda: self._deliver(word, event, 0))
        if self.happens("delivered twice", 0.1):
            self.after(self.chance.uniform(0, 60), lambda: self._deliver(word, event, 0))

    def _deliver(self, word: Word, event: Mapping[str, Any], attempt: int) -> None:
        try:
            self._function.serve(json.dumps(event).encode())
        except TemporaryError as error:
            self.trace(f"{self.now - START:9.1f} {event['id']} fails: {error}")
            if attempt == len(RETRIES):
                self.dead.append(word.request_id)
                return
            self.after(RETRIES[attempt], lambda: self._deliver(word, event, attempt + 1))
        except Crash:
            self.after(1, lambda: self._deliver(word, event, attempt))


class Crash(Exception):
    """The function ended between two effects."""


class Cloud:
    """Cloud Assistant and the bus, as they may well be: slow to show, throttled, idempotent."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._invocations: list[tuple[float, Invocation]] = []
        self._tokens: dict[str, str] = {}

    def find(self, tags: Mapping[str, str]) -> list[Invocation]:
        """Return what is shown already of the invocations with these tags."""
        self._throttle()
        return [
            invocation
            for shown, invocation in self._invocations
            if shown <= self._world.now
            and all(invocation.tags.get(key) == value for key, value in tags.items())
        ]

    def result(self, invoke_id: str, instance_id: str) -> Invocation | None:
        """Return one run."""
        for _, found in self._invocations:
            runs = tuple(run for run in found.runs if run.instance_id == instance_id)
            if found.invoke_id == invoke_id and runs:
                return found._replace(runs=runs)
        return None

    def invoke(
        self,
        *,
        command_id: str,
        parameters: Mapping[str, str],
        instance_ids: Sequence[str],
        tags: Mapping[str, str],
        client_token: str,
        **_more: object,
    ) -> str:
        """Start a command, once for each token; it runs on each instance a while later."""
        world = self._world
        self._throttle()
        if client_token in self._tokens:
            world.faults["same token"] += 1
            return self._tokens[client_token]
        invoke_id = f"t-{len(self._invocations) + 1}"
        moment = int(parameters["moment"])
        request = tags["provisioning:request"]
        world.faults["a later post got through first"] += (
            request not in world.moments and moment > world.first_post(request)
        )
        world.moments.setdefault(request, moment)
        self._tokens[client_token] = invoke_id
        shown = world.now + (world.chance.uniform(0, 5) if world.happens("shown late", 0.3) else 0)
        runs = tuple(_run(instance, "Running", None) for instance in instance_ids)
        action = DEPROVISION if command_id == "c-deprovision" else PROVISION
        position = len(self._invocations)
        self._invocations.append(
            (shown, Invocation(invoke_id, command_id, "", dict(parameters), dict(tags), runs))
        )
        world.trace(f"{world.now - START:9.1f} {invoke_id} started: {action} {dict(parameters)}")
        for instance in instance_ids:
            delay = world.chance.expovariate(0.5)
            if world.happens("slow host", 0.1):
                delay += world.chance.uniform(0, 120)
            world.after(delay, partial(self._execute, position, instance, action))
        if world.happens("crash after the call", 0.05):
            raise Crash
        return invoke_id

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Take result events."""
        for event in events:
            self._world.told[event["data"]["detail"]["request_id"]] += 1

    def _throttle(self) -> None:
        if self._world.happens("throttled", 0.15):
            raise ApiTroubleError("InvokeCommand", "Throttling.User", "slow down")

    def _execute(self, position: int, instance: str, action: str) -> None:
        world = self._world
        shown, invocation = self._invocations[position]
        given = invocation.parameters
        breaks = action == PROVISION and world.happens("package is missing", 0.1)
        code = world.hosts[instance].run(
            action, given["emp_id"], given["role"], int(given["moment"]), breaks=breaks
        )
        world.trace(f"{world.now - START:9.1f} {invocation.invoke_id} on {instance}: exit {code}")
        ended = _run(instance, "Failed" if code else "Success", code)
        runs = tuple(ended if run.instance_id == instance else run for run in invocation.runs)
        self._invocations[position] = (shown, invocation._replace(runs=runs))
        world.told[invocation.tags["provisioning:request"]] += 1


def _run(instance: str, status: str, code: int | None) -> Run:
    return Run(instance, status, code, "", "", "", 0, "")


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
