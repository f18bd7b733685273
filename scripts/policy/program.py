"""Runs a stack's program under Pulumi's mocks and notes the resources that it declares.

Nothing is made and nothing is asked for: no engine, no provider, no network. What the cloud would
choose (ids, ARNs, URLs) is made up. A secret that the stack file does not hold in clear counts as
set: its place is taken by a placeholder that is as secret as the value.
"""

import contextlib
import contextvars
import json
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import resource_pb2

from provisioning_policies import tokens
from provisioning_policies.rule import Resource
from provisioning_policies.secretness import deserialize

Change = Callable[[resource_pb2.RegisterResourceRequest], None]
"""Changes in place what the program sends for one resource, as a mutation in a test does."""

_ACCOUNT = "1234567890123456"


class ProgramError(RuntimeError):
    """There is no such stack, or its program failed."""


@dataclass(frozen=True)
class StackFile:
    """What Pulumi.yaml and Pulumi.<stack>.yaml say."""

    project: str
    main: Path
    config: dict[str, str]
    secret_keys: list[str]


def read_stack(root: Path, stack: str) -> StackFile:
    """Read a project and one of its stacks."""
    project_file, stack_file = root / "Pulumi.yaml", root / f"Pulumi.{stack}.yaml"
    if not project_file.exists():
        raise ProgramError(f"{root} holds no Pulumi.yaml; run in a project or say --project")
    if not stack_file.exists():
        stacks = sorted(p.name.split(".")[1] for p in root.glob("Pulumi.*.yaml"))
        raise ProgramError(f"there is no stack '{stack}'; there are: {', '.join(stacks)}")
    project = yaml.safe_load(project_file.read_text())
    values = (yaml.safe_load(stack_file.read_text()) or {}).get("config") or {}
    config, secret_keys = {}, []
    for key, value in values.items():
        full = key if ":" in key else f"{project['name']}:{key}"
        if isinstance(value, dict) and set(value) == {"secure"}:
            secret_keys.append(full)
            config[full] = placeholder(full)
        else:
            config[full] = value if isinstance(value, str) else json.dumps(value)
    return StackFile(project["name"], root / project.get("main", "."), config, secret_keys)


def placeholder(key: str) -> str:
    """Give what stands for a secret that is not known here; it looks like a URL."""
    return f"https://placeholder.invalid/{key.rpartition(':')[2]}"


def declared(stack_file: StackFile, stack: str, change: Change | None = None) -> list[Resource]:
    """Run the program and give the resources that it declares, in their order.

    What the program prints goes to stderr.
    """
    # In a context of its own, so that Pulumi's settings outside stay as they are.
    return contextvars.copy_context().run(_declared, stack_file, stack, change)


def _declared(stack_file: StackFile, stack: str, change: Change | None) -> list[Resource]:
    monitor = _Monitor(dict(stack_file.config), change)
    pulumi.runtime.set_all_config(stack_file.config, stack_file.secret_keys)
    pulumi.runtime.set_mocks(
        _Mocks(), project=stack_file.project, stack=stack, preview=False, monitor=monitor
    )
    # Waits until everything that the program started is through, as the language host does.
    run = pulumi.runtime.test(lambda: _run(stack_file.main))  # type: ignore[no-untyped-call]
    with (
        contextlib.chdir(stack_file.main),
        contextlib.redirect_stdout(sys.stderr),
        _own_path(),
        _missing_secrets(),
    ):
        try:
            run()
        except pulumi.RunError as error:
            raise ProgramError(str(error)) from None
        except Exception as error:
            traceback.print_exc()
            raise ProgramError(f"the program of stack '{stack}' failed: {error}") from error
    return monitor.declared


def _run(main: Path) -> None:
    sys.path.insert(0, str(main))
    runpy.run_path(str(main / "__main__.py"), run_name="__main__")


@contextlib.contextmanager
def _own_path() -> Iterator[None]:
    """Take back what the program did to the search path of modules."""
    path = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = path


@contextlib.contextmanager
def _missing_secrets() -> Iterator[None]:
    """Let every secret that the program asks for exist."""
    get, require = pulumi.Config.get_secret, pulumi.Config.require_secret

    def secret(config: pulumi.Config, key: str, default: str | None = None) -> pulumi.Output[str]:
        return pulumi.Output.secret(config.get(key) or default or placeholder(key))

    pulumi.Config.get_secret = secret  # type: ignore[method-assign,assignment]
    pulumi.Config.require_secret = secret  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        pulumi.Config.get_secret = get  # type: ignore[method-assign]
        pulumi.Config.require_secret = require  # type: ignore[method-assign]


class _Mocks(Mocks):
    """Makes up what the cloud would choose."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        state = dict(args.inputs)
        if args.typ == tokens.ROLE:
            state["arn"] = f"acs:ram::{_ACCOUNT}:role/{state.get('roleName', args.name)}"
        return f"{args.name}-id", state

    def call(self, args: MockCallArgs) -> dict[str, Any]:  # type: ignore[override]
        return dict(args.args)


@dataclass
class _Monitor(MockMonitor):
    """Notes each resource as the engine would hand it to a policy pack."""

    config: dict[str, str]
    change: Change | None
    declared: list[Resource] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(_Mocks())
        self._providers: dict[str, Mapping[str, Any]] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the RPC
        if request.custom:
            self._note(request)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Name a resource as the engine does: by all its parents, the stack excepted."""
        parents = parent.split("::")[2] if parent else ""
        if parents in {"", "pulumi:pulumi:Stack"}:
            return super().make_urn("", type_, name)
        return super().make_urn("", f"{parents}${type_}", name)

    def _note(self, request: Any) -> None:
        if self.change:
            self.change(request)
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
            for key, value in self.config.items()
            if key.startswith(package)
        }
