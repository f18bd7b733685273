"""The components as a package for programs in other Pulumi languages."""

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from components.arguments import ArgumentError
from components.deployment_provider import DeploymentProvider
from components.deployment_role import DeploymentRole
from components.provisioning_loop import ProvisioningLoop

NAME = "provisioning"
NAMESPACE = "ecs-provisioning-loop"
VERSION = "0.1.0"
COMPONENTS: list[type[pulumi.ComponentResource]] = [
    DeploymentProvider,
    DeploymentRole,
    ProvisioningLoop,
]


class Package(ComponentProvider):
    """Answers a mistake in the arguments with one line.

    Whatever else a component raises is shown with a traceback, as it is a fault of the component.
    """

    def __init__(self) -> None:
        super().__init__(COMPONENTS, NAME, NAMESPACE, VERSION)

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Make a component."""
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, ArgumentError):
                # Without a list, empty or not, Pulumi's server cannot answer.
                raise InputPropertiesError(str(error.inner), []) from None
            raise
