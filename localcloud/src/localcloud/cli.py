"""The command ``localcloud``: serve, deploy, and look at what happened.

Imports stand inside the commands: ``serve`` must be ready in half a second and needs neither Pulumi
nor tables, and the others need no server.
"""

import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from localcloud.commandline.endpoints import DEFAULT, DEFAULT_PORT
from localcloud.commandline.errors import UserError
from localcloud.commandline.loading import loading
from localcloud.commandline.output import print_json
from localcloud.commandline.progress import progress

main = typer.Typer(
    help="Alibaba Cloud on one machine: EventBridge, Function Compute, ECS, RAM, queues and logs.",
    no_args_is_help=True,
    add_completion=False,
)

_ENDPOINT_HELP = "The running local cloud."
Endpoint = Annotated[str, typer.Option(envvar="LOCALCLOUD_ENDPOINT", help=_ENDPOINT_HELP)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Isolation = Literal["auto", "namespaces", "user-namespace", "directory"]
Packages = Literal["stand-in", "machine"]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest.")]


class Unsupported(UserError):
    """The machine cannot do what was asked for."""


def account_id(given: str) -> str:
    """Return an account's id, if it is one."""
    if not re.fullmatch(r"\d{16}", given):
        raise typer.BadParameter(f"'{given}' is not an account id, which has 16 digits")
    return given


@main.command()
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0: any free one.")
    ] = DEFAULT_PORT,
    data: Annotated[Path, typer.Option(help="Folder of the state.")] = Path(".localcloud"),
    config: Annotated[
        Path | None,
        typer.Option(
            envvar="LOCALCLOUD_CONFIG", help="File of chats, HTTP APIs and tags of instances."
        ),
    ] = None,
    account: Annotated[
        str, typer.Option(help="Id of the account, 16 digits.", callback=account_id)
    ] = "1234567890123456",
    instances: Annotated[int, typer.Option(min=1, max=200, help="How many ECS instances.")] = 2,
    isolation: Annotated[
        Isolation,
        typer.Option(
            help="How instances are kept apart from this machine: auto, namespaces, "
            "user-namespace or directory."
        ),
    ] = "auto",
    packages: Annotated[
        Packages,
        typer.Option(
            help="stand-in: dnf and rpm only keep a list; machine: this machine's own "
            "package manager and its network."
        ),
    ] = "stand-in",
    chat_rate_limit: Annotated[
        bool, typer.Option(help="Whether the chats limit messages a minute as the real ones do.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Run nothing: every script succeeds at once.")
    ] = False,
) -> None:
    """Run the local cloud until it is stopped; prints one JSON line when it is ready."""
    from contextlib import ExitStack  # noqa: PLC0415
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    with loading():
        from localcloud.app import App, ready  # noqa: PLC0415
        from localcloud.configuration import Configuration, read  # noqa: PLC0415
        from localcloud.data_folder import DataFolder  # noqa: PLC0415
        from localcloud.gateway.server import serve as run  # noqa: PLC0415
        from localcloud.settings import CloudSettings  # noqa: PLC0415
        from localcloud.store import opening  # noqa: PLC0415

    if not sys.platform.startswith("linux"):
        raise Unsupported(
            f"instances need Linux namespaces; this is {sys.platform}. Run it in a Linux virtual "
            "machine or container"
        )
    around = read(config) if config else Configuration()
    with ExitStack() as stack:
        # What never ran is not worth a disk, but for the key.
        folder = DataFolder(
            Path(stack.enter_context(TemporaryDirectory(prefix="localcloud-")))
            if dry_run
            else data.resolve()
        )
        stack.callback(folder.close)
        settings = CloudSettings(
            port=port,
            data=None if dry_run else folder.path,
            account_id=account,
            access_key=folder.access_key,
            access_key_file=folder.access_key_file,
            instances=instances,
            instance_tags=around.instance_tags,
            without_agent=around.without_agent,
            readings=around.readings,
            chats=around.chats,
            apis=around.apis,
            extensions=around.extensions,
            labels=around.labels,
            account_files=around.account_files,
            examples=around.examples,
            isolation=isolation,
            packages=packages,
            chat_rate_limit=chat_rate_limit,
            dry_run=dry_run,
        )

        def create(settings: CloudSettings) -> App:
            folder.note(settings.endpoint)
            with opening(settings.data):
                return App(settings)

        run(settings, create, ready, _next_steps if sys.stderr.isatty() else None)


@main.command()
def deploy(
    endpoint: Endpoint = DEFAULT,
    stack: Annotated[str, typer.Option(help="The stack whose program is applied.")] = "local",
    project: Annotated[
        Path,
        typer.Option(envvar="LOCALCLOUD_PROJECT", help="Folder of the Pulumi project."),
    ] = Path(),
) -> None:
    """Apply a stack's program to a running local cloud without the Pulumi CLI.

    Prints the stack's outputs as JSON.
    """
    from localcloud.client import access_key_of  # noqa: PLC0415

    # Before Pulumi is loaded, which takes a second: there may be nobody to deploy to.
    key = access_key_of(endpoint)
    from localcloud.deploy import run  # noqa: PLC0415

    with progress(f"deploying stack {stack}"):
        outputs = run(endpoint, stack, key.id, key.secret, project)
    print_json(outputs)


