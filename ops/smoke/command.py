"""Send a harmless approval through a deployed stack: ``python -m ops smoke --stack dev``."""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import typer

from functions.cloud import cloud_assistant, eventbridge, runtime, smq
from functions.cloud.cloud_assistant import Invocation
from functions.cloud.errors import FunctionError
from functions.cloud.web import send
from functions.report.outcome import REJECTED, SUCCESS
from functions.request.fields import DEPROVISION, PROVISION
from localcloud.commandline import children, endpoints, files
from localcloud.commandline.progress import progress
from ops import stack_file
from ops.access import access
from ops.logs import LogStores
from ops.project import LOCAL, PROJECT
from ops.replay.command import DeadLetters
from ops.smoke import native
from ops.smoke.approval import EMPLOYEE, Smoke, SmokeFailed, Target
from ops.smoke.evidence import Evidence, Row

_NO_ROLE = "no-such-role"
_TOKEN = "PROVISIONING_TOKEN"  # noqa: S105 - the name of a variable


def run(
    stack: str, source: str, role: str, *, endpoint: str, seconds: float, outputs: Path | None
) -> int:
    """Provision an employee who does not exist, deprovision them, and prove the way back."""
    config = stack_file.config_of(stack)
    settings = stack_file.settings_of(config, "sources", "roles", "chats")
    deployed = _outputs(stack, outputs)
    target = _target(settings, deployed, source, role)
    local = stack == LOCAL
    cloud = access(stack, endpoint)
    if target.over_bus:
        typer.echo(
            f"{target.source} takes posts from its allowed_ips only, so the requests are put on "
            "the bus by this key; the webhook itself is not tried"
        )
    try:
        with httpx.Client(timeout=30, trust_env=not local) as http:
            key = runtime.credentials(cloud, cloud.environ)
            address = endpoints.checked(endpoint) if local else ""
            project = str(deployed["log_project"])
            stores = LogStores(http, address, cloud.region, project, key, time.time)
            bus = eventbridge.connect(cloud, cloud.environ)
            smoke = Smoke(
                target,
                cloud_assistant.connect(cloud, cloud.environ),
                bus,
                send,
                now=time.monotonic,
                wall_clock=time.time,
                sleep=time.sleep,
                limit_seconds=seconds,
            )
            evidence = Evidence(
                stores, time.time(), now=time.monotonic, sleep=time.sleep, limit_seconds=seconds
            )
            queue = str(deployed["dead_letter_queue"])
            letters = DeadLetters(smq.connect(cloud, cloud.environ), bus, queue)
            rows = _rows(smoke, evidence, letters, target, settings["chats"])
            for row in native.rows(
                (settings.get("native") or {}).get("sources", {}),
                deployed.get("approval_urls") or {},
                evidence,
                send,
                time.monotonic,
            ):
                typer.echo(str(row))
                rows.append(row)
    except FunctionError as problem:
        raise SmokeFailed(str(problem)) from None
    except httpx.TransportError as problem:
        raise SmokeFailed(f"Log Service cannot be reached: {problem}") from None
    failed = sum(row.proved is False for row in rows)
    typer.echo(f"{failed} of {len(rows)} failed" if failed else "the loop works, there and back")
    return 1 if failed else 0


def _rows(
    smoke: Smoke,
    evidence: Evidence,
    letters: DeadLetters,
    target: Target,
    chats: Mapping[str, Mapping[str, Any]],
) -> list[Row]:
    """Try the loop and return, and print as they come, what each step proves."""
    rows: list[Row] = []

    def tell(row: Row) -> None:
        rows.append(row)
        typer.echo(str(row))

    unique = f"smoke-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
    before = _letters(letters)
    for action in (PROVISION, DEPROVISION):
        request_id = f"{unique}-{action}"
        typer.echo(f"{target.source}: {action} {EMPLOYEE} as {target.role} ({request_id})")
        with progress("waiting for the runs on the instances"):
            invocations = smoke.request(action, request_id)
        for line, is_good in _described(invocations):
            tell(Row(is_good, "source, rule, function, command", line))
        _way_back(evidence, request_id, SUCCESS, chats, tell)
    request_id = f"{unique}-refused"
    typer.echo(f"{target.source}: a request for role {_NO_ROLE} ({request_id})")
    smoke.post(PROVISION, request_id, _NO_ROLE)
    _way_back(evidence, request_id, REJECTED, chats, tell)
    new = sorted(_letters(letters) - before)
    found = f"{len(new)} new: {', '.join(new[:3])}; 'make replay' shows them" if new else "none new"
    tell(Row(not new, "dead letters", found))
    return rows


def _way_back(
    evidence: Evidence,
    request_id: str,
    status: str,
    chats: Mapping[str, Mapping[str, Any]],
    tell: Callable[[Row], None],
) -> None:
    """Look for the result of a request, and for the message in its chat."""
    with progress("waiting for the result"):
        event = evidence.result(request_id)
    if event is None:
        where = "the log store 'events' has none; look at the log of publish-result"
        tell(Row(False, "completion event, second function, bus, archive", where))
        return
    detail = event["data"]["detail"]
    found = f"result {event['id']} says {detail['InvocationStatus']}"
    tell(Row(detail["InvocationStatus"] == status, "completion event, bus, archive", found))
    chat = detail.get("origin", {}).get("chat", "")
    if chats.get(chat, {}).get("delivery") == "webhook":
        tell(Row(None, "message", f"EventBridge itself posts to chat {chat}, and tells nobody how"))
        return
    with progress("waiting for the message"):
        line = evidence.sent(event["id"])
    where = f"no 'sent' line for {event['id']} in store 'functions'; look at post-to-chat's log"
    tell(Row(line is not None, "message", f"chat {chat} took it" if line else where))


def _letters(letters: DeadLetters) -> set[str]:
    with letters.taken() as messages:
        return {message.id for message in messages}


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
    over_bus = bool(settings["sources"][source].get("allowed_ips"))
    return Target(source, outputs["webhooks"][source], outputs["bus_name"], role, token, over_bus)
