"""Asks for what a stack cannot do without, and writes its file.

What is written has been checked as ``pulumi preview`` checks it, so that a stack file of this
command only lacks its secrets.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2
import typer
from pydantic import ValidationError

from components.names import ApprovalKind, ChatPlatform
from localcloud.commandline import files
from localcloud.commandline.errors import UserError
from localcloud.dryrun.project import stack_config
from ops.project import LOCAL, PROJECT
from scripts.provision import catalogue
from stacks import samples
from stacks.problems import contradictions, invalid, wrong_region
from stacks.remedies import Problem, secret_command, typed
from stacks.secret_keys import secret_keys
from stacks.settings import Settings

_SETTINGS = "ecs-provisioning-loop:settings"
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    undefined=jinja2.StrictUndefined,
    autoescape=False,  # noqa: S701 - YAML, and what is written is parsed and checked
    keep_trailing_newline=True,
)
_CHAT = re.compile(rf"(?P<name>[a-z][a-z0-9-]*)=(?P<platform>{'|'.join(ChatPlatform)})")
_NATIVE = re.compile(
    r"(?P<platform>dingtalk|lark)=(?P<app_id>[^,]+),(?P<tenant>[^,]+),(?P<definition>[^,]+)"
)
_TAG = re.compile(r"(?P<key>[^=]+)=(?P<value>.*)")


class InitError(UserError):
    """No stack file can be written from these answers."""


@dataclass(frozen=True)
class Answers:
    """What somebody says of a new stack; empty where it was not said."""

    account: str
    region: str
    chats: Sequence[str]
    instances: Sequence[str]
    tags: Sequence[str]
    roles: Sequence[str]
    endpoint: str
    language: str
    natives: Sequence[str] = ()


def run(stack: str, answers: Answers, *, force: bool, project: Path = PROJECT) -> None:
    """Write ``Pulumi.<stack>.yaml`` and print what comes next.

    Raises:
        InitError: if the name is none for a stack, the file is somebody's own, or the answers do
            not make a stack that ``pulumi preview`` would take.
    """
    path = project / f"Pulumi.{stack}.yaml"
    _check_name(stack)
    _check_free(path, force=force)
    text = written(stack, asked(answers) if sys.stdin.isatty() else answers)
    path.write_text(text, encoding="utf-8")
    settings = Settings.model_validate(files.parse_yaml(text, path.name)["config"][_SETTINGS])
    typer.echo(f"{path.name} is written. Next, a secret at a time (each command asks for it):\n")
    for key, what in secret_keys(settings):
        typer.echo(f"  {typed(secret_command(key), stack)}   # {what}")
    typer.echo("\nand then look, judge and deploy:\n")
    for target in ("preview", "policy", "up"):
        typer.echo(f"  make {target} STACK={stack}")


def asked(answers: Answers) -> Answers:
    """Ask for whatever has no sensible default and was not said."""
    account = answers.account or typer.prompt("Account id (16 digits)", err=True)
    chats, instances, tags = answers.chats, answers.instances, answers.tags
    if not chats:
        text = typer.prompt("Group chats, as name=dingtalk (or lark, wecom), with commas", err=True)
        chats = _split(text)
    if not instances and not tags:
        text = typer.prompt("Instances, as i-..., or their tags, as key=value", err=True)
        parts = _split(text)
        tags = [part for part in parts if "=" in part]
        instances = [part for part in parts if "=" not in part]
    return replace(answers, account=account, chats=chats, instances=instances, tags=tags)


def written(stack: str, answers: Answers) -> str:
    """Return the text of a stack file.

    Raises:
        InitError: with everything that is missing or wrong, each in a line.
    """
    missing = [
        option
        for option, given in {
            "--account": answers.account,
            "--chat": answers.chats,
            "--instance or --tag": answers.instances or answers.tags,
        }.items()
        if not given
    ]
    if answers.instances and answers.tags:
        raise InitError("say either --instance or --tag, not both")
    if missing:
        raise InitError(f"say {', '.join(missing)}; on a terminal the command asks for them")
    values = _values(stack, answers)
    template = _TEMPLATES.get_template("stack.yaml.j2")
    text = template.render(secrets=[], **values)
    settings = _checked(text, answers.region)
    return template.render(secrets=list(secret_keys(settings)), **values)


def _values(stack: str, answers: Answers) -> dict[str, Any]:
    chats = [_chat(given) for given in answers.chats]
    platforms = dict.fromkeys(platform for _, platform in chats)
    sources = [
        (f"{platform}.approval.{stack}", platform, next(n for n, p in chats if p == platform))
        for platform in platforms
    ]
    return {
        "stack": stack,
        "environment": stack,
        "production": not re.match(r"dev|test|sandbox", stack),
        "account": answers.account,
        "region": answers.region,
        "log_project": f"provisioning-{stack}-logs-{answers.account}",
        "sources": sources,
        "chats": chats,
        "natives": [_native(given, stack, chats) for given in answers.natives],
        "language": answers.language,
        "group": "hosts",
        "ids": list(answers.instances),
        "tags": [_tag(given) for given in answers.tags],
        "roles": list(answers.roles) or sorted(_known_roles()),
        "endpoint": answers.endpoint,
        "onboarding_source": f"{next(iter(platforms))}.member.{stack}",
    }


def _checked(text: str, region: str) -> Settings:
    """Read what was written as the program does.

    Raises:
        InitError: with every problem that the program would report.
    """
    try:
        content = files.parse_yaml(text, "the stack's file")
        settings = Settings.model_validate(content["config"][_SETTINGS])
    except files.FileError as error:
        raise InitError(f"these answers make no YAML: {error}") from None
    except ValidationError as error:
        raise InitError(_lines(invalid(error))) from None
    problems = [
        *wrong_region(region),
        *contradictions(settings, _known_roles()),
        *samples.samples(settings),
    ]
    if problems:
        raise InitError(_lines(problems))
    return settings


def _known_roles() -> frozenset[str]:
    """Return the roles of the catalogue that comes with the project."""
    path = catalogue.DEFAULT_PATH
    return frozenset(catalogue.parse(files.read_text(path), str(path)).roles)


def _lines(problems: Iterable[Problem]) -> str:
    return "nothing was written:\n" + "\n".join(f"  {p.key}: {p.reason}" for p in problems)


def _check_name(stack: str) -> None:
    if stack == LOCAL:
        raise InitError("stack local needs no file of its own: 'make up STACK=local' deploys it")
    if not re.fullmatch(r"[a-z][a-z0-9]{0,11}", stack):
        raise InitError(
            f"'{stack}' is not a name for a stack; accepted: lower-case letters and digits, a "
            "letter first, at most 12"
        )


def _check_free(path: Path, *, force: bool) -> None:
    """Refuse to overwrite a file that somebody has made their own."""
    if force or not path.exists():
        return
    settings = stack_config(path).get(_SETTINGS)
    account = str(settings.get("account_id")) if isinstance(settings, dict) else "?"
    if account not in samples.ACCOUNTS:
        raise InitError(
            f"{path.name} is there already, with the settings of account {account}; edit it, or "
            "write it anew with --force"
        )


def _chat(given: str) -> tuple[str, str]:
    found = _CHAT.fullmatch(given)
    if found is None:
        accepted = " or ".join(f"name={platform}" for platform in ChatPlatform)
        raise InitError(f"'{given}' is not a chat; accepted: {accepted}")
    return found["name"], found["platform"]


def _native(given: str, stack: str, chats: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return a native source; its results go to the first chat of its platform, or the first."""
    found = _NATIVE.fullmatch(given)
    if found is None:
        raise InitError(
            f"'{given}' is not a native approval; accepted: dingtalk=<AppKey>,<CorpId>,"
            "<processCode> or lark=<App ID>,<tenant_key>,<approval_code>"
        )
    platform = found["platform"]
    return {
        **found.groupdict(),
        "name": f"{platform}.native.{stack}",
        "kind": ApprovalKind(f"{platform}-approval"),
        "chat": next((name for name, of in chats if of == platform), chats[0][0]),
    }


def _tag(given: str) -> tuple[str, str]:
    found = _TAG.fullmatch(given)
    if found is None:
        raise InitError(f"'{given}' is not a tag; accepted: key=value")
    return found["key"], found["value"]


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"[,\s]+", text) if part]
