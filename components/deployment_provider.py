"""GitHub's tokens made known to RAM, so that roles can trust them; one for an account.

Source: "Manage an OIDC IdP" (RAM).
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_alicloud as alicloud

from components.arguments import check

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.aliyuncs.com"
"""What aliyun/configure-aliyun-credentials-action asks GitHub to sign for."""


class DeploymentProviderArgs(TypedDict):
    """How a :class:`DeploymentProvider` is named."""

    provider_name: pulumi.Input[str]
    """Name of the provider; unique in the account."""
    fingerprints: NotRequired[list[pulumi.Input[str]]]
    """Fingerprints of the certificate authorities of the issuer; RAM finds them if left out."""


class DeploymentProvider(pulumi.ComponentResource):
    """Let RAM know GitHub's tokens; one for an account."""

    arn: pulumi.Output[str]
    """The provider's ARN, for the trust of roles."""

    def __init__(
        self, name: str, args: DeploymentProviderArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        check("DeploymentProvider", name, args, DeploymentProviderArgs)
        super().__init__("provisioning:index:DeploymentProvider", name, {}, opts)
        provider = alicloud.ims.OidcProvider(
            f"{name}-provider",
            oidc_provider_name=args["provider_name"],
            issuer_url=ISSUER,
            client_ids=[AUDIENCE],
            fingerprints=args.get("fingerprints"),
            description="Tokens of GitHub Actions",
            # Another issuer replaces the provider, whose name in the account is then still taken.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.arn = provider.arn
        self.register_outputs({"arn": self.arn})
