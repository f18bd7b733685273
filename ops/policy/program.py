"""What a stack's program declares, noted as the engine would hand it to the policy pack.

Nothing is made and nothing is asked for: no engine, no provider, no network. What the cloud would
choose (ids, ARNs, URLs) is made up. A secret that the stack file does not hold in clear counts as
set: its place is taken by a placeholder that is as secret as the value.
"""

import contextlib
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime.config import _SECRET_KEYS
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks
from pulumi.runtime.proto import resource_pb2

from localcloud.commandline.errors import UserError
from localcloud.dryrun.program import Monitor, run_stack
from localcloud.dryrun.project import Stack
from provisioning_policies import tokens
from provisioning_policies.rule import Resource
from provisioning_policies.secretness import deserialize

Change = Callable[[resource_pb2.RegisterResourceRequest], None]
"""Changes in place what the program sends for one resource, as a mutation in a test does."""

_ACCOUNT = "1234567890123456"
"""The account of a stack that names none."""
_WEBHOOK = "https://placeholder.invalid/webhook"
_NO_ACCOUNT = {"alicloud:accessKey": "LTAIlocal-asks-nobody"}
"""A program may refuse to run without a key; this one opens nothing."""
_IDENTITIES = frozenset(
    {
        "alicloud:index/getAccount:getAccount",
        "alicloud:index/getCallerIdentity:getCallerIdentity",
    }
)
"""The provider's functions that tell whose the credentials are."""


class ProgramError(UserError):
    """The stack's program failed."""


def placeholder(key: str) -> str:
    """Return what stands for a secret that is not known here; it looks like a URL."""
    return f"https://placeholder.invalid/{key.rpartition(':')[2]}"


def declared(stack: Stack, change: Change | None = None) -> list[Resource]:
    """Run the program and return the resources that it declares, in their order.

    What the program prints goes to stderr.
    """
    monitor = Recorder(stack.config, change)
    secrets = {key: placeholder(key) for key in stack.encrypted}
    configured = replace(stack, config={**_NO_ACCOUNT, **stack.config})
    with contextlib.redirect_stdout(sys.stderr), _missing_secrets():
        try:
            run_stack(configured, monitor.mocks, monitor, secrets)
        except pulumi.RunError as error:
            raise ProgramError(str(error)) from None
        except Exception as error:
            traceback.print_exc()
            raise ProgramError(f"the program of stack '{stack.name}' failed: {error}") from error
    return monitor.declared


@contextlib.contextmanager
def _missing_secrets() -> Iterator[None]:
    """Let every secret that the program asks for exist."""
    get, require = pulumi.Config.get_secret, pulumi.Config.require_secret

    def secret(config: pulumi.Config, key: str, default: str | None = None) -> pulumi.Output[str]:
        value = config.get(key)
        if value is None:
            # It counts as set, so it counts as encrypted, too.
            _SECRET_KEYS.get().add(config.full_key(key))
        return pulumi.Output.secret(value or default or placeholder(key))

    pulumi.Config.get_secret = secret  # type: ignore[method-assign,assignment]
    pulumi.Config.require_secret = secret  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        pulumi.Config.get_secret = get  # type: ignore[method-assign]
        pulumi.Config.require_secret = require  # type: ignore[method-assign]


class _Mocks(Mocks):
    """Makes up what the cloud would choose."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        state = dict(args.inputs)
        if args.typ == tokens.ROLE:
            state["arn"] = f"acs:ram::{self._account_id}:role/{state.get('roleName', args.name)}"
        if args.typ == tokens.EVENT_SOURCE:
            # Whoever hears of a source without a webhook stops the program.
            http = state.get("sourceHttpEventParameters") or {}
            state["sourceHttpEventParameters"] = {**http, "publicWebHookUrls": [_WEBHOOK]}
        return f"{args.name}-id", state

    def call(self, args: MockCallArgs) -> dict[str, Any]:  # type: ignore[override]
        if args.token in _IDENTITIES:
            return {"accountId": self._account_id, "arn": f"acs:ram::{self._account_id}:root"}
        return dict(args.args)


def _account(config: Mapping[str, str]) -> str:
    """Return the account of a stack: the provider's, or that of its settings."""
    named = re.search(r'"account_?id":\s*"?(\d{16})', " ".join(config.values()), re.IGNORECASE)
    return config.get("alicloud:accountId") or (named[1] if named else _ACCOUNT)


class Recorder(Monitor):
    """Notes each resource as the engine would hand it to a policy pack."""

    def __init__(self, config: Mapping[str, str], change: Change | None = None) -> None:
        super().__init__(_Mocks(_account(config)))
        self.declared: list[Resource] = []
        self._config = config
        self._change = change
        self._providers: dict[str, Mapping[str, Any]] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the RPC
        """Note a resource, and go on as if it were there."""
        if request.custom:
            self.note(request)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def note(self, request: Any) -> None:
        """Take down what the program sends for a resource."""
        if self._change:
            self._change(request)
        props = deserialize(json_format.MessageToDict(request.object))
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == tokens.PROVIDER:
            self._providers[urn] = props
        # A provider is referred to as urn::id; without one it is the default provider's config.
        provider = self._providers.get(request.provider.rpartition("::")[0])
        self.declared.append(
            Resource(
                type=request.type,
                name=request.name,
                props=props,
                urn=urn,
                protected=request.protect,
                secret_outputs=tuple(request.additionalSecretOutputs),
                provider=provider or self._default_provider(request.type),
            )
        )

    def _default_provider(self, resource_type: str) -> Mapping[str, str]:
        package = resource_type.partition(":")[0] + ":"
        return {
            key.removeprefix(package): value
            for key, value in self._config.items()
            if key.startswith(package)
        }
