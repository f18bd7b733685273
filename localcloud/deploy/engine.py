"""Runs a stack's program under Pulumi's mock monitor and applies each resource at once.

Pulumi registers independent resources from several threads, so they are applied in parallel; a
resource that takes another's output waits for it, as under the engine.
"""

import runpy
from pathlib import Path
from typing import Any, cast

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import Stack

from localcloud.deploy import provider, stack_file
from localcloud.deploy.client import Client, RefusedError
from localcloud.deploy.quiet_loop import quiet_loop
from localcloud.settings import CloudSettings

_PROJECT = Path(__file__).resolve().parents[2]


class DeployError(Exception):
    """The program was not applied; the message says what failed."""


class _Monitor(mocks.Mocks):
    """Answers the program in the engine's place."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Apply a resource and give its id and outputs; components are only names."""
        if not args.custom or args.typ.startswith("pulumi:providers:"):
            return args.name, dict(args.inputs)
        apply = provider.RESOURCES.get(args.typ)
        if apply is None:
            raise DeployError(
                f"the local cloud cannot deploy '{args.name}': it does not know the resource type "
                f"{args.typ}; localcloud/deploy/provider.py lists the types that it knows"
            )
        try:
            resource_id, read = apply(self._client, plain(args.inputs))
        except RefusedError as failure:
            raise DeployError(f"cannot deploy '{args.name}' ({args.typ}): {failure}") from failure
        return resource_id, {**args.inputs, **read}

    def call(self, args: mocks.MockCallArgs) -> Any:
        """Refuse: the stacks look nothing up."""
        raise DeployError(f"the local cloud cannot answer the lookup {args.token} of a program")


def plain(value: Any) -> Any:
    """Give inputs as the provider sees them: secrets revealed, whole numbers as such."""
    if isinstance(value, dict):
        if rpc.is_rpc_secret(value):
            return plain(rpc.unwrap_rpc_secret(value))
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def run(
    endpoint: str,
    stack: str = "local",
    access_key_id: str = "",
    access_key_secret: str = "",
    folder: Path = _PROJECT,
) -> dict[str, Any]:
    """Apply a stack's program to the local cloud at ``endpoint``; give the stack's outputs.

    The outputs include secrets, such as webhook URLs: they lead nowhere but to this machine. The
    key is the account's own if none is given.

    Raises:
        DeployError: whatever failed; the message is for people and says what to do.
    """
    try:
        return _run(endpoint, stack, access_key_id, access_key_secret, folder)
    except (ConnectionError, pulumi.RunError, stack_file.StackFileError) as error:
        raise DeployError(str(error)) from error


def _run(
    endpoint: str, stack: str, access_key_id: str, access_key_secret: str, folder: Path
) -> dict[str, Any]:
    found = stack_file.read(folder, stack)
    account = CloudSettings()
    client = Client(
        endpoint,
        access_key_id or account.access_key_id,
        access_key_secret or account.access_key_secret,
    )
    outputs: dict[str, Any] = {}

    def program() -> Any:
        stack_resource = cast("Stack", get_root_resource())
        stack_resource.outputs = {}  # Pulumi keeps the resource from one run to the next
        pulumi.runtime.set_all_config(found.config)
        runpy.run_path(str(found.program), run_name="__main__")
        return pulumi.Output.from_input(stack_resource.outputs).apply(outputs.update)

    with quiet_loop():
        pulumi.runtime.set_mocks(_Monitor(client), found.project, stack, preview=False)
        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]  # not typed
    return dict(sorted(outputs.items()))
