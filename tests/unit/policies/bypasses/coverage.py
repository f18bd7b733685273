"""Dangerous programs that the rules about what the pack can see have to see."""

from tests.unit.policies.bypasses.changes import other
from tests.unit.policies.sample_stack import Changes

BYPASSES: dict[str, tuple[str, Changes]] = {
    # What no rule knows
    "a machine with a script": (
        "resource-type-known",
        other("alicloud:ecs/instance:Instance", userData="IyEvYmluL3No"),
    ),
    "a function of 2.0": ("resource-type-known", other("alicloud:fc/function:Function", name="x")),
    "an access key": (
        "resource-type-known",
        other("alicloud:ram/accessKey:AccessKey", userName="x"),
    ),
    "a run without a command": (
        "resource-type-known",
        other("alicloud:ecs/ecsInvocation:EcsInvocation", commandId="c-1"),
    ),
    "a command of this machine": (
        "resource-type-known",
        other("command:local:Command", create="id"),
    ),
    "a source of the older form": (
        "resource-type-known",
        other("alicloud:eventbridge/eventSource:EventSource", eventSourceName="x"),
    ),
}
