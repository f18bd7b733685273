"""ECS with Cloud Assistant: instances, commands, and the runs of commands on instances."""

import asyncio
import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localcloud.ecs import commands, statuses
from localcloud.ecs.commands import Command
from localcloud.ecs.dispatch import Dispatcher, Machines, RunningInvocation
from localcloud.ecs.errors import EcsError
from localcloud.ecs.events import task_completed
from localcloud.ecs.instances import RELEASED, InstanceRow, first_instances
from localcloud.ecs.invocations import RETENTION_SECONDS, Invocation, Invocations, Result
from localcloud.environment import Environment
from localcloud.faults import Faults
from localcloud.sandbox.instance import Script
from localcloud.sandbox.isolation import SandboxUnavailableError
from localcloud.sandbox.outcome import Outcome
from localcloud.settings import CloudSettings
from localcloud.store import Store, Table

COMMANDS_QUOTA = 500
"""Commands that a region may hold ("Limits", Cloud Assistant)."""
CLIENT_TOKEN_SECONDS = 600.0
# guess: how long a repeat with the same ClientToken is recognised is not documented.

_PACKAGE_FAULT = "package:"
_FAULTS_AT_ONCE = 100


Publish = Callable[[str, dict[str, Any]], object]
"""Puts an event on a bus; durable at the store's next flush."""


@dataclass(frozen=True)
class Order:
    """What InvokeCommand or RunCommand asks for, checked."""

    command: Command
    instance_ids: list[str]
    new_command: bool = False
    """Whether the command was made for this order (RunCommand)."""
    parameters: dict[str, str] = field(default_factory=dict)
    timeout_seconds: int = 60
    working_dir: str = ""
    username: str = ""
    termination_mode: str = "Process"
    tags: dict[str, str] = field(default_factory=dict)
    client_token: str = ""


