"""A queue between two steps of the loop."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components.formerly import formerly_in
from components.names import Number, whole


class MessageQueueArgs(TypedDict):
    """The arguments of :func:`message_queue`."""

    queue_name: str
    """Name of the queue, unique in account and region."""
    retention_seconds: Number
    """Seconds that a message waits at most, 60 to 604800 (7 days)."""
    visibility_seconds: Number
    """Seconds that a received message is hidden from others, 1 to 43200: longer than whoever
    receives it works on it, as it comes again then unless it was deleted."""
    tags: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Tags on the queue."""


def message_queue(
    name: str, args: MessageQueueArgs, parent: pulumi.Resource
) -> alicloud.message.ServiceQueue:
    """Keep messages until they are received and deleted."""
    return alicloud.message.ServiceQueue(
        f"{name}-queue",
        queue_name=args["queue_name"],
        message_retention_period=whole(args["retention_seconds"]),
        visibility_timeout=whole(args["visibility_seconds"]),
        tags=args.get("tags"),
        opts=pulumi.ResourceOptions(
            parent=parent, aliases=[formerly_in("MessageQueue", name, parent)]
        ),
    )
