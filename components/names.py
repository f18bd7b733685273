"""The words in the components' arguments, and the names by which the cloud knows things."""

from enum import StrEnum

import pulumi

# What a chat may be is what the functions can write to: one list for both.
from functions.platforms.base import ChatPlatform
from functions.receive_approval.declared import Kind as ApprovalKind
from functions.request.deployment import Language

__all__ = ["ApprovalKind", "ChatPlatform", "Language"]


class Delivery(StrEnum):
    """Who posts a message to a chat."""

    FUNCTION = "function"
    WEBHOOK = "webhook"


class FunctionDelivery(StrEnum):
    """How events reach a function."""

    DIRECT = "direct"
    QUEUE = "queue"
    STREAM = "stream"


class RetryStrategy(StrEnum):
    """What EventBridge does when a target fails (EventBridge, "Event target parameters")."""

    BACKOFF = "BACKOFF_RETRY"
    EXPONENTIAL_DECAY = "EXPONENTIAL_DECAY_RETRY"


Text = pulumi.Input[str]

Number = pulumi.Input[float]
"""A whole number. Pulumi's host for components cannot take an output where an ``int`` is declared:
it converts the value before it is known."""


def whole(number: Number) -> pulumi.Output[int]:
    """Return a whole number as such, whichever way it came over the wire."""
    return pulumi.Output.from_input(number).apply(int)


def bus_arn(region: Text, account_id: Text, bus: Text) -> pulumi.Output[str]:
    """Name a bus as RAM does (EventBridge, "Event target parameters", RuleARN)."""
    return pulumi.Output.format("acs:eventbridge:{0}:{1}:eventbus/{2}", region, account_id, bus)


def function_arn(region: Text, account_id: Text, function: Text) -> pulumi.Output[str]:
    """Name a function of Function Compute 3.0."""
    return pulumi.Output.format("acs:fc:{0}:{1}:functions/{2}", region, account_id, function)


def queue_arn(region: Text, account_id: Text, queue: Text) -> pulumi.Output[str]:
    """Name a queue as a rule's dead-letter setting takes it, with the slash before ``queues``."""
    return pulumi.Output.format("acs:mns:{0}:{1}:/queues/{2}", region, account_id, queue)


def queue_endpoint(region: Text, account_id: Text, queue: Text) -> pulumi.Output[str]:
    """Name a queue as a rule's target takes it, without the slash before ``queues``."""
    return pulumi.Output.format("acs:mns:{0}:{1}:queues/{2}", region, account_id, queue)


def messages_arn(region: Text, account_id: Text, queue: Text) -> pulumi.Output[str]:
    """Name a queue's messages, to which RAM gives access ("Permission policies and examples")."""
    return pulumi.Output.format("acs:mns:{0}:{1}:/queues/{2}/messages", region, account_id, queue)


def log_store_arn(
    region: Text, account_id: Text, project: Text, store: Text, *, service: str = "log"
) -> pulumi.Output[str]:
    """Name a log store; RAM calls the service ``log``, a rule's target calls it ``sls``."""
    return pulumi.Output.format(
        "acs:{0}:{1}:{2}:project/{3}/logstore/{4}", service, region, account_id, project, store
    )


def command_arn(region: Text, account_id: Text, command_id: Text) -> pulumi.Output[str]:
    """Name a Cloud Assistant command (ECS, "RAM authorization")."""
    return pulumi.Output.format("acs:ecs:{0}:{1}:command/{2}", region, account_id, command_id)


def instance_arn(region: Text, account_id: Text, instance_id: Text) -> pulumi.Output[str]:
    """Name an instance (ECS, "RAM authorization")."""
    return pulumi.Output.format("acs:ecs:{0}:{1}:instance/{2}", region, account_id, instance_id)
