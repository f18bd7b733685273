"""How the targets of a rule bring events to a function, in one of three forms.

By a queue, a rule puts the complete event into the function's own queue and has the function look
there: a wake. It calls the function itself, or puts a copy of the event into a second queue, whose
stream calls it. What a wake brings does not matter, so nothing rests on the form in which functions
are called, nor on what becomes of an exception or of an internal error of Function Compute; and
without any wake the function's timer finds the event within a minute.

Directly, a rule calls the function with the complete event, and nobody else has it: what Function
Compute loses after it has accepted the call is lost.
"""

import json
from typing import Literal

import pulumi
import pulumi_alicloud as alicloud

from components import defaults, targets
from components.loop_context import LoopContext
from components.loop_function import LoopFunction
from components.message_queue import message_queue
from components.names import FunctionDelivery

_WAKE = json.dumps({"wake": "queue"})
_WAKES_IN_A_CALL = 100


def event_targets(
    name: str,
    context: LoopContext,
    function: LoopFunction,
    parent: pulumi.Resource,
    *,
    invocation: Literal["Sync", "Async"] = "Async",
) -> list[targets.TargetArgs]:
    """Return the targets that bring a rule's events to a function.

    Args:
        name: beginning of the names of what has to be made for it.
        context: with the form.
        function: it has a queue of events.
        parent: of what has to be made.
        invocation: whether a direct call waits for the function.
    """
    where = (context["region"], context["account_id"])
    if _form(context) is FunctionDelivery.DIRECT:
        target = targets.function_target(
            function.function, *where, function.function_name, invocation=invocation
        )
        return [target]
    return [
        targets.queue_target("events", *where, function.event_queue),
        wake(name, context, function, parent),
    ]


def rule_name(name: str, context: LoopContext) -> str:
    """Return the name of the rule with these targets.

    Targets with other ids replace a rule, and between the deletion of one and the creation of
    another an event would reach neither. So the rule that fills a queue has a name of its own: it
    stands beside the old one for a moment, and an event of that moment is handled twice, which the
    functions recognise.
    """
    return name if _form(context) is FunctionDelivery.DIRECT else f"{name}-queued"


def wake(
    name: str, context: LoopContext, function: LoopFunction, parent: pulumi.Resource
) -> targets.TargetArgs:
    """Return the target that has a function look into its queue."""
    where = (context["region"], context["account_id"])
    if _form(context) is not FunctionDelivery.STREAM:
        return targets.function_target(
            "wake", *where, function.function_name, invocation="Async", body=_WAKE
        )
    wakes = message_queue(
        f"{name}-wakes",
        {
            "queue_name": f"{context['name_prefix']}-wake-{function.function}",
            # What came for so long has been found by the timer.
            "retention_seconds": defaults.WAKES_SECONDS,
            "visibility_seconds": defaults.PATIENT_FUNCTION_SECONDS,
            "tags": context.get("tags", {}),
        },
        parent,
    )
    alicloud.fc.V3Trigger(
        f"{name}-stream",
        function_name=function.function_name,
        trigger_name="wake",
        trigger_type="eventbridge",
        trigger_config=pulumi.Output.all(context["region"], wakes.queue_name).apply(
            lambda given: json.dumps(_stream(*given))
        ),
        qualifier="LATEST",
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return targets.queue_target("wake", *where, wakes.queue_name)


def _form(context: LoopContext) -> FunctionDelivery:
    return FunctionDelivery(context["function_delivery"])


def _stream(region: str, queue: str) -> dict[str, object]:
    """Return the configuration of a trigger that takes its events from a queue.

    Source: "SMQ queue triggers" (Function Compute 3.0). Whether ``asyncInvocationType`` false is
    the synchronous form, its pages contradict each other; a wake does not care.
    """
    return {
        "triggerEnable": True,
        "asyncInvocationType": False,
        "eventRuleFilterPattern": "{}",
        "eventSourceConfig": {
            "eventSourceType": "MNS",
            "eventSourceParameters": {
                "sourceMNSParameters": {
                    "RegionId": region,
                    "QueueName": queue,
                    "IsBase64Decode": True,
                }
            },
        },
        "eventSinkConfig": {"deliveryOption": {"eventSchema": "CloudEvents"}},
        "runOptions": {
            "mode": "event-streaming",
            "errorsTolerance": "ALL",
            # A wake that fails is of no use later: the timer has come by then. guess: that a stream
            # without a dead-letter queue drops what fails.
            "retryStrategy": {"PushRetryStrategy": "BACKOFF_RETRY"},
            "batchWindow": {"CountBasedWindow": _WAKES_IN_A_CALL, "TimeBasedWindow": 0},
        },
    }
