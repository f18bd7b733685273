"""Questions about Cloud Assistant, asked with commands that do nothing."""

import json
from contextlib import suppress
from typing import Any

from ops.rehearse import things
from ops.rehearse.api import ECS, Refused
from ops.rehearse.findings import Finding, either, look, no, yes
from ops.rehearse.rules import queue_target
from ops.rehearse.stage import Names, Stage, refused
from ops.rehearse.things import Thing

RUN_SECONDS = 90.0
"""How long a run and its event are waited for."""
_SLEEP = 10
_KEYS = ("commandName", "invokeId", "instanceId", "invocationStatus")
_TAG = "rehearsal"


class Commands:
    """Two commands, of which one sleeps and one prints its parameters, and a rule for their end."""

    def __init__(self, names: Names) -> None:
        self._names = names
        # What the command line shows of a value is all that is wanted of it.
        self.echo = things.command(
            f"{names.base}-echo",
            "echo 'given {{given}} left out {{left_out}}'\n",
            has_parameters=True,
        )
        self.sleep = things.command(f"{names.base}-sleep", f"sleep {_SLEEP}\n")
        completed = {
            "source": ["acs.ecs"],
            "type": ["ecs:CloudAssistant:TaskCompleted"],
            "data": {"commandName": [{"prefix": names.base}]},
        }
        self.completed = things.rule(
            "default", f"{names.base}-completed", completed, queue_target(names)
        )
        self._began = 0.0
        self._running: list[str] = []
        self._tag: dict[str, str] = {}
        self._stopped: list[str] = []
        self._calls: dict[str, Finding] = {}
        self._runs: dict[str, str] = {}
        """Invocation by what it was made for."""
        self._seen_tag = 0.0

    @property
    def things(self) -> list[Thing]:
        """Return the commands and the rule."""
        return [self.echo, self.sleep, self.completed]

    def act(self, stage: Stage) -> None:
        """Run the commands where the stack's instances are running."""
        self._began = stage.now()
        self._running = [i.id for i in stage.instances if i.is_reachable]
        self._stopped = [i.id for i in stage.instances if i.status == "Stopped"]
        if not self._running or {str(self.echo), str(self.sleep)} & set(stage.refusals):
            return
        self._left_out(stage)
        self._sleep_twice(stage)
        self._delete_while_running(stage)
        if self._stopped:
            self._calls["stopped-instance"] = self._one_stopped(stage)

    def is_open(self, stage: Stage) -> bool:
        """Return whether a run, its event or its tag is still to come."""
        if not self._runs or stage.now() - self._began > RUN_SECONDS:
            return False
        if not self._seen_tag:
            self._look_for_tag(stage)
        waits_for_event = str(self.completed) not in stage.refusals and not self._ends(stage)
        return waits_for_event or not self._seen_tag or not self._printed(stage)

    def findings(self, stage: Stage) -> dict[str, Finding]:
        """Return the answers."""
        unmade = stage.unasked(self.echo, self.sleep)
        if unmade or not self._running:
            nothing = unmade or look("no instance of the stack runs with Cloud Assistant's agent")
            names = (
                "left-out-parameter", "client-token", "running-command", "tag-search",
                "completed-event", "stopped-instance",
            )  # fmt: skip
            return dict.fromkeys(names, nothing)
        found = {**self._calls}
        if "left-out-parameter" not in found:
            printed = self._printed(stage)
            found["left-out-parameter"] = (
                either("{{left_out}}" in printed, f"the script printed: {printed.strip()}")
                if printed
                else look("the run has not ended")
            )
        if not self._stopped:
            found["stopped-instance"] = look(
                "no instance of the stack is stopped: stop one that may stop, and run this again"
            )
        found["tag-search"] = (
            either(bool(self._seen_tag), f"found {max(self._seen_tag, 0):.0f} s after the call")
            if self._seen_tag
            else no(f"not found within {RUN_SECONDS:.0f} s")
        )
        found["completed-event"] = stage.unasked(self.completed) or self._event(stage)
        return found

    def _left_out(self, stage: Stage) -> None:
        try:
            self._runs["echo"] = self._invoke(
                stage, self.echo, self._running[:1], Parameters=json.dumps({"given": "this"})
            )
        except Refused as refusal:
            self._calls["left-out-parameter"] = refused(refusal)

    def _sleep_twice(self, stage: Stage) -> None:
        """Run the sleeping command, and once more with the same client token."""
        token = f"{self._names.base}-{int(stage.now())}"[-64:]
        tag = {"Key": _TAG, "Value": token}
        try:
            first, second = (
                self._invoke(stage, self.sleep, self._running[:1], ClientToken=token, Tag=[tag])
                for _ in range(2)
            )
        except Refused as refusal:
            self._calls["client-token"] = refused(refusal)
            return
        self._runs["sleep"], self._tag = first, tag
        self._calls["client-token"] = either(
            first == second, "one run" if first == second else "two runs"
        )

    def _delete_while_running(self, stage: Stage) -> None:
        (command_id,) = things.command_ids(stage.api, self.sleep.name)
        end = stage.now() + _SLEEP
        while not any(
            run.get("InvocationStatus") == "Running"
            for run in things.runs_of(stage.api, command_id)
        ):
            if stage.now() > end:
                self._calls["running-command"] = look("the run did not begin in time")
                return
            stage.sleep(1.0)
        try:
            stage.api.call(ECS, "DeleteCommand", CommandId=command_id)
        except Refused as refusal:
            self._calls["running-command"] = refused(refusal)
        else:
            self._calls["running-command"] = yes("it was deleted")

    def _one_stopped(self, stage: Stage) -> Finding:
        both = [self._running[0], self._stopped[0]]
        try:
            invoked = self._invoke(
                stage, self.echo, both, Parameters=json.dumps({"given": "this", "left_out": "-"})
            )
        except Refused as refusal:
            return refused(refusal)
        self._runs["stopped"] = invoked
        return yes(
            f"the call was accepted ({invoked}); the running instance has a result of its own"
        )

    def _invoke(self, stage: Stage, command: Thing, instances: list[str], **more: Any) -> str:
        (command_id,) = things.command_ids(stage.api, command.name)
        answer = stage.api.call(
            ECS, "InvokeCommand", CommandId=command_id, InstanceId=instances, **more
        )
        return str(answer["InvokeId"])

    def _look_for_tag(self, stage: Stage) -> None:
        if "sleep" not in self._runs:
            self._seen_tag = -1.0
            return
        with suppress(Refused):
            answer = stage.api.call(ECS, "DescribeInvocations", Tag=[self._tag], MaxResults=10)
            if answer.get("Invocations", {}).get("Invocation"):
                self._seen_tag = max(stage.now() - self._began, 0.1)

    def _printed(self, stage: Stage) -> str:
        """Return what the echoing run printed; empty while it goes on, ``-`` if there is none."""
        if "echo" not in self._runs:
            return "-"
        with suppress(Refused):
            answer = stage.api.call(
                ECS,
                "DescribeInvocations",
                InvokeId=self._runs["echo"],
                IncludeOutput=True,
                ContentEncoding="PlainText",
            )
            for invocation in answer.get("Invocations", {}).get("Invocation", []):
                for run in invocation.get("InvokeInstances", {}).get("InvokeInstance", []):
                    return str(run.get("Output") or "")
        return ""

    def _ends(self, stage: Stage) -> list[dict[str, Any]]:
        found = [event for event, _ in stage.arrivals("ecs:CloudAssistant:TaskCompleted")]
        return [e for e in found if e.get("data", {}).get("invokeId") in self._runs.values()]

    def _event(self, stage: Stage) -> Finding:
        ends = self._ends(stage)
        if not ends:
            return no(f"no event on bus default within {RUN_SECONDS:.0f} s")
        data = ends[0]["data"]
        missing = [key for key in _KEYS if key not in data]
        shown = f"fields {', '.join(sorted(data))}"
        return no(f"without {', '.join(missing)}; {shown}") if missing else yes(shown)