class Ecs:
    """The instances and Cloud Assistant of one region."""

    def __init__(
        self,
        settings: CloudSettings,
        environment: Environment,
        store: Store,
        publish: Publish,
        machines: Machines,
        faults: Faults,
    ) -> None:
        self.settings = settings
        self.clock = environment.clock
        self._ids = environment.ids
        self._store = store
        self._publish = publish
        self._faults = faults
        self.machines = machines
        self.commands = Table(store, "ecs.command", Command)
        self.instances = Table(store, "ecs.instance", InstanceRow)
        self.history = Invocations(store)
        self.dispatcher = Dispatcher(machines, environment.clock, self._prepare, self._finish)
        self._tokens: dict[str, tuple[float, Invocation]] = {}
        self._ended: dict[int, dict[str, str]] = {}
        self.unavailable = ""
        """Why no script can run on this machine; empty if one can."""
        self._make_instances()
        self._continue()

    # Instances

    def instance(self, instance_id: str) -> InstanceRow:
        """Return an instance, or refuse as the cloud does."""
        found = self.instances.get(instance_id)
        if found is None or found.status == RELEASED:
            raise EcsError("InvalidInstance.NotFound", f"Given was '{instance_id[:80]}'")
        return found

    def existing(self) -> list[InstanceRow]:
        """Return the instances that were not released."""
        return [row for row in self.instances if row.status != RELEASED]

    def release(self, row: InstanceRow) -> None:
        """Release an instance; its row stays, so that a restart does not make it anew."""
        self.instances.put(row.instance_id, dataclasses.replace(row, status=RELEASED, tags={}))

    async def end_runs_on(self, instance_id: str) -> None:
        """End the runs of an instance that is switched off."""
        # guess: that they count as stopped; the reference has no word for it.
        for invoke_id, name in self.history.unfinished():
            if name == instance_id:
                await self.dispatcher.stop(invoke_id, instance_id)

    def instances_with(self, tags: Mapping[str, str]) -> list[str]:
        """Return the ids of the instances that carry all these tags."""
        return [
            row.instance_id
            for row in self.existing()
            if all(row.tags.get(key) == value for key, value in tags.items())
        ]

    # Commands

    def command(self, command_id: str) -> Command:
        """Return a command, or refuse as the cloud does."""
        found = self.commands.get(command_id)
        if found is None:
            raise EcsError("InvalidCmdId.NotFound", f"Given was '{command_id[:80]}'")
        return found

    async def is_running(self, command: Command) -> bool:
        """Return whether a run of a command has not ended."""
        await self._store.flush()
        return self.history.is_running(command.command_id)

    def create_command(self, given: Command) -> Command:
        """Check a command, give it an id and keep it."""
        command = self.new_command(given)
        self.commands.put(command.command_id, command)
        return command

    def new_command(self, given: Command) -> Command:
        """Check a command and give it an id, without keeping it."""
        commands.check(given)
        if given.kept and len(self.commands) >= COMMANDS_QUOTA:
            raise EcsError("CmdCount.ExceedQuota", f"{COMMANDS_QUOTA} are allowed")
        now = self.clock.now()
        return dataclasses.replace(given, command_id=f"c-{self._ids()}", created=now)

    # Invocations

    def invoke(self, order: Order) -> Invocation:
        """Accept a run of a command on instances; the same client token starts nothing twice."""
        now = self.clock.now()
        fingerprint = _fingerprint(order)
        if known := self._known(order.client_token, now):
            if known.fingerprint != fingerprint:
                raise EcsError("IdempotentParameterMismatch")
            return known
        command = order.command
        invocation = Invocation(
            sequence=self.history.next_sequence(),
            invoke_id=f"t-{self._ids()}",
            command_id=command.command_id,
            command_name=command.name,
            command_type=command.type,
            command_content=command.content,
            command_description=command.description,
            parameters=order.parameters,
            enable_parameter=command.enable_parameter,
            created=now,
            timeout_seconds=order.timeout_seconds,
            instance_ids=order.instance_ids,
            working_dir=order.working_dir,
            username=order.username,
            termination_mode=order.termination_mode,
            tags=order.tags,
            client_token=order.client_token,
            fingerprint=fingerprint,
        )
        self.history.add(invocation)
        if order.new_command and command.kept:
            self.commands.put(command.command_id, command)
        if order.client_token:
            self._tokens[order.client_token] = (now + CLIENT_TOKEN_SECONDS, invocation)
        for instance_id in order.instance_ids:
            self.dispatcher.add(invocation.invoke_id, instance_id)
        return invocation

    def results(self, invocations: Sequence[Invocation]) -> dict[int, list[Result]]:
        """Return the results of invocations, with what is known of those that still run."""
        stored = self.history.results_of([i.sequence for i in invocations])
        return {
            sequence: [self.current(result) for result in results]
            for sequence, results in stored.items()
        }

    def current(self, result: Result) -> Result:
        """Complete a result that has not ended by what its run has done so far."""
        run = self.dispatcher.get(result.invoke_id, result.instance_id)
        if run is None or result.status not in statuses.UNFINISHED:
            return result
        return dataclasses.replace(
            result,
            status=run.status,
            started=run.started,
            output=run.output,
            dropped=run.dropped,
        )

    async def stop(self, invocation: Invocation, instance_ids: Sequence[str]) -> None:
        """Cancel what has not begun and kill what runs, on these instances."""
        for instance_id in instance_ids:
            await self.dispatcher.stop(invocation.invoke_id, instance_id)

    # Tags and authorization

    def resource_tags(self, arn: str) -> dict[str, str]:
        """Return the tags of a command, an instance or an invocation, for conditions on them."""
        kind, _, name = arn.rpartition(":")[2].partition("/")
        if kind == "command":
            command = self.commands.get(name)
            return dict(command.tags) if command else {}
        if kind == "instance":
            instance = self.instances.get(name)
            return dict(instance.tags) if instance else {}
        if kind == "invocation":
            invocation = self.history.get(name)
            return dict(invocation.tags) if invocation else {}
        return {}

    # Background

    async def run(self) -> None:
        """Run what was accepted, until cancelled; a next start goes on with what had not ended."""
        choosing = asyncio.create_task(self._choose_isolation())
        try:
            await self.dispatcher.run()
        finally:
            choosing.cancel()

    async def drain(self) -> None:
        """Run everything that was accepted to its end."""
        await self.dispatcher.drain()

    async def _choose_isolation(self) -> None:
        # Before the first run, so that it need not wait and people can see the answer.
        try:
            await self.machines.isolation()
        except (SandboxUnavailableError, OSError) as error:
            self.unavailable = str(error)

    async def _prepare(self, run: RunningInvocation) -> Script | None:
        # Nothing runs before its acceptance is durable.
        await self._store.flush()
        invocation = self.history.get(run.invoke_id)
        if invocation is None:
            raise LookupError(f"the invocation {run.invoke_id} is queued but not in the store")
        instance = self.instances.get(run.instance_id)
        if instance and not instance.is_reachable:
            # guess: only where one such instance does not refuse the whole call.
            return None
        text = Command(
            "", "", "RunShellScript", invocation.command_content, invocation.created
        ).text
        if invocation.enable_parameter:
            built_in = {
                "RegionId": self.settings.region,
                "AccountId": self.settings.account_id,
                "InstanceId": run.instance_id,
                "InstanceName": instance.name if instance else "",
                "InvokeId": invocation.invoke_id,
                "CommandId": invocation.command_id,
            }
            text = commands.fill(text, invocation.parameters, built_in)
        return Script(
            invocation.invoke_id,
            text.encode(errors="surrogateescape"),
            float(invocation.timeout_seconds),
            invocation.working_dir,
            invocation.username,
            # guess: of mode ProcessTree it is only said what a stop or time-out kills.
            ends_tree=invocation.termination_mode == "ProcessTree",
            package_faults=self._package_faults(),
        )

    async def _finish(self, run: RunningInvocation, outcome: Outcome) -> None:
        for package in outcome.package_faults:
            self._faults.take(_PACKAGE_FAULT + package)
        invocation = self.history.get(run.invoke_id)
        if invocation is None:
            await self._store.flush()
            invocation = self.history.get(run.invoke_id)
        if invocation is None:
            return
        now = self.clock.now()
        result = _result(invocation, run, outcome, now)
        ended = self._ended.setdefault(invocation.sequence, {})
        if not ended:
            for known in self.history.results_of([invocation.sequence])[invocation.sequence]:
                ended[known.instance_id] = known.status
        ended[run.instance_id] = result.status
        with self._store.transaction():
            self.history.finish(result, statuses.to_store(ended.values()))
            self._publish("default", task_completed(self.settings, invocation, result, now))
        if not statuses.unfinished(ended.values()):
            del self._ended[invocation.sequence]
        await self._store.flush()

    def _package_faults(self) -> tuple[str, ...]:
        lines: list[str] = []
        for fault in self._faults.list():
            package = fault.target.removeprefix(_PACKAGE_FAULT)
            if package != fault.target:
                line = f"{package} {fault.code('unreachable') or '-'} {fault.delay_seconds:g}"
                lines += [line] * min(fault.times, _FAULTS_AT_ONCE)
        return tuple(lines)

    def _known(self, client_token: str, now: float) -> Invocation | None:
        for token in [t for t, (until, _) in self._tokens.items() if until <= now]:
            del self._tokens[token]
        return self._tokens[client_token][1] if client_token in self._tokens else None

    def _make_instances(self) -> None:
        now = self.clock.now()
        for row in first_instances(
            self.settings.instances,
            self.settings.instance_tags,
            now,
            self.settings.without_agent,
        ):
            if row.instance_id not in self.instances:
                self.instances.put(row.instance_id, row)

    def _continue(self) -> None:
        now = self.clock.now()
        self.history.forget_before(now - RETENTION_SECONDS)
        for invocation in self.history.created_since(now - CLIENT_TOKEN_SECONDS):
            if invocation.client_token:
                until = invocation.created + CLIENT_TOKEN_SECONDS
                self._tokens[invocation.client_token] = (until, invocation)
        for invoke_id, instance_id in self.history.unfinished():
            self.dispatcher.add(invoke_id, instance_id)


