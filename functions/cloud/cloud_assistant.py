"""Cloud Assistant as the functions use it: start a command, look up what became of it.

Sources: "InvokeCommand", "DescribeInvocations" and "DescribeCommands" (ECS 2014-05-26).
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from functions.cloud import ecs
from functions.cloud.context import Context
from functions.cloud.numbers import whole_number
from functions.cloud.rpc import Rpc
from functions.cloud.times import parse

MOST_INSTANCES = 100
_PAGE = 50
_MOST_PAGES = 20
_LARGEST_OUTPUT = 64 * 1024

UNFINISHED = frozenset({"", "Pending", "Running", "Scheduled", "Stopping"})
"""What an instance's status is before the command has ended there."""


class Run(NamedTuple):
    """What a command did on one instance."""

    instance_id: str
    status: str
    exit_code: int | None
    start_time: str
    finish_time: str
    output: str
    dropped: int
    """Bytes of output that Cloud Assistant threw away, beyond the 24 KB that it keeps."""
    error: str
    """Why the command could not be sent or run, in Cloud Assistant's words."""

    @property
    def is_finished(self) -> bool:
        """Return whether the command has ended here, well or badly."""
        return self.status not in UNFINISHED


class Invocation(NamedTuple):
    """One call of InvokeCommand."""

    invoke_id: str
    command_id: str
    command_name: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    runs: tuple[Run, ...]
    created: float = 0.0
    """When it was called, in seconds since 1970."""
    timeout_seconds: int = 0
    """How long the command may run."""

    @property
    def is_finished(self) -> bool:
        """Return whether the command has ended on every instance."""
        return bool(self.runs) and all(run.is_finished for run in self.runs)


class CloudAssistant:
    """The ECS API of one region."""

    def __init__(self, rpc: Rpc, region: str) -> None:
        self._rpc = rpc
        self._region = region

    def invoke(
        self,
        *,
        command_id: str,
        parameters: Mapping[str, str],
        timeout_seconds: int,
        instance_ids: Sequence[str],
        tags: Mapping[str, str],
        client_token: str,
    ) -> str:
        """Start a command on instances; return the invocation's id."""
        answer = self._rpc.call(
            "InvokeCommand",
            {
                "RegionId": self._region,
                "CommandId": command_id,
                "Parameters": json.dumps(dict(parameters), separators=(",", ":")),
                "Timeout": timeout_seconds,
                # With Process, the default, a package manager outlives the script it belongs to.
                "TerminationMode": "ProcessTree",
                "InstanceId": list(instance_ids),
                "Tag": _pairs(tags.items()),
                "ClientToken": client_token,
            },
        )
        return _text(answer.get("InvokeId"))

    def find(self, tags: Mapping[str, str], *, running: bool = False) -> list[Invocation]:
        """Return the last four weeks' invocations that carry all these tags, without output.

        Args:
            tags: keys and values.
            running: only those that have not ended everywhere.
        """
        found: list[Invocation] = []
        next_token = None
        for _ in range(_MOST_PAGES):
            answer = self._describe(
                Tag=_pairs(tags.items()),
                InvokeStatus="Running" if running else None,
                MaxResults=_PAGE,
                NextToken=next_token,
            )
            found += _invocations(answer)
            next_token = _text(answer.get("NextToken")) or None
            if next_token is None:
                break
        return [i for i in found if all(i.tags.get(k) == v for k, v in tags.items())]

    def invocation(self, invoke_id: str) -> Invocation | None:
        """Return one invocation, with the output of each of its runs; None if it is unknown."""
        answer = self._describe(InvokeId=invoke_id, IncludeOutput=True, ContentEncoding="Base64")
        found = (i for i in _invocations(answer) if i.invoke_id == invoke_id)
        return next(found, None)

    def result(self, invoke_id: str, instance_id: str) -> Invocation | None:
        """Return what one invocation did on one instance, with its output; None if unknown."""
        answer = self._describe(
            InvokeId=invoke_id, InstanceId=instance_id, IncludeOutput=True, ContentEncoding="Base64"
        )
        for invocation in _invocations(answer):
            runs = tuple(run for run in invocation.runs if run.instance_id == instance_id)
            if invocation.invoke_id == invoke_id and runs:
                return invocation._replace(runs=runs)
        return None

    def description(self, name: str) -> str | None:
        """Return the description of a command of exactly this name; None if there is none."""
        answer = self._rpc.call(
            "DescribeCommands", {"RegionId": self._region, "Name": name, "MaxResults": _PAGE}
        )
        for given in _list(answer, "Commands", "Command"):
            if given.get("Name") == name:
                return _text(given.get("Description"))
        return None

    def _describe(self, **params: Any) -> dict[str, Any]:
        return self._rpc.call("DescribeInvocations", {"RegionId": self._region, **params})


def connect(context: Context, environ: Mapping[str, str]) -> CloudAssistant:
    """Return a client for Cloud Assistant in the function's own region."""
    return CloudAssistant(ecs.connect(context, environ), context.region)


def _pairs(items: Any) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in items]


def _invocations(answer: Mapping[str, Any]) -> list[Invocation]:
    return [
        Invocation(
            invoke_id=_text(given.get("InvokeId")),
            command_id=_text(given.get("CommandId")),
            command_name=_text(given.get("CommandName")),
            parameters=_parameters(given.get("Parameters")),
            tags={
                _text(tag.get("TagKey")): _text(tag.get("TagValue"))
                for tag in _list(given, "Tags", "Tag")
            },
            runs=tuple(_run(run) for run in _list(given, "InvokeInstances", "InvokeInstance")),
            created=parse(given.get("CreationTime")) or 0.0,
            timeout_seconds=whole_number(given.get("Timeout")) or 0,
        )
        for given in _list(answer, "Invocations", "Invocation")
    ]


def _run(given: Mapping[str, Any]) -> Run:
    error = " ".join(filter(None, (_text(given.get("ErrorCode")), _text(given.get("ErrorInfo")))))
    return Run(
        instance_id=_text(given.get("InstanceId")),
        status=_text(given.get("InvocationStatus")),
        exit_code=whole_number(given.get("ExitCode")),
        start_time=_text(given.get("StartTime")),
        finish_time=_text(given.get("FinishTime")),
        output=_decoded(_text(given.get("Output"))),
        dropped=whole_number(given.get("Dropped")) or 0,
        error=error,
    )


def _decoded(output: str) -> str:
    try:
        raw = base64.b64decode(output, validate=True)
    except ValueError:
        return output[-_LARGEST_OUTPUT:]
    return raw[-_LARGEST_OUTPUT:].decode("utf-8", "replace")


def _parameters(value: object) -> dict[str, str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    if not isinstance(value, dict):
        return {}
    return {str(k): v for k, v in value.items() if isinstance(v, str)}


def _list(given: Mapping[str, Any], *path: str) -> list[dict[str, Any]]:
    value: Any = given
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
