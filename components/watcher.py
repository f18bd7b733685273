"""The function that tells those who operate the loop what nobody else was told of.

It takes a way of its own: a timer, the queues, and the chat's webhook. What it is to look after,
other functions leave in its queue; what it has told, it keeps there.
"""

from typing import NotRequired, TypedDict

import pulumi

from components import defaults, permissions
from components.chat_deliveries import address
from components.chat_delivery import Chat
from components.loop_context import LoopContext
from components.loop_function import LoopFunction
from components.names import Language


class WatcherArgs(TypedDict):
    """The arguments of :class:`Watcher`."""

    context: LoopContext
    """What it shares with the other parts; with the watcher's queue."""
    chat: Chat
    """The chat of those who operate the loop."""
    chat_queue: NotRequired[pulumi.Input[str]]
    """The queue in which results wait for their chats. Not looked at if left out."""


class Watcher(pulumi.ComponentResource):
    """Look once a minute at the dead letters, at what was promised, and at what waits."""

    function_name: pulumi.Output[str]
    """The function watch."""

    def __init__(
        self, name: str, args: WatcherArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:Watcher", name, {}, opts)
        context, chat = args["context"], args["chat"]
        where = (context["region"], context["account_id"])
        notes, dead_letters = context["watch_queue"], context["dead_letter_queue"]
        looked_at, environment = [dead_letters], {"DEAD_LETTER_QUEUE": dead_letters}
        if "chat_queue" in args:
            looked_at.append(args["chat_queue"])
            environment["CHAT_QUEUE"] = args["chat_queue"]
        function = LoopFunction(
            f"{name}-watch",
            {
                "context": context,
                "function": "watch",
                "description": "Tells what nobody else was told of",
                "environment": {
                    "STACK": context["name_prefix"],
                    "WATCH_QUEUE": notes,
                    "CHAT_LANGUAGE": Language(chat.get("language", defaults.LANGUAGE)).value,
                    **environment,
                },
                "documents": {
                    "CHATS": pulumi.Output.secret(
                        pulumi.Output.json_dumps({chat["name"]: address(chat)})
                    )
                },
                "permissions": [
                    permissions.peek_at_messages(*where, *looked_at),
                    permissions.send_messages(*where, notes),
                    permissions.take_messages(*where, notes),
                ],
                "timeout_seconds": defaults.WATCH_FUNCTION_SECONDS,
                # Two at the same time would tell the same thing twice.
                "max_parallel_requests": 1,
                # The next minute's call does what this one did not.
                "asynchronous": {"retries": 0, "age_seconds": 60},
                "every_minute": True,
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.function_name = function.function_name
        self.register_outputs({"function_name": self.function_name})
