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

    An account has each of these roles once, and EventBridge makes them itself as soon as somebody
    sets up such a target: a role that is there is taken into the stack, as making it again would be
    refused. They stay when the stack goes, because the deliveries of every other stack in the
    account rest on them.
    """

    product_names: pulumi.Output[list[str]]
    """The roles."""

    def __init__(
        self, name: str, args: ServiceLinkedRolesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:ServiceLinkedRoles", name, {}, opts)
        names = args.get("product_names", _NEEDED)
        found = alicloud.ram.get_roles(
            name_regex=f"^({'|'.join(names)})$", opts=pulumi.InvokeOptions(parent=self)
        )
        there = found.names or []
        roles = [
            alicloud.eventbridge.ServiceLinkedRole(
                f"{name}-{product}",
                product_name=product,
                opts=pulumi.ResourceOptions(
                    parent=self,
                    retain_on_delete=True,
                    # Of one that is in the state already, the engine takes no notice of this.
                    import_=product if product in there else None,
                ),
            ).product_name
            for product in names
        ]
        self.product_names = pulumi.Output.all(*roles).apply(list)
        self.register_outputs({"product_names": self.product_names})
