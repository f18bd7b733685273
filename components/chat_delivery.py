"""The way of results into one chat that EventBridge posts to: rules for success and all else."""

from typing import NotRequired, TypedDict

import pulumi

from components import defaults, patterns, targets
from components.event_rule import event_rule
from components.loop_context import LoopContext
from components.names import ChatPlatform, Delivery, Language

# publish-result puts the finished body for the chat's platform here.
_MESSAGE = "$.data.message"


class Chat(TypedDict):
    """A group chat that is told the results."""

    name: str
    """The name that requests and settings use for it."""
    platform: ChatPlatform
    """Its platform, which decides the form of messages."""
    webhook: pulumi.Input[str]
    """Its webhook URL; a secret."""
    signing_secret: NotRequired[pulumi.Input[str]]
    """The secret with which messages are signed. Unsigned if left out."""
    delivery: NotRequired[Delivery]
    """Who posts to it: the function, or EventBridge by itself. The function if left out."""
    language: NotRequired[Language]
    """The language of its messages. English if left out."""


class ChatDeliveryArgs(TypedDict):
    """The arguments of :class:`ChatDelivery`."""

    context: LoopContext
    """The bus on which results are published, and what happens when the chat takes none."""
    chat: Chat
    """The chat."""


class ChatDelivery(pulumi.ComponentResource):
    """Tell a chat what became of the requests that are its own, one message for each result.

    A refusal is not seen: the platforms answer HTTP 200 with an error code in the body, which
    EventBridge takes for success. Nor is the platform's limit of messages kept to.
    """

    rule_names: pulumi.Output[list[str]]
    """The two rules on the bus."""

    def __init__(
        self, name: str, args: ChatDeliveryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:ChatDelivery", name, {}, opts)
        chat = args["chat"]["name"]
        target = _target(args)
        rules = {
            "completed": ("Success", patterns.completed(chat)),
            "failed": ("Everything but success", patterns.failed(chat)),
        }
        made = [
            event_rule(
                f"{name}-{kind}",
                {
                    "context": args["context"],
                    "rule_name": f"{kind}-{chat}",
                    "description": f"{what} to chat {chat}",
                    "pattern": pattern,
                    "targets": [target],
                },
                self,
            ).rule_name
            for kind, (what, pattern) in rules.items()
        ]
        self.rule_names = pulumi.Output.all(*made).apply(list)
        self.register_outputs({"rule_names": self.rule_names})


def delivery_of(chat: Chat) -> Delivery:
    """Return who posts to a chat."""
    return Delivery(chat.get("delivery", defaults.DELIVERY))


def undeliverable(chat: Chat) -> str | None:
    """Return why EventBridge itself cannot post to a chat, if that is asked of it."""
    if delivery_of(chat) is Delivery.FUNCTION:
        return None
    signed = "signing_secret" in chat
    reason = targets.undeliverable(ChatPlatform(chat["platform"]), signed=signed)
    return f"chat '{chat['name']}': {reason}" if reason else None


def _target(args: ChatDeliveryArgs) -> targets.TargetArgs:
    """Return the target that posts to a chat."""
    chat = args["chat"]
    return targets.chat_target(
        ChatPlatform(chat["platform"]), chat["webhook"], chat.get("signing_secret"), _MESSAGE
    )
