"""The roles under which EventBridge itself calls functions and fills the dead-letter queue."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

# EventBridge, "Service-linked roles for EventBridge": calling functions, and sending to MNS.
_NEEDED = ["AliyunServiceRoleForEventBridgeSendToFC", "AliyunServiceRoleForEventBridgeSendToMNS"]


class ServiceLinkedRolesArgs(TypedDict):
    """The arguments of :class:`ServiceLinkedRoles`."""

    product_names: NotRequired[list[str]]
    """The roles. Those that the loop needs if left out."""


class ServiceLinkedRoles(pulumi.ComponentResource):
    """Make sure that EventBridge may call functions and fill a queue.

    An account has each of these roles once, and the console makes them as soon as somebody sets up
    such a target there: so only one stack of an account makes them, if any. They stay when that
    stack goes, because the deliveries of every other stack in the account rest on them.
    """

    product_names: pulumi.Output[list[str]]
    """The roles."""

    def __init__(
        self, name: str, args: ServiceLinkedRolesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:ServiceLinkedRoles", name, {}, opts)
        roles = [
            alicloud.eventbridge.ServiceLinkedRole(
                f"{name}-{product}",
                product_name=product,
                opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
            ).product_name
            for product in args.get("product_names", _NEEDED)
        ]
        self.product_names = pulumi.Output.all(*roles).apply(list)
        self.register_outputs({"product_names": self.product_names})
