"""A Cloud Assistant command that holds a rendered script."""

import base64
import hashlib
from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components import defaults
from components.names import Number, whole


class CloudAssistantCommandArgs(TypedDict):
    """The arguments of :class:`CloudAssistantCommand`."""

    name_prefix: str
    """Beginning of the command's name. It stays; what follows it changes with the script."""
    script: pulumi.Input[str]
    """The script as text. Parameters are written {{name}}."""
    description: str
    """Shown in the console."""
    timeout_seconds: NotRequired[Number]
    """Seconds until a run is ended. 300 if left out."""
    working_directory: NotRequired[pulumi.Input[str]]
    """Where the script starts on an instance. /root if left out."""


class CloudAssistantCommand(pulumi.ComponentResource):
    """Keep a script where Cloud Assistant can run it.

    The cloud changes no command in place: each change makes a new one. Under a fixed name the old
    one would have to go first, and a request in between would find nothing. So the name ends in the
    script's hash, the new command exists before the old one goes, and a rule that wants to hear of
    every run matches the prefix.

    A command that is being run cannot be deleted, and the provider's deletion would end the update
    with an error. So Pulumi deletes none: the old one stays until its runs have ended, and whoever
    operates the stack takes it away by the prefix (``make prune``).
    """

    command_id: pulumi.Output[str]
    """What InvokeCommand takes."""
    command_name: pulumi.Output[str]
    """The prefix followed by the script's hash."""
    script_sha256: pulumi.Output[str]
    """The script's SHA-256, in hexadecimal."""
    version: pulumi.Output[str]
    """Changes whenever the command is made anew; unlike its id it is known before that."""

    def __init__(
        self,
        name: str,
        args: CloudAssistantCommandArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("provisioning:index:CloudAssistantCommand", name, {}, opts)
        prefix = args["name_prefix"]
        script = pulumi.Output.from_input(args["script"])
        self.script_sha256 = script.apply(sha256)
        timeout_seconds = whole(args.get("timeout_seconds", defaults.COMMAND_TIMEOUT_SECONDS))
        directory = args.get("working_directory", defaults.WORKING_DIRECTORY)
        self.version = pulumi.Output.json_dumps(
            [self.script_sha256, args["description"], timeout_seconds, directory]
        ).apply(sha256)
        command = alicloud.ecs.Command(
            f"{name}-command",
            name=self.script_sha256.apply(lambda digest: command_name(prefix, digest)),
            description=args["description"],
            type="RunShellScript",
            command_content=script.apply(encode),
            enable_parameter=True,
            timeout=timeout_seconds,
            working_dir=directory,
            # Said, because the provider has the old one go first where it decides.
            opts=pulumi.ResourceOptions(
                parent=self, delete_before_replace=False, retain_on_delete=True
            ),
        )
        self.command_id = command.id
        self.command_name = command.name
        self.register_outputs(
            {
                "command_id": self.command_id,
                "command_name": self.command_name,
                "script_sha256": self.script_sha256,
                "version": self.version,
            }
        )


def sha256(text: str) -> str:
    """Return the digest by which a text is known."""
    return hashlib.sha256(text.encode()).hexdigest()


def command_name(prefix: str, digest: str) -> str:
    """Name a command after its script."""
    return f"{prefix}{digest[:12]}"


def encode(script: str) -> str:
    """Return a script the form in which CreateCommand takes it."""
    return base64.b64encode(script.encode()).decode()
