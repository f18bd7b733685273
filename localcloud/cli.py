"""The command ``localcloud``: serve, deploy, and look at what happened.

Imports stand inside the commands: ``serve`` must be ready in half a second and needs neither Pulumi
nor tables, and the others need no server.
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="Alibaba Cloud on one machine, as far as the provisioning loop needs it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_ENDPOINT_HELP = "The running local cloud."
Endpoint = Annotated[str, typer.Option(envvar="LOCALCLOUD_ENDPOINT", help=_ENDPOINT_HELP)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest.")]
_DEFAULT_ENDPOINT = "http://127.0.0.1:8642"


@app.command()
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0: any free one.")
    ] = 8642,
    data: Annotated[Path, typer.Option(help="Folder of the state.")] = Path(".localcloud"),
    instances: Annotated[int, typer.Option(min=1, max=200, help="How many ECS instances.")] = 2,
    isolation: Annotated[
        str,
        typer.Option(
            help="How instances are kept apart from this machine: auto, namespaces, "
            "user-namespace or directory."
        ),
    ] = "auto",
    packages: Annotated[
        str,
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

    from localcloud.app import App, ready  # noqa: PLC0415
    from localcloud.data_folder import DataFolder  # noqa: PLC0415
    from localcloud.http.server import serve as run  # noqa: PLC0415
    from localcloud.settings import CloudSettings  # noqa: PLC0415

    if not sys.platform.startswith("linux"):
        _fail(
            f"instances need Linux namespaces; this is {sys.platform}. Run it in a Linux virtual "
            "machine or container"
        )
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
            access_key=folder.access_key,
            access_key_file=folder.access_key_file,
            instances=instances,
            isolation=isolation,
            packages=packages,
            chat_rate_limit=chat_rate_limit,
            dry_run=dry_run,
        )

        def create(settings: CloudSettings) -> App:
            folder.note(settings.endpoint)
            return App(settings)

        run(settings, create, ready)


@app.command()
def deploy(
    endpoint: Endpoint = _DEFAULT_ENDPOINT,
    stack: Annotated[str, typer.Option(help="The stack whose program is applied.")] = "local",
) -> None:
    """Apply a stack's program to a running local cloud without the Pulumi CLI.

    Prints the stack's outputs as JSON.
    """
    from localcloud.deploy import run  # noqa: PLC0415

    print(json.dumps(run(endpoint=endpoint, stack=stack), ensure_ascii=False, indent=2))


@app.command()
def chat(
    name: str, endpoint: Endpoint = _DEFAULT_ENDPOINT, limit: Limit = 20, as_json: AsJson = False
) -> None:
    """Show what arrived in a chat."""
    messages = _get(endpoint, f"chats/{name}/messages", limit=limit)
    _show(messages, as_json, "messages")


@app.command()
def trace(
    event_id: Annotated[str | None, typer.Argument(help="One event; nothing: the newest.")] = None,
    endpoint: Endpoint = _DEFAULT_ENDPOINT,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show the way of events through rules, targets and attempts, and why a rule did not match."""
    _show(_get(endpoint, "trace", event_id=event_id, limit=limit), as_json, "trace")


@app.command()
def logs(
    function: str,
    endpoint: Endpoint = _DEFAULT_ENDPOINT,
    limit: Limit = 200,
    as_json: AsJson = False,
) -> None:
    """Show a function's log."""
    _show(_get(endpoint, f"logs/{function}", limit=limit), as_json, "logs")


@app.command()
def invocations(
    endpoint: Endpoint = _DEFAULT_ENDPOINT, limit: Limit = 20, as_json: AsJson = False
) -> None:
    """Show which commands ran where, and how they ended."""
    _show(_get(endpoint, "invocations", limit=limit), as_json, "invocations")


@app.command()
def fault(
    target: Annotated[
        str,
        typer.Argument(help="chat:NAME, function:NAME, action:PRODUCT:ACTION, package:NAME or hr."),
    ],
    times: Annotated[int, typer.Option(min=0, help="How often; 0 takes the fault away.")] = 1,
    error: Annotated[str, typer.Option(help="The code to answer with.")] = "",
    delay_seconds: Annotated[float, typer.Option(min=0, help="Answer that much later.")] = 0.0,
    endpoint: Endpoint = _DEFAULT_ENDPOINT,
) -> None:
    """Make a chat, a function, an API action or a package fail or answer slowly."""
    from localcloud.client import Inspector  # noqa: PLC0415

    body = {"target": target, "times": times, "error": error, "delay_seconds": delay_seconds}
    print(json.dumps(Inspector(endpoint).post("faults", body)))


@app.command()
def demo(
    as_json: AsJson = False,
    engine: Annotated[
        str, typer.Option(help="mock: without the Pulumi CLI; pulumi: with the one on PATH.")
    ] = "mock",
) -> None:
    """Start a local cloud, deploy, and play the whole loop; ends with 0 only if all is right."""
    from localcloud.demo.play import play  # noqa: PLC0415

    sys.exit(play(as_json=as_json, engine=engine))


def main() -> None:
    """Run the command; a user's mistake is one line, never a traceback."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
    except Exception as error:
        if type(error).__module__.startswith("localcloud"):
            _fail(str(error))
        raise


def _get(endpoint: str, path: str, **query: Any) -> Any:
    from localcloud.client import Inspector  # noqa: PLC0415

    return Inspector(endpoint).get(path, **query)


def _show(value: Any, as_json: bool, kind: str) -> None:
    if as_json:
        print(json.dumps(value, ensure_ascii=False, indent=2))
        return
    from localcloud import tables  # noqa: PLC0415

    tables.show(kind, value)


def _fail(message: str) -> None:
    typer.echo(f"localcloud: {message}", err=True)
    raise SystemExit(1)
