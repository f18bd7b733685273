"""What a rehearsal makes in the account: each thing with how it is made and how it is removed.

Every name is fixed, so that a second run finds what an interrupted one left behind.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from ops.rehearse.api import ECS, EVENTBRIDGE, QUEUES, RAM, Api, Refused

_QUEUE_SECONDS = 3600
"""How long a message is kept: whatever is left behind empties itself."""
_SCRIPT_SECONDS = 60


class Thing(NamedTuple):
    """Something in the account that exists for the time of a rehearsal."""

    kind: str
    name: str
    make: Callable[[Api], object]
    remove: Callable[[Api], bool]
    """Removes it, and tells whether it was there; raises ``Refused`` if it cannot be removed."""

    def __str__(self) -> str:
        """Return what it is."""
        return f"{self.kind} {self.name}"


def queue(name: str) -> Thing:
    """Return a queue."""
    return Thing(
        "queue",
        name,
        lambda api: api.call(
            QUEUES,
            "CreateQueue",
            QueueName=name,
            MessageRetentionPeriod=_QUEUE_SECONDS,
            VisibilityTimeout=30,
        ),
        _removing(lambda api: api.call(QUEUES, "DeleteQueue", QueueName=name)),
    )


def role(name: str, actions: Sequence[str], resources: Sequence[str]) -> Thing:
    """Return a role that Function Compute takes on, with a policy of the same name."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": ["fc.aliyuncs.com"]},
    }

    def make(api: Api) -> None:
        api.call(RAM, "CreateRole", RoleName=name, AssumeRolePolicyDocument=_policy(trust))
        api.call(RAM, "CreatePolicy", PolicyName=name, PolicyDocument=_policy(statement))
        api.call(RAM, "AttachPolicyToRole", PolicyType="Custom", PolicyName=name, RoleName=name)

    def remove(api: Api) -> bool:
        steps = [
            lambda api: api.call(
                RAM, "DetachPolicyFromRole", PolicyType="Custom", PolicyName=name, RoleName=name
            ),
            lambda api: api.call(RAM, "DeletePolicy", PolicyName=name),
            lambda api: api.call(RAM, "DeleteRole", RoleName=name),
        ]
        return sum(_removing(step)(api) for step in steps) > 0

    return Thing("RAM role and policy", name, make, remove)


def bus(name: str) -> Thing:
    """Return an event bus."""
    return Thing(
        "event bus",
        name,
        lambda api: api.call(EVENTBRIDGE, "CreateEventBus", EventBusName=name),
        _removing(lambda api: api.call(EVENTBRIDGE, "DeleteEventBus", EventBusName=name)),
    )


def http_source(on: str, name: str, *, linked: bool) -> Thing:
    """Return an HTTPS source of a bus."""
    parameters = {
        "Type": "HTTPS",
        "Method": ["POST"],
        "SecurityConfig": "none",
        "Ip": [],
        "Referer": [],
    }
    named = {"EventBusName": on, "EventSourceName": name}
    return Thing(
        "event source",
        name,
        lambda api: api.call(
            EVENTBRIDGE,
            "CreateEventSource",
            **named,
            SourceHttpEventParameters=json.dumps(parameters),
            **({"LinkedExternalSource": True} if linked else {}),
        ),
        _removing(lambda api: api.call(EVENTBRIDGE, "DeleteEventSource", **named)),
    )


def rule(on: str, name: str, pattern: Mapping[str, Any], target: Mapping[str, Any]) -> Thing:
    """Return a rule with one target."""
    named = {"EventBusName": on, "RuleName": name}
    return Thing(
        f"rule on bus {on}",
        name,
        lambda api: api.call(
            EVENTBRIDGE,
            "CreateRule",
            **named,
            FilterPattern=json.dumps(pattern),
            EventTargets=json.dumps([target]),
        ),
        _removing(lambda api: api.call(EVENTBRIDGE, "DeleteRule", **named)),
    )


def function(name: str, archive: bytes, role_arn: str, variables: Mapping[str, str]) -> Thing:
    """Return a function of Function Compute 3.0, like those of the loop."""
    body = {
        "functionName": name,
        "runtime": "python3.12",
        "handler": "index.handler",
        "code": {"zipFile": base64.b64encode(archive).decode()},
        "role": role_arn,
        "environmentVariables": dict(variables),
        "timeout": 30,
        "memorySize": 256,
        "cpu": 0.2,
        "diskSize": 512,
    }
    return Thing(
        "function",
        name,
        lambda api: api.fc("CreateFunction", "POST", "/functions", body),
        _removing(lambda api: api.fc("DeleteFunction", "DELETE", f"/functions/{name}")),
    )


def asynchronous(name: str, retries: int, destination: str) -> Thing:
    """Return what becomes of a function's asynchronous calls; both outcomes go to one queue."""
    to = {"destination": destination}
    body = {
        "maxAsyncRetryAttempts": retries,
        "maxAsyncEventAgeInSeconds": 600,
        "destinationConfig": {"onFailure": to, "onSuccess": to},
    }
    path = f"/functions/{name}/async-invoke-config"
    return Thing(
        "asynchronous configuration",
        name,
        lambda api: api.fc("PutAsyncInvokeConfig", "PUT", path, body),
        _removing(lambda api: api.fc("DeleteAsyncInvokeConfig", "DELETE", path)),
    )


def command(name: str, script: str, *, has_parameters: bool = False) -> Thing:
    """Return a Cloud Assistant command."""
    return Thing(
        "Cloud Assistant command",
        name,
        lambda api: api.call(
            ECS,
            "CreateCommand",
            Name=name,
            Type="RunShellScript",
            CommandContent=base64.b64encode(script.encode()).decode(),
            EnableParameter=has_parameters,
            Timeout=_SCRIPT_SECONDS,
        ),
        lambda api: _delete_commands(api, name),
    )


def command_ids(api: Api, name: str) -> list[str]:
    """Return the ids of the commands of a name."""
    answer = api.call(ECS, "DescribeCommands", Name=name, MaxResults=50)
    listed = answer.get("Commands", {}).get("Command", [])
    return [c["CommandId"] for c in listed if c.get("Name") == name]


def _delete_commands(api: Api, name: str) -> bool:
    found = command_ids(api, name)
    for command_id in found:
        try:
            api.call(ECS, "DeleteCommand", CommandId=command_id)
        except Refused:
            # It runs: whatever of it is under way is ended, and the next try removes it.
            for run in runs_of(api, command_id):
                with suppress(Refused):
                    api.call(ECS, "StopInvocation", InvokeId=run["InvokeId"])
            raise
    return bool(found)


def runs_of(api: Api, command_id: str) -> list[dict[str, Any]]:
    """Return the invocations of a command."""
    answer = api.call(ECS, "DescribeInvocations", CommandId=command_id, MaxResults=50)
    found: list[dict[str, Any]] = answer.get("Invocations", {}).get("Invocation", [])
    return found


def _removing(call: Callable[[Api], object]) -> Callable[[Api], bool]:
    def remove(api: Api) -> bool:
        try:
            call(api)
        except Refused as refusal:
            if not refusal.is_absence:
                raise
            return False
        return True

    return remove


def _policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "1", "Statement": [statement]})
