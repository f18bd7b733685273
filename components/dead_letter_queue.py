"""A queue that keeps the events no target accepted."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components import defaults
from components.names import Number, queue_arn, whole


class DeadLetterQueueArgs(TypedDict):
    """The arguments of :class:`DeadLetterQueue`."""

    queue_name: str
    """Name of the queue, unique in account and region."""
    region: pulumi.Input[str]
    """Id of the region."""
    account_id: pulumi.Input[str]
    """Id of the account."""
    retention_seconds: NotRequired[Number]
    """Seconds that a message waits, at most 604800 (7 days). Four days if left out."""
    protect: NotRequired[bool]
    """True: Pulumi refuses to delete the queue."""
    tags: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Tags on the queue."""


class DeadLetterQueue(pulumi.ComponentResource):
    """Keep undeliverable events until somebody looks at them."""

    queue_name: pulumi.Output[str]
    """The queue's name."""
    arn: pulumi.Output[str]
    """What a rule's dead-letter setting takes."""

    def __init__(
        self, name: str, args: DeadLetterQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:DeadLetterQueue", name, {}, opts)
        queue = alicloud.message.ServiceQueue(
            f"{name}-queue",
            queue_name=args["queue_name"],
            message_retention_period=whole(
                args.get("retention_seconds", defaults.DEAD_LETTERS_SECONDS)
            ),
            tags=args.get("tags"),
            # None, not False: what the component itself is told then reaches the queue.
            opts=pulumi.ResourceOptions(parent=self, protect=args.get("protect") or None),
        )
        self.queue_name = queue.queue_name
        self.arn = queue_arn(args["region"], args["account_id"], queue.queue_name)
        self.register_outputs({"queue_name": self.queue_name, "arn": self.arn})
