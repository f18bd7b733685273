"""Runs a stack's program without the engine and applies each resource at once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc

from localcloud.client import access_key_of
from localcloud.commandline.errors import UserError
from localcloud.deploy import provider
from localcloud.deploy.client import Client, RefusedError
from localcloud.dryrun import project
from localcloud.dryrun.program import run_stack


class DeployError(UserError):
    """The program was not applied; the message says what failed."""


class _Provider(mocks.Mocks):
    """Answers the program in the place of engine and provider."""

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
        """Ask the cloud what the provider would ask it."""
        ask = provider.LOOKUPS.get(args.token)
        if ask is None:
            raise DeployError(f"the local cloud cannot answer the lookup {args.token} of a program")
        return ask(self._client, plain(args.args))


def plain(value: Any) -> Any:
    """Return inputs as the provider sees them: secrets revealed, whole numbers as such."""
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
    folder: Path = Path(),
) -> dict[str, Any]:
    """Apply a stack's program to the local cloud at ``endpoint``; give the stack's outputs.

    The outputs include secrets, such as webhook URLs: they lead nowhere but to this machine. If no
    key is given, it is that of the local cloud's data folder.

    Raises:
        UserError: whatever failed; the message is for people and says what to do.
    """
    try:
        found = project.read(folder.resolve(), stack)
        if found.encrypted:
            raise DeployError(
                f"{min(found.encrypted)} is encrypted, which only the engine can read; use a "
                "stack without encrypted values, or 'pulumi up'"
            )
        if not access_key_id:
            key = access_key_of(endpoint)
            access_key_id, access_key_secret = key.id, key.secret
        # Where the engine hands over the key in its environment, the program looks here, too.
        config = {**found.config, "alicloud:accessKey": access_key_id}
        client = Client(endpoint, access_key_id, access_key_secret)
        return run_stack(replace(found, config=config), _Provider(client))
    except pulumi.RunError as error:
        raise DeployError(str(error)) from error
