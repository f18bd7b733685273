"""The loop as a Pulumi component, importable here and hosted for other Pulumi languages.

``ProvisioningLoop`` is the whole loop. ``DeploymentProvider`` and ``DeploymentRole`` let a
repository's workflows deploy it and stand by themselves. The other modules are parts of the loop.
"""

from components.arguments import ArgumentError
from components.chat_delivery import Chat
from components.command_scripts import Scripts
from components.deployment_provider import DeploymentProvider, DeploymentProviderArgs
from components.deployment_role import DeploymentRole, DeploymentRoleArgs
from components.loop_document import RoleInstances, Source
from components.names import (
    ApprovalKind,
    ChatPlatform,
    Delivery,
    FunctionDelivery,
    Language,
    RetryStrategy,
)
from components.native_approvals import ApprovalDefinition, Native, NativeSource
from components.onboarding_route import Onboarding
from components.permissions import Permission
from components.provisioning_loop import (
    Alarms,
    Bus,
    Command,
    ProvisioningLoop,
    ProvisioningLoopArgs,
    Retention,
)

__all__ = [
    "Alarms",
    "ApprovalDefinition",
    "ApprovalKind",
    "ArgumentError",
    "Bus",
    "Chat",
    "ChatPlatform",
    "Command",
    "Delivery",
    "DeploymentProvider",
    "DeploymentProviderArgs",
    "DeploymentRole",
    "DeploymentRoleArgs",
    "FunctionDelivery",
    "Language",
    "Native",
    "NativeSource",
    "Onboarding",
    "Permission",
    "ProvisioningLoop",
    "ProvisioningLoopArgs",
    "Retention",
    "RetryStrategy",
    "RoleInstances",
    "Scripts",
    "Source",
]
