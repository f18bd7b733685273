"""The cloud as it may well be: slow to show, throttled, forgetful, with hosts that come and go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from functions.cloud.cloud_assistant import Invocation, Run
from functions.cloud.instances import Instance
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError
from functions.cloud.smq import Received
from functions.request.fields import DEPROVISION, PROVISION
from tests.simulation.host import KILLED, SUPERSEDED, Cut
from tests.simulation.settings import DEAD, TIMEOUT_SECONDS

if TYPE_CHECKING:
    from tests.simulation.world import World

VISIBILITY_SECONDS = 300.0
TOKEN_SECONDS = 600.0
"""How long a client token is remembered: its documentation speaks of minutes."""
RETENTION_SECONDS = 604_800.0


class Crash(BaseException):
    """The function ended between two effects."""


@dataclass
class Record:
    """An invocation, and what nobody sees of it."""

    invocation: Invocation
    action: str
    started: float
    shown: float
    forgotten: bool = False


@dataclass
class Message:
    """A message of a queue."""

    received: Received
    visible: float
    is_twice: bool = False
    """Whether two receivers get it at once."""


@dataclass
class Executed:
    """A script that ran on a host, to its end or not."""

    at: float
    host: str
    emp_id: str
    action: str
    role: str
    moment: int
    """With which it was started."""
    request: str
    code: int


@dataclass
class Cloud:
    """Cloud Assistant, the instances, the bus and the queues."""

    world: "World"
    records: list[Record] = field(default_factory=list)
    executed: list[Executed] = field(default_factory=list)
    messages: dict[str, list[Message]] = field(default_factory=dict)
    _tokens: dict[str, Record] = field(default_factory=dict)

    # Cloud Assistant

    def find(self, tags: Mapping[str, str], *, running: bool = False) -> list[Invocation]:
        """Return what is shown already, and not forgotten, of the invocations with these tags."""
        world = self.world
        self._effect()
        found: list[Invocation] = []
        for record in self.records:
            given = record.invocation.tags
            if running and record.invocation.is_finished:
                continue
            if all(given.get(key) == value for key, value in tags.items()):
                world.mattered["shown late"] += record.shown > world.now
                world.mattered["records gone"] += record.forgotten
                if record.shown <= world.now and not record.forgotten:
                    found.append(world.as_before(record.invocation))
        return found

    def description(self, name: str) -> str | None:
        """Say that nobody has paused anything."""
        self._effect()
        return None

    def invocation(self, invoke_id: str) -> Invocation | None:
        """Return one invocation."""
        self._effect()
        for record in self.records:
            found = record.invocation
            if found.invoke_id == invoke_id and record.shown <= self.world.now:
                return found
        return None

    def result(self, invoke_id: str, instance_id: str) -> Invocation | None:
        """Return one run."""
        self._effect()
        for record in self.records:
            found = record.invocation
            runs = tuple(run for run in found.runs if run.instance_id == instance_id)
            if found.invoke_id == invoke_id and runs and record.shown <= self.world.now:
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
        world = self.world
        self._effect()
        known = self._tokens.get(client_token)
        if known and world.now - known.started < TOKEN_SECONDS:
            world.faults["same token"] += 1
            world.mattered["same token"] += 1
            same = {run.instance_id for run in known.invocation.runs} == set(instance_ids)
            if same and (known.invocation.parameters, known.invocation.tags) == (parameters, tags):
                return known.invocation.invoke_id
            raise ApiRefusedError("InvokeCommand", "IdempotentParameterMismatch")
        if bad := [i for i in instance_ids if world.state(i) != "Running"]:
            world.faults["refused as a whole"] += 1
            world.mattered["refused as a whole"] += len(instance_ids) > 1
            raise ApiRefusedError("InvokeCommand", "InvalidInstance.NotRunning", bad[0])
        invoke_id = f"t-{len(self.records) + 1:04}"
        shown = world.now + (world.chance.uniform(0, 5) if world.happens("shown late", 0.3) else 0)
        action = DEPROVISION if command_id == "c-deprovision" else PROVISION
        runs = tuple(_run(instance, "Running") for instance in instance_ids)
        name = f"sim-{action}-0123456789ab"
        started = Invocation(
            invoke_id,
            command_id,
            name,
            dict(parameters),
            dict(tags),
            runs,
            created=world.now,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        world.sweep()
        position = len(self.records)
        self._tokens[client_token] = Record(started, action, world.now, shown)
        self.records.append(self._tokens[client_token])
        world.tell(f"{invoke_id} started on {', '.join(instance_ids)}: {action} {dict(parameters)}")
        for instance in instance_ids:
            delay = world.chance.expovariate(0.5)
            if world.happens("slow host", 0.1):
                delay += world.chance.uniform(0, 120)
            world.after(delay, partial(self._execute, position, instance))
        self._crash()
        return invoke_id

    def _execute(self, position: int, instance: str) -> None:
        world = self.world
        record = self.records[position]
        given = record.invocation.parameters
        if world.state(instance) != "Running":
            # It stopped or vanished after it had been accepted.
            world.mattered["host stopped"] += 1
            self._ended(position, _run(instance, "Failed", error="InstanceNotRunning stopped"))
            return
        if given.get("moment") and world.happens("never ends", 0.005):
            return
        if given.get("moment") and world.happens("not delivered", 0.03):
            world.mattered["not delivered"] += record.action == DEPROVISION
            self._ended(position, _run(instance, "Failed", error="DeliveryTimeout too late"))
            return
        moment = int(given.get("moment") or world.host_clock(instance) * 1000)
        breaks = record.action == PROVISION and world.breaks(record.invocation)
        cut = None
        if given.get("moment") and world.happens("killed", 0.04):
            cut = world.chance.choice(list(Cut))
        run = (record.action, given["emp_id"], given["role"], moment)
        request = given.get("request_hash", "")
        world.mattered["killed"] += any(
            (e.host, e.emp_id, e.code) == (instance, run[1], KILLED) for e in self.executed[-4:]
        )
        code = world.hosts[instance].run(
            *run, request, manual="moment" not in given, breaks=breaks, cut=cut
        )
        if not (code == KILLED and cut in {Cut.BEFORE, Cut.UNRECORDED}):
            self.executed.append(
                Executed(world.now, instance, run[1], record.action, run[2], moment, request, code)
            )
        world.mattered["slow host"] += code == SUPERSEDED
        world.tell(f"{record.invocation.invoke_id} on {instance}: exit {code}")
        status, error = ("Failed", "ExitCodeNonzero") if code else ("Success", "")
        if code == KILLED:
            error = "ExecutionInterrupted"
        self._ended(position, _run(instance, status, None if code == KILLED else code, error))

    def _ended(self, position: int, ended: Run) -> None:
        record = self.records[position]
        runs = [ended if r.instance_id == ended.instance_id else r for r in record.invocation.runs]
        changed = record.invocation._replace(runs=tuple(runs))
        self.records[position] = replace(record, invocation=changed)
        self.world.run_ended(changed, ended)

    def by_hand(self, action: str, emp_id: str, role: str, instance: str) -> None:
        """Run a command as an operator does: without tags, with the two parameters of the seed."""
        self.world.tell(f"by hand on {instance}: {action} {emp_id} {role}")
        command, parameters = f"c-{action}", {"emp_id": emp_id, "role": role}
        runs = (_run(instance, "Running"),)
        name = f"sim-{action}-0123456789ab"
        invocation = Invocation(
            f"t-{len(self.records) + 1:04}", command, name, parameters, {}, runs
        )
        self.records.append(Record(invocation, action, self.world.now, self.world.now))
        self._execute(len(self.records) - 1, instance)
        account = self.world.hosts[instance].accounts.get(emp_id)
        moment = int(self.world.host_clock(instance) * 1000)
        self.world.mattered["by hand"] += account is not None and account.moment == moment

    # Instances

    def named(self, ids: Sequence[str]) -> list[Instance]:
        """Return those that exist; what is shown of their state may be some seconds old."""
        self._effect()
        old = self.world.happens("state shown late", 0.2) * self.world.chance.uniform(0, 20)
        found = [(i, self.world.state(i, self.world.now - old)) for i in ids]
        self.world.mattered["state shown late"] += any(s != self.world.state(i) for i, s in found)
        world = self.world
        world.mattered["host released"] += any(state == "Released" for _, state in found)
        return [
            Instance(i, "", "", state, has_agent=state == "Running")
            for i, state in found
            if state != "Released"
        ]

    def address(self, instance_id: str) -> tuple[str, str]:
        """Return an instance's name and address."""
        self._effect()
        return f"name of {instance_id}", "10.0.0.7"

    def tagged(self, tags: Sequence[tuple[str, str]]) -> list[Instance]:
        """Return nothing: no role is found by tags here."""
        raise AssertionError(tags)

    # The bus

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Take events."""
        self._effect()
        for event in events:
            self.world.told(event)
        self._crash()

    # Queues

    def send(self, queue: str, body: str, delay_seconds: int = 0) -> str:
        """Keep a message."""
        world = self.world
        self._effect()
        name = f"m-{sum(map(len, self.messages.values())) + 1}-{world.count()}"
        message = Message(Received(name, body, name, 0, world.now), world.now + delay_seconds)
        if queue == DEAD:
            world.buried(body)
        else:
            self._keep(queue, message)
        self._crash()
        return name

    def put_by_rule(self, queue: str, body: str) -> None:
        """Keep a message that EventBridge puts there."""
        name = f"m-{self.world.count()}"
        self._keep(queue, Message(Received(name, body, name, 0, self.world.now), self.world.now))

    def _keep(self, queue: str, message: Message) -> None:
        self.messages.setdefault(queue, []).append(message)
        self.world.timer_comes(queue, message.visible - self.world.now)

    def receive(self, queue: str, count: int = 16, wait_seconds: int = 0) -> list[Received]:
        """Take what is visible; a message that is too old is gone."""
        world = self.world
        self._effect()
        kept = [
            m
            for m in self.messages.get(queue, [])
            if world.now - m.received.enqueued < RETENTION_SECONDS
        ]
        self.messages[queue] = kept
        taken: list[Received] = []
        for message in kept:
            if message.visible <= world.now and len(taken) < count:
                received = message.received
                received = received._replace(dequeue_count=received.dequeue_count + 1)
                message.received = received
                message.visible = world.now + VISIBILITY_SECONDS
                world.mattered["received twice"] += message.is_twice
                message.is_twice = world.happens("received twice", 0.02)
                if message.is_twice:
                    message.visible = world.now
                taken.append(received)
                world.timer_comes(queue, VISIBILITY_SECONDS)
        return taken

    def delete(self, queue: str, receipts: Sequence[str]) -> list[str]:
        """Forget messages."""
        self._effect()
        kept = [m for m in self.messages[queue] if m.received.receipt not in receipts]
        self.messages[queue] = kept
        self._crash()
        return []

    def again(self, queue: str, receipt: str, seconds: int) -> str:
        """Let a message come back later."""
        self._effect()
        for message in self.messages[queue]:
            if message.received.receipt == receipt:
                message.visible = self.world.now + seconds
                self.world.timer_comes(queue, seconds)
        self._crash()
        return receipt

    def _effect(self) -> None:
        """Come to an effect: the function may die, or be refused, before it."""
        self._crash()
        if self.world.happens("throttled", 0.12):
            self.world.mattered["throttled"] += 1
            raise ApiTroubleError("Any", "Throttling.User", "slow down")

    def _crash(self) -> None:
        if self.world.happens("crash", 0.015):
            raise Crash


def _run(instance: str, status: str, code: int | None = None, error: str = "") -> Run:
    return Run(instance, status, code, "", "", "", 0, error)
