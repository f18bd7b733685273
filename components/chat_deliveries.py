"""The delivery of results to all chats, with the function that several of them share."""

from typing import TypedDict, cast

import pulumi

from components.chat_delivery import Chat, ChatDelivery, ChatDeliveryArgs, delivery_of
from components.loop_context import LoopContext
from components.loop_function import LoopFunction
from components.names import ChatPlatform, Delivery


class ChatDeliveriesArgs(TypedDict):
    """The arguments of :class:`ChatDeliveries`."""

    context: LoopContext
    """The bus on which results are published, and what happens when a chat takes none."""
    chats: list[Chat]
    """The chats."""


class ChatDeliveries(pulumi.ComponentResource):
    """Tell each chat what became of its requests; the function exists if a chat wants it."""

    functions: pulumi.Output[dict[str, str]]
    """post-to-chat -> name of the function; empty if no chat wants it."""

    def __init__(
        self, name: str, args: ChatDeliveriesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:ChatDeliveries", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        by_function = {
            chat["name"]: _address(chat)
            for chat in args["chats"]
            if delivery_of(chat) is Delivery.FUNCTION
        }
        functions: dict[str, pulumi.Output[str]] = {}
        if by_function:
            functions["post-to-chat"] = LoopFunction(
                f"{name}-post-to-chat",
                {
                    "context": args["context"],
                    "function": "post-to-chat",
                    "description": "Posts a result to a chat",
                    "environment": {},
                    "documents": {
                        "CHATS": pulumi.Output.secret(pulumi.Output.json_dumps(by_function))
                    },
                    "permissions": [],
                },
                opts=child,
            ).function_name
        for chat in args["chats"]:
            delivery: ChatDeliveryArgs = {"context": args["context"], "chat": chat}
            if chat["name"] in by_function:
                delivery["function_name"] = functions["post-to-chat"]
            ChatDelivery(f"{name}-{chat['name']}", delivery, opts=child)
        self.functions = pulumi.Output.from_input(cast("dict[str, str]", functions))
        self.register_outputs({"functions": self.functions})


def _address(chat: Chat) -> dict[str, pulumi.Input[str]]:
    """Return what the function needs to post to a chat."""
    address: dict[str, pulumi.Input[str]] = {
        "platform": ChatPlatform(chat["platform"]).value,
        "webhook": chat["webhook"],
    }
    if "signing_secret" in chat:
        address["secret"] = chat["signing_secret"]
    return address
