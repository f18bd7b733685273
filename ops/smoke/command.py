"""Send a harmless approval through a deployed stack: ``python -m ops smoke --stack dev``."""

import json
import os
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from functions.cloud.cloud_assistant import Invocation
from functions.cloud.errors import FunctionError
from functions.cloud.runtime import cloud_assistant
from functions.cloud.web import send
from functions.report.outcome import SUCCESS
from functions.request.fields import DEPROVISION, PROVISION
from localcloud.client import access_key_of
from localcloud.commandline import children, files
from localcloud.commandline.progress import progress
from ops import stack_file
from ops.project import LOCAL, PROJECT
from ops.smoke.approval import EMPLOYEE, Smoke, SmokeFailed, Target

_TOKEN = "PROVISIONING_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True)
class _Place:
    """Where the API clients find the cloud."""

    region: str
    account_id: str
    request_id: str = ""


def run(
    stack: str, source: str, role: str, *, endpoint: str, seconds: float, outputs: Path | None
) -> int:
    """Provision an employee who does not exist, wait for the runs, and deprovision them."""
    config = stack_file.config_of(stack)
    settings = stack_file.settings_of(config, "account_id", "sources", "roles")
    try:
        target = _target(settings, _outputs(stack, outputs), source, role)
        environ = _local(endpoint) if stack == LOCAL else os.environ
        place = _Place(stack_file.region_of(config), settings["account_id"])
        smoke = Smoke(
            target,
            cloud_assistant(place, environ),
            send,
            now=time.monotonic,
            sleep=time.sleep,
            limit_seconds=seconds,
        )
        good = _succeeds(smoke, target)
    except FunctionError as problem:
        raise SmokeFailed(str(problem)) from None
    return 0 if good else 1


def _succeeds(smoke: Smoke, target: Target) -> bool:
    unique = f"smoke-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
    good = True
    for action in (PROVISION, DEPROVISION):
        request_id = f"{unique}-{action}"
        typer.echo(f"{target.source}: {action} {EMPLOYEE} as {target.role} ({request_id})")
        begun = time.monotonic()
        with progress("waiting for the runs on the instances"):
            invocations = smoke.request(action, request_id)
        for line, is_good in _described(invocations):
            typer.echo(f"  {line} after {time.monotonic() - begun:.1f} s")
            good = good and is_good
    typer.echo("the loop works" if good else "the loop ran, but not every run succeeded")
    return good


def _described(invocations: list[Invocation]) -> list[tuple[str, bool]]:
    return [
        (
            f"{run.status} on {run.instance_id}"
            + (f", exit code {run.exit_code}" if run.exit_code else "")
            + (f", {run.error}" if run.error else ""),
            run.status == SUCCESS,
        )
        for invocation in invocations
        for run in invocation.runs
    ]


def _outputs(stack: str, file: Path | None) -> dict[str, Any]:
    if file:
        found = files.read_json(file)
    else:
        command = [sys.executable, "-m", "ops", "output", "--stack", stack, "--json"]
        done = children.finished(command, cwd=PROJECT)
        found = json.loads(done.output) if done.output and not done.exit_code else {}
    if not isinstance(found, dict) or not found.get("webhooks"):
        raise SmokeFailed(f"stack {stack} has no webhooks; deploy it with 'make up STACK={stack}'")
    return found


def _target(
    settings: Mapping[str, Any], outputs: Mapping[str, Any], source: str, role: str
) -> Target:
    source = source or next(iter(settings["sources"]))
    role = role or next(iter(settings["roles"]))
    for name, accepted in ((source, settings["sources"]), (role, settings["roles"])):
        if name not in accepted:
            raise SmokeFailed(f"the stack has no '{name}'; it has {', '.join(accepted)}")
    token = os.environ.get(_TOKEN, "")
    if settings["sources"][source].get("token_required") and not token:
        raise SmokeFailed(
            f"{source} asks for a secret; put it into {_TOKEN}, from 'pulumi config get "
            f"ecs-provisioning-loop:source-{source}-token'"
        )
    return Target(source, outputs["webhooks"][source], outputs["bus_name"], role, token)


def _local(endpoint: str) -> dict[str, str]:
    key = access_key_of(endpoint)
    # The local cloud is on this machine: a proxy of the environment must not be asked.
    os.environ["no_proxy"] = "*"
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret,
        "ALIBABA_CLOUD_ENDPOINT_ECS": endpoint,
    }
