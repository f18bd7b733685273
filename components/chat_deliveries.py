"""The delivery of results to all chats, with the function that several of them share.

Results for chats with delivery function are collected in a queue, from which one function, alone,
tells every chat in turn. It keeps to the limits of the chats' platforms, posting at once when
little happens and a digest when much does, so it must be the only one that posts, one call at a
time. What it posted it remembers in a second queue: any call may be the first of a new instance.
"""

from typing import TypedDict, cast

import pulumi
import pulumi_alicloud as alicloud

from components import defaults, patterns, permissions, targets
from components.chat_delivery import Chat, ChatDelivery, delivery_of
from components.event_rule import event_rule
from components.function_delivery import wake
from components.loop_context import LoopContext
from components.loop_function import LoopFunction
from components.message_queue import message_queue
from components.names import ChatPlatform, Delivery

_SENT_SECONDS = 600
_LEASE_SECONDS = 120


class ChatDeliveriesArgs(TypedDict):
    """The arguments of :class:`ChatDeliveries`."""

    context: LoopContext
    """The bus on which results are published, and what happens when a chat takes none."""
    chats: list[Chat]
    """The chats."""
    document: pulumi.Input[str]
    """What the function knows of the stack; see loop_document."""


class ChatDeliveries(pulumi.ComponentResource):
    """Tell each chat what became of its requests; the function exists if a chat wants it."""

    functions: pulumi.Output[dict[str, str]]
    """post-to-chat -> name of the function; empty if no chat wants it."""

    def __init__(
        self, name: str, args: ChatDeliveriesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:ChatDeliveries", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        by_function = [c for c in args["chats"] if delivery_of(c) is Delivery.FUNCTION]
        by_webhook = [c for c in args["chats"] if delivery_of(c) is Delivery.WEBHOOK]
        functions: dict[str, pulumi.Output[str]] = {}
        self.waiting: alicloud.message.ServiceQueue | None = None
        if by_function:
            waiting = self._queue(
                f"{name}-waiting",
                args["context"],
                "chats",
                retention_seconds=defaults.LONGEST_RETENTION_SECONDS,
                # post-to-chat makes it longer for what it holds; after its death that comes again.
                visibility_seconds=_LEASE_SECONDS,
            )
            self.waiting = waiting
            function = self._function(f"{name}-post-to-chat", args, by_function, waiting)
            functions["post-to-chat"] = function.function_name
            self._rule(f"{name}-results", args["context"], by_webhook, waiting, function)
        for chat in by_webhook:
            ChatDelivery(
                f"{name}-{chat['name']}", {"context": args["context"], "chat": chat}, opts=child
            )
        self.functions = pulumi.Output.from_input(cast("dict[str, str]", functions))
        self.register_outputs({"functions": self.functions})

    def _queue(
        self,
        name: str,
        context: LoopContext,
        queue: str,
        *,
        retention_seconds: int,
        visibility_seconds: int,
    ) -> alicloud.message.ServiceQueue:
        return message_queue(
            name,
            {
                "queue_name": f"{context['name_prefix']}-{queue}",
                "retention_seconds": retention_seconds,
                "visibility_seconds": visibility_seconds,
                "tags": context.get("tags", {}),
            },
            self,
        )

    def _function(
        self,
        name: str,
        args: ChatDeliveriesArgs,
        chats: list[Chat],
        waiting: alicloud.message.ServiceQueue,
    ) -> LoopFunction:
        context = args["context"]
        sent = self._queue(
            f"{name}-sent", context, "sent", retention_seconds=_SENT_SECONDS, visibility_seconds=1
        )
        where = context["region"], context["account_id"]
        addresses = pulumi.Output.json_dumps({chat["name"]: address(chat) for chat in chats})
        return LoopFunction(
            name,
            {
                "context": context,
                "function": "post-to-chat",
                "description": "Posts results to the chats",
                "environment": {
                    "CHAT_QUEUE": waiting.queue_name,
                    "SENT_QUEUE": sent.queue_name,
                },
                "documents": {
                    "CHATS": pulumi.Output.secret(addresses),
                    "LOOP": args["document"],
                },
                "permissions": [
                    permissions.send_messages(*where, waiting.queue_name, sent.queue_name),
                    permissions.receive_messages(*where, waiting.queue_name),
                    permissions.look_at_messages(*where, sent.queue_name),
                ],
                "timeout_seconds": defaults.CHAT_FUNCTION_SECONDS,
                "max_parallel_requests": 1,
                # A wake that waited for longer than the timer takes is of no use any more.
                "asynchronous": {"retries": 1, "age_seconds": 300},
                "every_minute": True,
                "buries": True,
            },
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _rule(
        self,
        name: str,
        context: LoopContext,
        elsewhere: list[Chat],
        waiting: alicloud.message.ServiceQueue,
        function: LoopFunction,
    ) -> None:
        """Put results into the queue and wake who empties it."""
        where = (context["region"], context["account_id"])
        event_rule(
            name,
            {
                "context": context,
                "rule_name": "results",
                "description": "Results to the queue of the chats, and a wake to who posts them",
                "pattern": patterns.results([chat["name"] for chat in elsewhere]),
                "targets": [
                    targets.queue_target("queue", *where, waiting.queue_name),
                    wake(name, context, function, self),
                ],
            },
            self,
        )


def address(chat: Chat) -> dict[str, pulumi.Input[str]]:
    """Return what a function needs to post to a chat."""
    found: dict[str, pulumi.Input[str]] = {
        "platform": ChatPlatform(chat["platform"]).value,
        "webhook": chat["webhook"],
    }
    if "signing_secret" in chat:
        found["secret"] = chat["signing_secret"]
    return found
