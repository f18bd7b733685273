"""A rule: which events, where to, and what happens when that fails."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components.formerly import formerly_in
from components.loop_context import LoopContext
from components.names import RetryStrategy
from components.targets import TargetArgs, TargetParameterArgs


class EventRuleArgs(TypedDict):
    """The arguments of :func:`event_rule`."""

    context: LoopContext
    """Where the rule stands, and what happens when its target fails."""
    rule_name: str
    """Name of the rule on its bus."""
    description: str
    """Shown in the console."""
    pattern: str
    """The event pattern as JSON. The cloud stores the text, so any other spacing is a change."""
    targets: list[TargetArgs]
    """Where matching events go: to each of them, five at most."""
    bus_name: NotRequired[str]
    """Another bus than the loop's own, such as default."""
    replaced_after: NotRequired[bool]
    """True: whenever the targets have other ids the rule has another name, too, so it is made
    before the old one goes, and no event passes between them. False if left out."""


def event_rule(
    name: str, args: EventRuleArgs, parent: pulumi.Resource
) -> alicloud.eventbridge.Rule:
    """Send matching events to targets; repeat on failure, then keep them in a queue."""
    context = args["context"]
    return alicloud.eventbridge.Rule(
        f"{name}-rule",
        event_bus_name=args.get("bus_name") or context["bus_name"],
        rule_name=args["rule_name"],
        description=args["description"],
        filter_pattern=args["pattern"],
        targets=[
            {
                "target_id": target["id"],
                "type": target["type"],
                "endpoint": target["endpoint"],
                "param_lists": [_parameter(given) for given in target["parameters"]],
                "push_retry_strategy": RetryStrategy(context["retry"]).value,
                "dead_letter_queue": {"arn": context["dead_letter_arn"]},
            }
            for target in args["targets"]
        ],
        opts=pulumi.ResourceOptions(
            parent=parent,
            # A target with another id replaces the rule, whose name may be taken until the old one
            # goes.
            delete_before_replace=not args.get("replaced_after", False),
            aliases=[formerly_in("EventRoute", name, parent)],
        ),
    )


def _parameter(
    given: TargetParameterArgs,
) -> alicloud.eventbridge.RuleTargetParamListArgsDict:
    parameter: alicloud.eventbridge.RuleTargetParamListArgsDict = {
        "resource_key": given["key"],
        "form": given["form"],
    }
    if "value" in given:
        parameter["value"] = given["value"]
    return parameter