def _fingerprint(order: Order) -> str:
    asked = dataclasses.asdict(order)
    if order.new_command:
        # Made anew at each call: what matters is what it says.
        del asked["command"]["command_id"], asked["command"]["created"]
    else:
        asked["command"] = order.command.command_id
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _result(invocation: Invocation, run: RunningInvocation, outcome: Outcome, now: float) -> Result:
    refusal, _, detail = outcome.reason.partition(": ")
    status, error_code = {
        "timeout": ("Timeout", "ExecutionTimeout"),
        "stopped": ("Terminated", ""),
        "cancelled": ("Cancelled", ""),
        "interrupted": ("Failed", "ExecutionInterrupted"),
        # guess: the reference names these codes but not the state that goes with them.
        "refused": ("Invalid", refusal),
    }.get(outcome.ended, (statuses.SUCCESS, ""))
    if outcome.ended == "finished" and outcome.exit_code != 0:
        status, error_code = "Failed", "ExitCodeNonzero"
    if error_code in {"ClientNotRunning", "ExecutionException"}:
        status = "Aborted"
    finished = now
    if status == "Timeout" and run.started is not None:
        finished = run.started + invocation.timeout_seconds
    return Result(
        sequence=invocation.sequence,
        position=invocation.instance_ids.index(run.instance_id),
        invoke_id=invocation.invoke_id,
        instance_id=run.instance_id,
        status=status,
        started=run.started,
        finished=finished,
        stopped=now if status in {"Terminated", "Cancelled"} else None,
        exit_code=outcome.exit_code if outcome.ended == "finished" else None,
        output=outcome.output or detail.encode(),
        dropped=outcome.dropped,
        error_code=error_code,
    )
