"""Stands in for the Pulumi engine and the provider: remembers what a program asks for.

It keeps the requests as they came over the wire, where a secret is marked as one, so a test can ask
whether a value would be encrypted in the state.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.rpc import UNKNOWN

from localcloud.dryrun import program as dry_run

PROJECT = "ecs-provisioning-loop"
ACCOUNT = "1234567890123456"
_SECRET = "4dabf18193072939515e22adb298388d"
_SECRET_IS = "1b47061264138c4ac30d75fd1eb44270"


class Made:
    """One resource that a program asked for."""

    def __init__(self, request: resource_pb2.RegisterResourceRequest) -> None:
        self.type: str = request.type
        self.name: str = request.name
        self.urn = ""
        self.parent: str = request.parent
        self.provider: str = request.provider
        self.protected: bool = request.protect
        self.retained: bool = request.retainOnDelete
        self.imported: str = request.importId
        self.replaced_by_delete_first: bool = request.deleteBeforeReplace
        self.aliases = list(request.aliases)
        self.depends_on = list(request.dependencies)
        self.secret_outputs = list(request.additionalSecretOutputs)
        self.wire: dict[str, Any] = _plain(request.object)
        self.inputs: dict[str, Any] = _reveal(self.wire)

    @property
    def kind(self) -> str:
        """The last part of the type: ``Rule`` of ``alicloud:eventbridge/rule:Rule``."""
        return self.type.rpartition(":")[2]

    def is_secret(self, *path: str | int) -> bool:
        """Return whether the value at a path, or something around it, is marked as a secret."""
        here: Any = self.wire
        for step in path:
            if _is_secret(here):
                return True
            here = here[step]
        return _is_secret(here)


class _Monitor(dry_run.Monitor):
    def __init__(self, fake: "FakeEngine") -> None:
        super().__init__(fake)
        self.made: list[Made] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's own name
        made = Made(request)
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # not typed
        made.urn = answer.urn
        if request.type != "pulumi:pulumi:Stack":
            self.made.append(made)
        return answer


class FakeEngine(mocks.Mocks):
    """Runs programs and remembers what they ask for."""

    def __init__(
        self, stack: str = "test", *, preview: bool = False, account_id: str = ACCOUNT
    ) -> None:
        self.stack = stack
        self.account_id = account_id
        self.roles: set[str] = set()
        """The roles that the account has."""
        self.preview = preview
        """True: nothing exists yet, so what the cloud would choose is unknown."""
        self.exports: dict[str, Any] = {}
        self._monitor = _Monitor(self)

    @property
    def made(self) -> list[Made]:
        """Everything that was asked for, components too."""
        return self._monitor.made

    @property
    def resources(self) -> list[Made]:
        """What the provider is asked for."""
        return [made for made in self.made if made.type.startswith("alicloud:")]

    def all(self, kind: str) -> list[Made]:
        """Return the resources of one kind, such as ``Rule``."""
        return [made for made in self.made if made.kind == kind]

    def one(self, kind: str, **inputs: Any) -> Made:
        """Return the only resource of a kind whose inputs are these."""
        (found,) = [
            made
            for made in self.all(kind)
            if all(made.inputs.get(key) == value for key, value in inputs.items())
        ]
        return found

    def run(self, program: Callable[[], Any]) -> Any:
        """Run a program to its end; give the values of the outputs that it returns."""
        found: dict[str, Any] = {}

        def outputs_of() -> Any:
            outputs = program()
            if not isinstance(outputs, dict):
                return None
            found.update(outputs)
            return pulumi.Output.all(
                **{name: _described(value) for name, value in outputs.items()}
            ).apply(found.update)

        dry_run.run(outputs_of, PROJECT, self.stack, self, self._monitor, preview=self.preview)
        return found

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Answer as the provider does once the resource exists."""
        outputs = dict(args.inputs)
        resource_id = None if self.preview and args.custom else f"{args.name}-id"
        match args.typ.rpartition(":")[2]:
            case "EventSourceV2":
                parameters = dict(outputs["sourceHttpEventParameters"])
                name = outputs["eventSourceName"]
                url = f"https://bus.example/putEvents?token={name}"
                parameters["publicWebHookUrls"] = UNKNOWN if self.preview else [url]
                outputs["sourceHttpEventParameters"] = parameters
            case "Role" if not self.preview:
                outputs["arn"] = f"acs:ram::{ACCOUNT}:role/{outputs['roleName']}"
            case "Command" if not self.preview:
                resource_id = f"c-{outputs['name']}"
        return resource_id, outputs

    def call(self, args: mocks.MockCallArgs) -> Any:
        """Tell whose the credentials are and which roles there are; refuse every other lookup."""
        if args.token == "alicloud:index/getCallerIdentity:getCallerIdentity":
            return {
                "accountId": self.account_id,
                "arn": f"acs:ram::{self.account_id}:root",
                "id": self.account_id,
                "identityType": "Account",
                "userId": self.account_id,
            }
        if args.token == "alicloud:ram/getRoles:getRoles":
            return {"id": "roles", "ids": [], "names": list(self.roles), "roles": []}
        raise AssertionError(f"no test expects the lookup {args.token}")


def _described(value: Any) -> pulumi.Output[tuple[Any, bool]]:
    """Return an output's value, or that it is unknown, and whether it is a secret."""
    output = pulumi.Output.from_input(value)

    async def both() -> tuple[Any, bool]:
        found = await output.future() if await output.is_known() else UNKNOWN
        return found, await output.is_secret()

    future = asyncio.ensure_future(both())
    return pulumi.Output.from_input(future)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping) or hasattr(value, "fields"):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    return value


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(_SECRET) == _SECRET_IS


def _reveal(value: Any) -> Any:
    if _is_secret(value):
        return _reveal(value["value"])
    if isinstance(value, dict):
        return {key: _reveal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_reveal(inner) for inner in value]
    return value
