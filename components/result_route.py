"""The way of a run's end from Cloud Assistant to a result on the bus."""

from typing import TypedDict

import pulumi

from components import defaults, patterns, permissions
from components.event_rule import event_rule
from components.function_delivery import event_targets, rule_name
from components.loop_context import LoopContext
from components.loop_function import LoopFunction


class ResultRouteArgs(TypedDict):
    """The arguments of :class:`ResultRoute`."""

    context: LoopContext
    """What it shares with the other parts."""
    command_name_prefixes: list[str]
    """Beginnings of the names of the commands whose runs are reported."""
    document: pulumi.Input[str]
    """What the function knows of the stack; see loop_document."""


class ResultRoute(pulumi.ComponentResource):
    """Publish what became of each run, also of those that somebody started by hand."""

    function_name: pulumi.Output[str]
    """The function publish-result."""

    def __init__(
        self, name: str, args: ResultRouteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:ResultRoute", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        context = args["context"]
        region, account_id = context["region"], context["account_id"]
        function = LoopFunction(
            f"{name}-publish-result",
            {
                "context": context,
                "function": "publish-result",
                "description": "Publishes what became of a run",
                "environment": {},
                "documents": {"LOOP": args["document"]},
                "timeout_seconds": defaults.PATIENT_FUNCTION_SECONDS,
                "event_queue": "completions",
                "permissions": [
                    permissions.read_invocations(region, account_id),
                    permissions.locate_instances(region, account_id),
                    permissions.put_events(region, account_id, context["bus_name"]),
                ],
                "leaves_notes": True,
            },
            opts=child,
        )
        event_rule(
            name,
            {
                "context": context,
                # Cloud Assistant reports on the bus that every account has, which other programs
                # use too: so this one rule carries the prefix in its name.
                "bus_name": "default",
                "rule_name": rule_name(f"{context['name_prefix']}-invocation-finished", context),
                "replaced_after": True,
                "description": "Finished runs to the function that publishes their result",
                "pattern": patterns.task_completed(args["command_name_prefixes"]),
                "targets": event_targets(name, context, function, self),
            },
            self,
        )
        self.function_name = function.function_name
        self.register_outputs({"function_name": self.function_name})