@main.command()
def chat(
    name: Annotated[str | None, typer.Argument(help="The chat; nothing: all, and queues.")] = None,
    endpoint: Endpoint = DEFAULT,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show what arrived in a chat, or how much of each chat's limit is used and what waits."""
    if name is None:
        health = _get(endpoint, "health")
        _show({key: health[key] for key in ("chats", "queues")}, as_json, "chats")
        return
    messages = _get(endpoint, f"chats/{name}/messages", limit=limit)
    _show(messages, as_json, "messages")


@main.command()
def trace(
    name: Annotated[
        str | None,
        typer.Argument(
            help="An event, a run, or a label such as a request or an employee; nothing: the last."
        ),
    ] = None,
    endpoint: Endpoint = DEFAULT,
    limit: Limit = 20,
    why: Annotated[
        bool, typer.Option("--why", help="Also explain each rule that did not match.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the way of requests: events, rules, attempts, runs, messages, and what is to come.

    Where no rule matched, the first field that differed is named for each.
    """
    ways = _get(endpoint, "ways", name=name, limit=limit, explain=1 if why else None)
    _show(ways if as_json else {"endpoint": endpoint, "ways": ways}, as_json, "ways")


@main.command()
def logs(
    function: Annotated[
        str | None, typer.Argument(help="The function; nothing: which there are.")
    ] = None,
    endpoint: Endpoint = DEFAULT,
    limit: Limit = 200,
    as_json: AsJson = False,
) -> None:
    """Show a function's log."""
    if function is None:
        _show(_get(endpoint, "functions"), as_json, "functions")
        return
    _show(_get(endpoint, f"logs/{function}", limit=limit), as_json, "logs")


@main.command()
def invocations(endpoint: Endpoint = DEFAULT, limit: Limit = 20, as_json: AsJson = False) -> None:
    """Show which commands ran where, and how they ended."""
    _show(_get(endpoint, "invocations", limit=limit), as_json, "invocations")


@main.command()
def post(
    source: Annotated[str, typer.Argument(help="The event source.")],
    body: Annotated[str, typer.Argument(help="What a platform would post, as JSON.")],
    endpoint: Endpoint = DEFAULT,
) -> None:
    """Post an event to a source, without its webhook's address."""
    from localcloud.client import Inspector  # noqa: PLC0415

    print_json(Inspector(endpoint).post(f"sources/{source}/events", {"body": body}))


@main.command()
def fault(
    target: Annotated[
        str | None,
        typer.Argument(
            help="chat:NAME, function:NAME, action:PRODUCT:ACTION, package:NAME, api:NAME; "
            "nothing: which faults are set."
        ),
    ] = None,
    times: Annotated[int, typer.Option(min=0, help="How often; 0 takes the fault away.")] = 1,
    error: Annotated[str, typer.Option(help="The code to answer with.")] = "",
    delay_seconds: Annotated[
        float, typer.Option(min=0, max=86_400, help="Answer that much later.")
    ] = 0.0,
    clear: Annotated[
        bool, typer.Option("--clear", help="Take the fault away; without a target, every fault.")
    ] = False,
    endpoint: Endpoint = DEFAULT,
) -> None:
    """Make a chat, a function, an API action or a package fail or answer slowly; list and clear."""
    from localcloud.client import Inspector  # noqa: PLC0415

    inspector = Inspector(endpoint)
    if target is None and not clear:
        print_json(inspector.get("faults"))
        return
    targets = [target] if target else [set_["target"] for set_ in inspector.get("faults")]
    if clear:
        times = 0
    faults: Any = []
    for each in targets:
        body = {"target": each, "times": times, "error": error, "delay_seconds": delay_seconds}
        faults = inspector.post("faults", body)
    print_json(faults)


@main.command()
def conformance(
    endpoint: Annotated[
        str, typer.Option(help="A running local cloud; without it one is started for the run.")
    ] = "",
    product: Annotated[str, typer.Option(help="Run the behaviours of this product only.")] = "",
    client: Annotated[
        Literal["sdk", "aliyun", "provider"],
        typer.Option(
            help="Who calls: the official SDKs, the command `aliyun`, or the alicloud provider of "
            "Pulumi, which has behaviours of its own."
        ),
    ] = "sdk",
    write: Annotated[
        Path | None, typer.Option(help="A README whose score is brought up to date.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Run the conformance suite: what the real cloud does, and whether this one does it too.

    Prints the score per product, and each behaviour that failed or could not be run. Ends with 1
    if one failed that is not known to differ.
    """
    from localcloud.conformance.command import run_and_tell  # noqa: PLC0415

    return run_and_tell(endpoint, product, client, write, as_json=as_json)


def _next_steps(settings: Any) -> str:
    """Return what somebody at a terminal may do now."""
    at = "" if settings.port == DEFAULT_PORT else f" --endpoint {settings.endpoint}"
    steps = {
        "look": f"{settings.endpoint}/",
        "deploy": f"localcloud deploy{at}",
        "follow": f"localcloud trace{at}",
        "stop": "Ctrl-C" + (f"; the state stays in {settings.data}" if settings.data else ""),
    }
    return "\n".join(["", *(f"  {name:<8}{what}" for name, what in steps.items()), "", ""])


def _get(endpoint: str, path: str, **query: Any) -> Any:
    from localcloud.client import Inspector  # noqa: PLC0415

    return Inspector(endpoint).get(path, **query)


def _show(value: Any, as_json: bool, kind: str) -> None:
    if as_json:
        print_json(value)
        return
    from localcloud import tables  # noqa: PLC0415

    tables.show(kind, value)
