"""How the targets of a rule bring events to a function, in one of two forms.

Directly, a rule calls the function with the complete event. By a queue, it puts the complete event
into the function's own queue, and another copy into a second one, whose stream calls the function:
a wake. What a wake brings does not matter, so nothing rests on the form in which streams call
functions, nor on what they make of an exception; and without any wake the function's timer finds
the event within a minute.
"""

import json
from typing import Literal

import pulumi
import pulumi_alicloud as alicloud

from components import defaults, targets
from components.loop_context import LoopContext
from components.loop_function import LoopFunction
from components.message_queue import MessageQueue
from components.names import FunctionDelivery

_WAKE = json.dumps({"wake": "queue"})
_WAKES_IN_A_CALL = 100


def event_targets(
    name: str,
    context: LoopContext,
    function: LoopFunction,
    opts: pulumi.ResourceOptions,
    *,
    invocation: Literal["Sync", "Async"] = "Async",
) -> list[targets.TargetArgs]:
    """Return the targets that bring a rule's events to a function.

    Args:
        name: beginning of the names of what has to be made for it.
        context: with the form.
        function: it has a queue of events.
        opts: of what has to be made.
        invocation: whether a direct call waits for the function.
    """
    where = (context["region"], context["account_id"])
    if FunctionDelivery(context["function_delivery"]) is FunctionDelivery.QUEUE:
        return [
            targets.queue_target("events", *where, function.event_queue),
            wake(name, context, function, opts),
        ]
    target = targets.function_target(
        function.function, *where, function.function_name, invocation=invocation
    )
    return [target]


def wake(
    name: str, context: LoopContext, function: LoopFunction, opts: pulumi.ResourceOptions
) -> targets.TargetArgs:
    """Return the target that has a function look into its queue."""
    where = (context["region"], context["account_id"])
    if FunctionDelivery(context["function_delivery"]) is FunctionDelivery.DIRECT:
        return targets.function_target(
            "wake", *where, function.function_name, invocation="Async", body=_WAKE
        )
    wakes = MessageQueue(
        f"{name}-wakes",
        {
            "queue_name": f"{context['name_prefix']}-wake-{function.function}",
            # What came for so long has been found by the timer.
            "retention_seconds": defaults.WAKES_SECONDS,
            "visibility_seconds": defaults.PATIENT_FUNCTION_SECONDS,
            "tags": context.get("tags", {}),
        },
        opts,
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
        opts=opts,
    )
    return targets.queue_target("wake", *where, wakes.queue_name)


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
