"""A RAM role that one cloud service may assume, with its policy."""

import json
from hashlib import sha256
from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components.permissions import Permission, policy_document


class ServiceRoleArgs(TypedDict):
    """What a :class:`ServiceRole` is for."""

    role_name: str
    """Name of the role, and beginning of its policy's; unique in the account."""
    service: str
    """The service that may take the role on, such as fc.aliyuncs.com."""
    description: str
    """Shown in the console."""
    permissions: list[Permission]
    """All that the role may do."""
    renewed_with: NotRequired[list[pulumi.Input[str]]]
    """Versions of what is in the permissions and is made anew whenever it changes. The policy is
    then made anew, too, under another name, and the old one goes last: whoever has the role may do
    what was allowed before until nobody relies on it. Nothing if left out."""
    tags: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Tags on the role."""


class ServiceRole(pulumi.ComponentResource):
    """Let a service do what the permissions list, and nothing else."""

    role_name: pulumi.Output[str]
    """The role's name, known once its policy is attached."""
    role_arn: pulumi.Output[str]
    """The role's ARN, known once its policy is attached."""

    def __init__(
        self, name: str, args: ServiceRoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:ServiceRole", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = alicloud.ram.Role(
            f"{name}-role",
            role_name=args["role_name"],
            description=args["description"],
            assume_role_policy_document=trust(args["service"]),
            tags=args.get("tags"),
            opts=child,
        )
        policy = alicloud.ram.Policy(
            f"{name}-policy",
            policy_name=_policy_name(args["role_name"], args.get("renewed_with", [])),
            description=args["description"],
            policy_document=policy_document(args["permissions"]),
            opts=child,
        )
        attachment = alicloud.ram.RolePolicyAttachment(
            f"{name}-attachment",
            policy_name=policy.policy_name,
            policy_type="Custom",
            role_name=role.role_name,
            opts=child,
        )
        # Through the attachment, so that nothing starts to use the role before it may do anything.
        self.role_name = attachment.role_name
        # Not through its id, which an update does not know beforehand: then all that uses the role
        # would look changed.
        self.role_arn = pulumi.Output.all(role.arn, attachment.role_name).apply(
            lambda both: str(both[0])
        )
        self.register_outputs({"role_name": self.role_name, "role_arn": self.role_arn})


def _policy_name(role_name: str, versions: list[pulumi.Input[str]]) -> pulumi.Input[str]:
    """Return the role's name, with a hash of the versions if there are any."""
    if not versions:
        return role_name
    return pulumi.Output.all(*versions).apply(
        lambda found: f"{role_name}-{sha256(' '.join(found).encode()).hexdigest()[:8]}"
    )


def trust(service: str) -> str:
    """Return the trust policy: who may assume the role.

    The service stands in a list: the provider crashes on the scalar that the cloud also accepts.
    """
    return json.dumps(
        {
            "Statement": [
                {
                    "Action": "sts:AssumeRole",
                    "Effect": "Allow",
                    "Principal": {"Service": [service]},
                }
            ],
            "Version": "1",
        }
    )
