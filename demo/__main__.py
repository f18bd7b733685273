"""Play the whole loop on this machine: ``python -m demo``."""

if __name__ == "__main__":
    # Before all other imports: a Ctrl-C while they load ends the command in silence.
    from localcloud.commandline.launch import launch

    launch("demo.__main__", "demo")


from typing import Annotated, Literal

import typer

from localcloud.commandline.endpoints import DEFAULT
from localcloud.commandline.output import print_json

Engine = Literal["mock", "pulumi"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
_WAIT_SECONDS = 60.0

main = typer.Typer(add_completion=False)


@main.callback(invoke_without_command=True)
def play(
    context: typer.Context,
    as_json: AsJson = False,
    engine: Annotated[
        Engine, typer.Option(help="mock: without the Pulumi CLI; pulumi: with the one on PATH.")
    ] = "mock",
    stay: Annotated[
        bool,
        typer.Option("--stay", help="Keep the local cloud until Ctrl-C, with links to look at."),
    ] = False,
) -> int:
    """Start a local cloud, deploy, and play the whole loop; ends with 0 only if all is right."""
    if context.invoked_subcommand:
        return 0
    from demo.play import play  # noqa: PLC0415

    return play(as_json=as_json, engine=engine, stay=stay)


@main.command()
def approve(
    employee: Annotated[str, typer.Argument(help="The employee's id, such as E123.")],
    role: Annotated[str, typer.Argument(help="A role of the catalogue, such as devops.")] = "",
    source: Annotated[
        str, typer.Option(help="The event source that is posted to.")
    ] = "dingtalk.approval",
    chat: Annotated[str, typer.Option(help="The chat that is told; the source's if empty.")] = "",
    leaves: Annotated[
        bool, typer.Option("--leaves", help="Take the role away; every role, if none is named.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until a chat is told, and show the message.")
    ] = False,
    endpoint: Annotated[
        str, typer.Option(envvar="LOCALCLOUD_ENDPOINT", help="The running local cloud.")
    ] = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Post an approval to the stack in a running local cloud, as a chat's automation does."""
    from demo.approve import approve, as_text  # noqa: PLC0415

    if not role and not leaves:
        raise typer.BadParameter("name a role, or --leaves to take every role away")
    result = approve(
        endpoint,
        employee,
        role,
        source=source,
        chat=chat,
        leaves=leaves,
        seconds=_WAIT_SECONDS if wait else 0,
    )
    if as_json:
        print_json(result)
    else:
        typer.echo(as_text(result))
