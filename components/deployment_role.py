"""The role that a repository's workflows take on: short-lived keys, no long-lived ones anywhere.

GitHub signs for each job a token that says which repository it runs for, and in which environment
("About security hardening with OpenID Connect", GitHub). The role's trust names the exact subjects
("Create a RAM role for a trusted IdP", RAM). An administrator makes it once; it is not part of the
stacks that are deployed with it.
"""

import json
import re
from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components import defaults
from components.arguments import ArgumentError, check
from components.deployment_provider import AUDIENCE, ISSUER
from components.names import Number, whole
from components.permissions import Permission, policy_document

_SUBJECT = re.compile(r"repo:[\w.-]+/[\w.-]+:(?:environment:[\w.-]+|ref:refs/heads/[\w./-]+)")


class DeploymentRoleArgs(TypedDict):
    """Who may take a :class:`DeploymentRole` on, and what it may do."""

    role_name: pulumi.Input[str]
    """Name of the role and of its policy; unique in the account."""
    provider_arn: pulumi.Input[str]
    """The account's OIDC provider for GitHub: ``DeploymentProvider.arn``."""
    subjects: list[str]
    """The jobs that may: ``repo:owner/name:environment:prod``, without wildcards. A subject that
    ends in ``pull_request`` is refused: everybody with a branch would have the role."""
    permissions: list[Permission]
    """All that the role may do."""
    max_session_seconds: NotRequired[Number]
    """How long a job may keep the role, 3600 to 43200; one hour if left out."""
    tags: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Tags on the role."""


class DeploymentRole(pulumi.ComponentResource):
    """Let the named jobs of a repository do what the permissions list, and nothing else."""

    role_name: pulumi.Output[str]
    """The role's name, known once its policy is attached."""
    role_arn: pulumi.Output[str]
    """The role's ARN, known once its policy is attached: the variable ROLE_ARN of a workflow."""

    def __init__(
        self, name: str, args: DeploymentRoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check("DeploymentRole", name, args, DeploymentRoleArgs)
        _check(args["subjects"])
        super().__init__("provisioning:index:DeploymentRole", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = alicloud.ram.Role(
            f"{name}-role",
            role_name=args["role_name"],
            description="Assumed by GitHub Actions through OIDC",
            assume_role_policy_document=trust(args["provider_arn"], args["subjects"]),
            max_session_duration=whole(
                args.get("max_session_seconds", defaults.DEPLOYMENT_SESSION_SECONDS)
            ),
            tags=args.get("tags"),
            opts=child,
        )
        policy = alicloud.ram.Policy(
            f"{name}-policy",
            policy_name=args["role_name"],
            description="What workflows may do",
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
        self.role_name = attachment.role_name
        self.role_arn = pulumi.Output.all(role.arn, attachment.id).apply(lambda both: str(both[0]))
        self.register_outputs({"role_name": self.role_name, "role_arn": self.role_arn})


def trust(provider_arn: pulumi.Input[str], subjects: Sequence[str]) -> pulumi.Output[str]:
    """Write the document that lets exactly these jobs take the role on."""
    return pulumi.Output.from_input(provider_arn).apply(
        lambda arn: json.dumps(
            {
                "Statement": [
                    {
                        "Action": "sts:AssumeRole",
                        "Condition": {
                            "StringEquals": {
                                "oidc:aud": [AUDIENCE],
                                "oidc:iss": [ISSUER],
                                "oidc:sub": sorted(subjects),
                            }
                        },
                        "Effect": "Allow",
                        "Principal": {"Federated": [arn]},
                    }
                ],
                "Version": "1",
            }
        )
    )


def _check(subjects: Sequence[str]) -> None:
    if not subjects:
        raise ArgumentError("a deployment role needs at least one subject")
    for subject in subjects:
        if not _SUBJECT.fullmatch(subject):
            raise ArgumentError(
                f"subject '{subject}' is not accepted; write "
                "repo:<owner>/<name>:environment:<name> or "
                "repo:<owner>/<name>:ref:refs/heads/<branch>, without wildcards"
            )
