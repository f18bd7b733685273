"""The way of results into one chat: a rule for success, a rule for all else."""

from typing import NotRequired, TypedDict

import pulumi

from components import patterns, targets
from components.event_route import EventRoute
from components.names import ChatPlatform, Delivery
from components.site import SiteArgs

# publish-result puts the finished body for the chat's platform here.
_MESSAGE = "$.data.message"


class ChatArgs(TypedDict):
    """A group chat that hears the results."""

    name: str
    """Name by which requests and settings mean it."""
    platform: ChatPlatform
    """The form of message that it takes."""
    delivery: Delivery
    """Who posts to it: the function, or EventBridge by itself."""
    language: str
    """Language of its messages: en or zh."""
    webhook: pulumi.Input[str]
    """Its webhook URL; a secret."""
    signing_secret: NotRequired[pulumi.Input[str]]
    """The secret with which messages are signed. Unsigned if left out."""


class ChatDeliveryArgs(TypedDict):
    """What a caller says about a :class:`ChatDelivery`."""

    site: SiteArgs
    """The bus on which results are published, and what happens when the chat takes none."""
    chat: ChatArgs
    """The chat."""
    function_name: NotRequired[pulumi.Input[str]]
    """The function post-to-chat; delivery function needs it."""


class ChatDelivery(pulumi.ComponentResource):
    """Tell a chat what became of the requests that are its own.

    With ``delivery: webhook`` a refusal is not seen: both platforms answer HTTP 200 with an error
    code in the body, which EventBridge takes for success.
    """

    rule_names: pulumi.Output[list[str]]
    """The two rules on the bus."""

    def __init__(
        self, name: str, args: ChatDeliveryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:ChatDelivery", name, {}, opts)
        chat = args["chat"]["name"]
        target = chat_target(args)
        rules = {
            "completed": ("Success", patterns.completed(chat)),
            "failed": ("Everything but success", patterns.failed(chat)),
        }
        made = [
            EventRoute(
                f"{name}-{kind}",
                {
                    "site": args["site"],
                    "rule_name": f"{kind}-{chat}",
                    "description": f"{what} to chat {chat}",
                    "pattern": pattern,
                    "target": target,
                },
                opts=pulumi.ResourceOptions(parent=self),
            ).rule_name
            for kind, (what, pattern) in rules.items()
        ]
        self.rule_names = pulumi.Output.all(*made).apply(list)
        self.register_outputs({"rule_names": self.rule_names})


def chat_target(args: ChatDeliveryArgs) -> targets.TargetArgs:
    """Choose the target that posts to a chat, or say why these settings allow none."""
    site, chat = args["site"], args["chat"]
    name, webhook = chat["name"], chat["webhook"]
    if Delivery(chat["delivery"]) is Delivery.FUNCTION:
        if "function_name" not in args:
            raise ValueError(f"chat '{name}' is delivered by a function; name the function")
        return targets.function_target(
            "post-to-chat", site["region"], site["account_id"], args["function_name"]
        )
    if ChatPlatform(chat["platform"]) is ChatPlatform.LARK:
        if "signing_secret" in chat:
            raise ValueError(
                f"chat '{name}' is signed, which EventBridge cannot do for Lark; deliver by the "
                "function, or let the bot check a keyword"
            )
        return targets.http_target("lark", webhook, _MESSAGE)
    if "signing_secret" not in chat:
        raise ValueError(
            f"chat '{name}' has no signing secret, which EventBridge's DingTalk target needs; set "
            "one, or deliver by the function"
        )
    return targets.dingtalk_target("dingtalk", webhook, chat["signing_secret"], _MESSAGE)
