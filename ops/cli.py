"""What ``python -m ops`` can do: deploy a stack, judge it, review a change, look after what runs.

Imports stand inside the commands, so that none waits for what only another one needs.
"""

from pathlib import Path
from typing import Annotated

import typer

from localcloud.commandline.endpoints import DEFAULT
from ops.project import LOCAL, PROJECT

ENGINE_COMMANDS = {
    "up": "Create or update the resources of a stack.",
    "preview": "Show what 'up' would change.",
    "refresh": "Bring the state of a stack up to date with the cloud.",
    "destroy": "Delete every resource of a stack.",
    "output": "Print the outputs of a stack.",
}

main = typer.Typer(
    help="Deploy the provisioning loop, review changes to it, and look after it.",
    no_args_is_help=True,
    add_completion=False,
)

Stack = Annotated[str, typer.Option(help="local, dev, prod or a stack of your own.")]
LocalEndpoint = Annotated[str, typer.Option(help="For stack local: the local cloud's address.")]
_More = Annotated[
    list[str] | None, typer.Argument(help="Passed to pulumi, as every other option is.")
]
_PREVIEWS = typer.Option("--preview", metavar="STACK=FILE", help="A stack's plan.")


def _engine(
    context: typer.Context,
    stack: Stack = LOCAL,
    endpoint: Annotated[
        str, typer.Option(help="For stack local: a local cloud that runs already.")
    ] = "",
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print as JSON the plan, or else the stack's outputs, secrets too."
        ),
    ] = False,
    program: Annotated[
        Path, typer.Option(help="The checkout whose program is run, if not this one.")
    ] = PROJECT,
    state: Annotated[
        Path | None, typer.Option(help="For stack local: the folder of its state.")
    ] = None,
    more: _More = None,
) -> int:
    from ops.stack.command import run  # noqa: PLC0415

    return run(
        str(context.info_name),
        stack,
        endpoint=endpoint,
        as_json=as_json,
        program=program,
        state=state,
        more=more or (),
    )


for _name, _help in ENGINE_COMMANDS.items():
    # An option that is not known here is pulumi's: `make preview ARGS=--expect-no-changes`.
    main.command(_name, help=_help, context_settings={"ignore_unknown_options": True})(_engine)


