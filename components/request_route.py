"""The way of an approval from the bus to the instances."""

import json
from typing import NotRequired, TypedDict

import pulumi

from components import defaults, patterns, permissions
from components.event_rule import event_rule
from components.function_delivery import event_targets, rule_name
from components.loop_context import LoopContext
from components.loop_document import (
    RoleInstances,
    Source,
    instance_ids,
    named_instances,
    tag_groups,
)
from components.loop_function import LoopFunction, LoopFunctionArgs
from components.message_queue import message_queue
from components.names import Number, whole


class RequestRouteArgs(TypedDict):
    """The arguments of :class:`RequestRoute`."""

    context: LoopContext
    """What it shares with the other parts."""
    sources: list[Source]
    """Whose events are requests."""
    roles: list[RoleInstances]
    """The roles that may be asked for, and where each is provisioned."""
    command_id: pulumi.Input[str]
    """The command that grants a role."""
    deprovision_command_id: pulumi.Input[str]
    """The command that revokes it."""
    command_versions: NotRequired[list[pulumi.Input[str]]]
    """What changes whenever a command is made anew, and is known before it is. Nothing if left
    out."""
    timeout_seconds: Number
    """Seconds until a run is ended."""
    document: pulumi.Input[str]
    """What the function knows of the stack; see loop_document."""
    max_parallel_requests: NotRequired[Number]
    """How many requests are started at the same time. No limit if left out."""


class RequestRoute(pulumi.ComponentResource):
    """Run a command for each approval, on these instances and nothing else."""

    function_name: pulumi.Output[str]
    """The function run-command."""

    def __init__(
        self, name: str, args: RequestRouteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:RequestRoute", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        context = args["context"]
        region, account_id = context["region"], context["account_id"]
        commands = [args["command_id"], args["deprovision_command_id"]]
        later = message_queue(
            f"{name}-later",
            {
                "queue_name": f"{context['name_prefix']}-later",
                "retention_seconds": defaults.LONGEST_RETENTION_SECONDS,
                # Longer than a call of the function, which receives what is due.
                "visibility_seconds": defaults.PATIENT_FUNCTION_SECONDS + 60,
                "tags": context.get("tags", {}),
            },
            self,
        )
        function_args: LoopFunctionArgs = {
            "context": context,
            "function": "run-command",
            "description": "Starts the command that an approval asks for",
            "environment": {
                "CommandId": args["command_id"],
                "DeprovisionCommandId": args["deprovision_command_id"],
                "InstanceIds": instance_ids(args["roles"]).apply(json.dumps),
                "Timeout": whole(args["timeout_seconds"]).apply(str),
                "LATER_QUEUE": later.queue_name,
                **_tokens(args["sources"]),
            },
            "documents": {"LOOP": args["document"]},
            "timeout_seconds": defaults.PATIENT_FUNCTION_SECONDS,
            "event_queue": "requests",
            "permissions": [
                *permissions.invoke_commands(
                    region,
                    account_id,
                    commands,
                    named_instances(args["roles"]),
                    tag_groups(args["roles"]),
                ),
                permissions.read_commands(region, account_id),
                permissions.read_instances(region, account_id),
                permissions.read_invocations(region, account_id),
                permissions.put_events(region, account_id, context["bus_name"]),
                permissions.send_messages(region, account_id, later.queue_name),
                permissions.receive_messages(region, account_id, later.queue_name),
            ],
            # Until the function knows the new commands, it may run the old ones.
            "renewed_with": args.get("command_versions", []),
            "leaves_notes": True,
        }
        if "max_parallel_requests" in args:
            function_args["max_parallel_requests"] = args["max_parallel_requests"]
        function = LoopFunction(f"{name}-run-command", function_args, opts=child)
        # Native approvals come by a bus of their own, and go the same way.
        self.targets = event_targets(name, context, function, self)
        event_rule(
            name,
            {
                "context": context,
                "rule_name": rule_name("provision", context),
                "replaced_after": True,
                "description": "Approvals to the function that runs the command",
                "pattern": patterns.from_sources([source["name"] for source in args["sources"]]),
                "targets": self.targets,
            },
            self,
        )
        self.function_name = function.function_name
        self.register_outputs({"function_name": self.function_name})


def _tokens(sources: list[Source]) -> dict[str, pulumi.Input[str]]:
    """Return the secrets that requests must carry, if any source has one."""
    tokens = {source["name"]: source["token"] for source in sources if "token" in source}
    if not tokens:
        return {}
    return {"SOURCE_TOKENS": pulumi.Output.secret(pulumi.Output.json_dumps(tokens))}
