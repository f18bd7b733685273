"""Ask an account what the documentation leaves open: ``python -m ops rehearse --stack dev``."""

import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from components import function_archive
from functions.cloud import eventbridge, instances, runtime, smq
from functions.cloud.errors import FunctionError
from functions.cloud.instances import Instance, Instances
from functions.cloud.web import send
from localcloud.commandline.errors import UserError
from localcloud.commandline.progress import progress
from ops import stack_file
from ops.access import access
from ops.project import PROJECT
from ops.rehearse import record
from ops.rehearse.api import STS, Api
from ops.rehearse.findings import Finding, Verdict
from ops.rehearse.inquiry import Inquiry
from ops.rehearse.stage import Names, Stage
from ops.revision import NoRevision, commit

_PROBE = Path(__file__).with_name("probe.py")


class RehearsalError(UserError):
    """The rehearsal could not be held, or left something behind; the message says what."""


def run(stack: str, endpoint: str, output: Path | None, *, yes: bool, remove: bool) -> int:
    """Say what will be made, ask whether it may, ask the questions, and remove everything."""
    file = output or Path(f"rehearsal-{stack}.json")
    _check_writable(file)
    cloud = access(stack, endpoint)
    settings = stack_file.settings_of(stack_file.config_of(stack), "instances")
    key = runtime.credentials(cloud, cloud.environ)
    rehearsal = Inquiry(Names(cloud.prefix, cloud.region, cloud.account_id), _archive())
    stage = Stage(
        Api(cloud.region, key, cloud.endpoint),
        eventbridge.connect(cloud, cloud.environ),
        smq.connect(cloud, cloud.environ),
        send,
        Names(cloud.prefix, cloud.region, cloud.account_id),
        _instances(settings, instances.connect(cloud, cloud.environ)),
        now=time.time,
        sleep=time.sleep,
    )
    if remove:
        return _remove(rehearsal, stage, stack)
    _check_account(stage, cloud.account_id)
    _announce(rehearsal, stage, stack, yes=yes)
    with progress("looking for leftovers") as tell:
        removed, left = rehearsal.remove(stage, tell)
    _say_removed(removed, "left behind by an earlier run and removed")
    if left:
        raise RehearsalError(f"leftovers of an earlier run cannot be removed: {'; '.join(left)}")
    try:
        with progress("making") as tell:
            answers = rehearsal.answers(stage, tell)
    except FunctionError as problem:
        raise RehearsalError(str(problem)) from None
    finally:
        typer.echo("removing what was made; a second Ctrl-C leaves it for the next run", err=True)
        code = _remove(rehearsal, stage, stack)
    for name, finding in answers.items():
        typer.echo("\n".join(record.lines(name, finding)))
    date = time.strftime("%Y-%m-%d", time.gmtime())
    record.Record(date, cloud.region, _revision(), answers).write(file)
    _sum_up(answers, file)
    return code


def _check_writable(file: Path) -> None:
    """Refuse a file that cannot be written before anything is asked for it."""
    if not file.parent.is_dir() or file.is_dir():
        raise RehearsalError(f"{file} cannot be written: name a file in a folder that exists")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise RehearsalError(f"{file} cannot be written by this user; name another with --output")


def _check_account(stage: Stage, account_id: str) -> None:
    found = str(stage.api.call(STS, "GetCallerIdentity").get("AccountId"))
    if found != account_id:
        raise RehearsalError(
            f"the key is one of account {found}, the settings name {account_id}; nothing was made"
        )


def _announce(rehearsal: Inquiry, stage: Stage, stack: str, *, yes: bool) -> None:
    typer.echo(f"In the account and region of stack {stack} this makes, and removes again:")
    for kind in dict.fromkeys(thing.kind for thing in rehearsal.things):
        names = [thing.name for thing in rehearsal.things if thing.kind == kind]
        typer.echo(f"  {kind}: {', '.join(names)}")
    where = ", ".join(instance.id for instance in stage.instances[:3]) or "no instance"
    more = f" and {len(stage.instances) - 3} more" if len(stage.instances) > 3 else ""
    typer.echo(
        f"On one of {where}{more} it runs two commands that print a word and sleep ten seconds. "
        "Nothing of the stack itself is touched. It takes about five minutes and costs less than "
        "a cent; two rehearsals of one stack at the same time disturb each other."
    )
    if yes:
        return
    if not sys.stdin.isatty():
        raise RehearsalError("say --yes: make rehearse STACK=… ARGS=--yes")
    if not typer.confirm("Go on?"):
        raise RehearsalError("nothing was made")


def _remove(rehearsal: Inquiry, stage: Stage, stack: str) -> int:
    with progress("removing") as tell:
        removed, left = rehearsal.remove(stage, tell)
    _say_removed(removed, "removed")
    for one in left:
        typer.echo(f"still there: {one}", err=True)
    if left:
        typer.echo(f"'make rehearse STACK={stack} ARGS=--remove' tries again", err=True)
    return 1 if left else 0


def _say_removed(removed: Sequence[str], how: str) -> None:
    if removed:
        typer.echo(f"{how}: {len(removed)} ({', '.join(removed)})", err=True)


def _sum_up(answers: Mapping[str, Finding], file: Path) -> None:
    counted = Counter(finding.verdict for finding in answers.values())
    figures = ", ".join(f"{counted[verdict]} {verdict.value}" for verdict in Verdict)
    typer.echo(f"{len(answers)} questions: {figures}; written to {file}")


def _instances(settings: Mapping[str, Any], found: Instances) -> list[Instance]:
    """Return the instances of the stack's groups."""
    listed: dict[str, Instance] = {}
    for group in settings["instances"].values():
        of_group = (
            found.named(group["ids"])
            if group.get("ids")
            else found.tagged([*group["tags"].items()])
        )
        listed |= {instance.id: instance for instance in of_group}
    return list(listed.values())


def _revision() -> str:
    try:
        return commit(PROJECT, "HEAD")[:12]
    except NoRevision:
        return "unknown"


def _archive() -> bytes:
    code = _PROBE.read_text(encoding="utf-8")
    modules = function_archive.sources("functions.cloud.smq")
    return function_archive.pack({"index.py": code, **modules})