@main.command()
def init(
    stack: Annotated[str, typer.Option(help="The stack: its name is that of the environment.")],
    account: Annotated[str, typer.Option(help="Id of the account, 16 digits.")] = "",
    region: Annotated[str, typer.Option(help="Id of the region.")] = "cn-hangzhou",
    chats: Annotated[
        list[str] | None,
        typer.Option("--chat", metavar="NAME=PLATFORM", help="A group chat; the first is default."),
    ] = None,
    instances: Annotated[
        list[str] | None, typer.Option("--instance", metavar="ID", help="An instance.")
    ] = None,
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="KEY=VALUE", help="A tag of the instances, instead of ids."),
    ] = None,
    roles: Annotated[
        list[str] | None, typer.Option("--role", help="A role; without it, all of the catalogue.")
    ] = None,
    endpoint: Annotated[
        str, typer.Option("--hr-api", help="URL that is called for new members; none if empty.")
    ] = "",
    language: Annotated[str, typer.Option(help="Language of the chats: en or zh.")] = "en",
    natives: Annotated[
        list[str] | None,
        typer.Option(
            "--native",
            metavar="PLATFORM=APP,TENANT,DEFINITION",
            help="A native approval of dingtalk or lark (docs/native-approvals.md).",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file of your own.")] = False,
) -> None:
    """Write the file of a new stack, and name the secrets that it needs.

    On a terminal it asks for what was not said. The examples dev and prod are overwritten.
    """
    from ops.init.command import Answers, run  # noqa: PLC0415

    answers = Answers(
        account, region, chats or (), instances or (), tags or (), roles or (), endpoint, language,
        natives or (),
    )  # fmt: skip
    run(stack, answers, force=force)


@main.command()
def policy(
    stack: Annotated[str, typer.Option(help="The stack, as in Pulumi.<stack>.yaml.")],
    project: Annotated[Path, typer.Option(help="Folder of Pulumi.yaml.")] = Path(),
    config: Annotated[
        Path | None,
        typer.Option(help="Options and exemptions, as in policies/configuration.yaml."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Check what a stack declares against the policies, without the Pulumi CLI.

    Exits with 1 if an update would be stopped, with 2 if the rules could not be run.
    """
    from ops.policy.command import run  # noqa: PLC0415

    return run(stack, project, config, as_json=as_json)


@main.command(context_settings={"ignore_unknown_options": True})
def plan(
    stack: Annotated[str, typer.Option(help="The stack, as in Pulumi.<stack>.yaml.")],
    folder: Annotated[Path, typer.Option(help="Where plan, log and exit code are written.")],
    base: Annotated[
        str, typer.Option(help="For stack local: the revision that is deployed before.")
    ] = "HEAD",
    program: Annotated[
        Path, typer.Option(help="The checkout whose program is planned, if not this one.")
    ] = PROJECT,
    more: _More = None,
) -> None:
    """Write what the engine would do to a stack, for a review.

    Exits with the engine's code.
    """
    from ops.review.make_plan import run  # noqa: PLC0415

    run(stack, folder.resolve(), base=base, program=program.resolve(), more=more or ())


@main.command()
def review(
    previews: Annotated[list[str] | None, _PREVIEWS] = None,
    policies: Annotated[
        list[str] | None, typer.Option("--policy", metavar="STACK=FILE", help="Its violations.")
    ] = None,
    behaviour: Annotated[
        Path | None, typer.Option(help="What became of the recorded events, as JSON.")
    ] = None,
    base: Annotated[
        str, typer.Option(help="The revision with which settings and catalogue are compared.")
    ] = "",
    head: Annotated[Path, typer.Option(help="The checkout that is compared with it.")] = PROJECT,
    output: Annotated[
        Path | None, typer.Option(help="The file to write; without it the text is printed.")
    ] = None,
) -> int:
    """Write the comment of a pull request from what the other commands found.

    Exits with 1 if a preview or the comparison of behaviour failed.
    """
    from ops.review.command import run  # noqa: PLC0415

    return run(previews or [], policies or [], behaviour, base=base, head=head, output=output)


@main.command()
def drift(
    previews: Annotated[list[str], _PREVIEWS],
    output: Annotated[Path, typer.Option(help="The issue's text; empty if nothing has drifted.")],
) -> None:
    """Write the issue about stacks that differ from the cloud."""
    from ops.review.drift import run  # noqa: PLC0415

    run(previews, output)


@main.command()
def behaviour(
    base: Annotated[str, typer.Option(help="The revision to compare this checkout with.")],
    head: Annotated[Path, typer.Option(help="The folder that is compared with it.")] = PROJECT,
    events: Annotated[Path, typer.Option(help="Folder of recorded events.")] = PROJECT
    / "tests/events",
    number: Annotated[
        int, typer.Option(min=0, help="Repeat the events until there are this many.")
    ] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the difference to this file.")
    ] = None,
    always: Annotated[
        bool, typer.Option("--always", help="Play even if nothing that matters differs.")
    ] = False,
) -> None:
    """Show which recorded events would be routed, run or reported differently than at a revision.

    Both revisions are deployed into local clouds that run no script, and get the same events.
    """
    from ops.behaviour.command import run  # noqa: PLC0415

    run(base, head.resolve(), events, number=number, json_file=json_file, always=always)


@main.command()
def pin_engine(
    version: Annotated[
        str, typer.Option(help="A release of Pulumi; that of its SDK if left out.")
    ] = "",
) -> None:
    """Write down version and digests of the engine that is installed where there is none."""
    from importlib import metadata  # noqa: PLC0415

    from ops.stack.release import pin  # noqa: PLC0415

    pin(version.removeprefix("v") or metadata.version("pulumi"))


@main.command()
def replay(
    stack: Stack = LOCAL,
    yes: Annotated[
        bool, typer.Option("--yes", help="Publish and delete; without it they are only listed.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="A message, a request or an employee; may be repeated."),
    ] = None,
    endpoint: LocalEndpoint = DEFAULT,
) -> int:
    """List a stack's dead letters; with --yes, publish each on its bus again and delete it.

    Signs with ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and, if it is set,
    ALIBABA_CLOUD_SECURITY_TOKEN; for stack local with the local cloud's key. It needs
    mns:ReceiveMessage, mns:BatchReceiveMessage, mns:ChangeMessageVisibility,
    mns:DeleteMessage and mns:BatchDeleteMessage on the queue, and eventbridge:PutEvents on the
    bus.
    """
    from ops.replay.command import run  # noqa: PLC0415

    return run(stack, endpoint, only or (), yes=yes)


@main.command()
def smoke(
    stack: Stack = LOCAL,
    source: Annotated[str, typer.Option(help="Event source; the stack's first if empty.")] = "",
    role: Annotated[str, typer.Option(help="Role to request; the stack's first if empty.")] = "",
    seconds: Annotated[float, typer.Option(min=1, help="Time limit of each request.")] = 180,
    outputs: Annotated[
        Path | None,
        typer.Option(help="The stack's outputs as JSON; without it pulumi is asked."),
    ] = None,
    endpoint: LocalEndpoint = DEFAULT,
) -> int:
    """Prove that a deployed stack works, there and back.

    An account emp-smoke-test is created on the role's instances and locked again; then a request is
    refused. Of each the result in the archive and the message that the chat took are looked for,
    and new dead letters. The URL of each native source has to refuse an unsigned push. Exits with 1
    if one of these is not found.

    Signs with ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and, if it is set,
    ALIBABA_CLOUD_SECURITY_TOKEN, which need ecs:DescribeInvocations, log:GetLogStoreLogs on the log
    project, mns:ReceiveMessage, mns:BatchReceiveMessage and mns:ChangeMessageVisibility on the
    dead-letter queue, and eventbridge:PutEvents for a source with allowed_ips; for stack local with
    the local cloud's key.
    """
    from ops.smoke.command import run  # noqa: PLC0415

    return run(stack, source, role, endpoint=endpoint, seconds=seconds, outputs=outputs)


@main.command()
def rehearse(
    stack: Stack = LOCAL,
    yes: Annotated[
        bool, typer.Option("--yes", help="Begin; without it a terminal is asked.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Only remove what an interrupted run left behind.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="The file of answers; rehearsal-<stack>.json if left out.")
    ] = None,
    endpoint: LocalEndpoint = DEFAULT,
) -> int:
    """Ask an account what the documentation of Alibaba Cloud leaves open.

    Makes queues, a bus with sources and rules, a function with its role and two commands, all named
    <prefix>-rehearsal…, tries each question with them, prints yes, no or where to look, and removes
    everything again, also after an error or Ctrl-C. The stack need not be deployed. Exits with 1 if
    something could not be removed.

    Signs with ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and, if it is set,
    ALIBABA_CLOUD_SECURITY_TOKEN, which need the rights of a deployment and those that
    docs/operating.md lists besides; for stack local with the local cloud's key.
    """
    from ops.rehearse.command import run  # noqa: PLC0415

    return run(stack, endpoint, output, yes=yes, remove=remove)


@main.command()
def prune(
    stack: Stack = LOCAL,
    endpoint: LocalEndpoint = DEFAULT,
    destroyed: Annotated[
        bool, typer.Option(help="The stack was destroyed: all of its commands are old.")
    ] = False,
) -> None:
    """Delete the commands that an update has replaced, as far as their runs have ended.

    'make up' and 'make destroy' do it at their end. Signs with ALIBABA_CLOUD_ACCESS_KEY_ID,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET and, if it is set, ALIBABA_CLOUD_SECURITY_TOKEN, which need
    ecs:DescribeCommands and ecs:DeleteCommand as a deployment does; for stack local with the local
    cloud's key.
    """
    from ops.prune.command import run  # noqa: PLC0415

    run(stack, endpoint, destroyed=destroyed)


@main.command()
def pause(
    stack: Stack = LOCAL,
    reason: Annotated[
        str, typer.Option(help="What the chats are told; at most 160 characters.")
    ] = "",
    endpoint: LocalEndpoint = DEFAULT,
) -> None:
    """Refuse requests to provision, with the reason in the chat; taking away goes on.

    Acts within seconds and survives 'up'. Signs with ALIBABA_CLOUD_ACCESS_KEY_ID,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET and, if it is set, ALIBABA_CLOUD_SECURITY_TOKEN, which need
    ecs:DescribeCommands, ecs:CreateCommand and ecs:DeleteCommand as a deployment does; for stack
    local with the local cloud's key.
    """
    from ops.pause.command import pause  # noqa: PLC0415

    pause(stack, reason, endpoint)


@main.command()
def resume(stack: Stack = LOCAL, endpoint: LocalEndpoint = DEFAULT) -> None:
    """Carry out requests to provision again, after 'pause'."""
    from ops.pause.command import resume  # noqa: PLC0415

    resume(stack, endpoint)
