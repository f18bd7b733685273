"""A queue between two steps of the loop."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components.names import Number, whole


class MessageQueueArgs(TypedDict):
    """The arguments of :class:`MessageQueue`."""

    queue_name: str
    """Name of the queue, unique in account and region."""
    retention_seconds: Number
    """Seconds that a message waits at most, 60 to 604800 (7 days)."""
    visibility_seconds: Number
    """Seconds that a received message is hidden from others, 1 to 43200: longer than whoever
    receives it works on it, as it comes again then unless it was deleted."""
    tags: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Tags on the queue."""


class MessageQueue(pulumi.ComponentResource):
    """Keep messages until they are received and deleted."""

    queue_name: pulumi.Output[str]
    """The queue's name."""

    def __init__(
        self, name: str, args: MessageQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:MessageQueue", name, {}, opts)
        queue = alicloud.message.ServiceQueue(
            f"{name}-queue",
            queue_name=args["queue_name"],
            message_retention_period=whole(args["retention_seconds"]),
            visibility_timeout=whole(args["visibility_seconds"]),
            tags=args.get("tags"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.queue_name = queue.queue_name
        self.register_outputs({"queue_name": self.queue_name})
