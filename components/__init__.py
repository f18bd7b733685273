"""The loop as Pulumi components, importable here and hostable for other Pulumi languages."""

from components.chat_deliveries import ChatDeliveries, ChatDeliveriesArgs
from components.chat_delivery import ChatArgs, ChatDelivery, ChatDeliveryArgs
from components.cloud_assistant_command import CloudAssistantCommand, CloudAssistantCommandArgs
from components.dead_letter_queue import DeadLetterQueue, DeadLetterQueueArgs
from components.deployment_provider import DeploymentProvider, DeploymentProviderArgs
from components.deployment_role import DeploymentRole, DeploymentRoleArgs
from components.event_archive import EventArchive, EventArchiveArgs
from components.event_intake import EventIntake, EventIntakeArgs, HttpSourceArgs
from components.event_route import EventRoute, EventRouteArgs
from components.log_stores import LogStores, LogStoresArgs
from components.loop_document import RoleInstancesArgs, SourceArgs
from components.loop_function import LoopFunction, LoopFunctionArgs
from components.names import ChatPlatform, Delivery, RetryStrategy
from components.onboarding_route import OnboardingArgs, OnboardingRoute, OnboardingRouteArgs
from components.permissions import PermissionArgs
from components.provisioning_loop import ProvisioningLoop, ProvisioningLoopArgs
from components.request_route import RequestRoute, RequestRouteArgs
from components.result_route import ResultRoute, ResultRouteArgs
from components.service_linked_roles import ServiceLinkedRoles, ServiceLinkedRolesArgs
from components.service_role import ServiceRole, ServiceRoleArgs
from components.site import SiteArgs
from components.targets import TargetArgs, TargetParameterArgs

__all__ = [
    "ChatArgs",
    "ChatDeliveries",
    "ChatDeliveriesArgs",
    "ChatDelivery",
    "ChatDeliveryArgs",
    "ChatPlatform",
    "CloudAssistantCommand",
    "CloudAssistantCommandArgs",
    "DeadLetterQueue",
    "DeadLetterQueueArgs",
    "Delivery",
    "DeploymentProvider",
    "DeploymentProviderArgs",
    "DeploymentRole",
    "DeploymentRoleArgs",
    "EventArchive",
    "EventArchiveArgs",
    "EventIntake",
    "EventIntakeArgs",
    "EventRoute",
    "EventRouteArgs",
    "HttpSourceArgs",
    "LogStores",
    "LogStoresArgs",
    "LoopFunction",
    "LoopFunctionArgs",
    "OnboardingArgs",
    "OnboardingRoute",
    "OnboardingRouteArgs",
    "PermissionArgs",
    "ProvisioningLoop",
    "ProvisioningLoopArgs",
    "RequestRoute",
    "RequestRouteArgs",
    "ResultRoute",
    "ResultRouteArgs",
    "RetryStrategy",
    "RoleInstancesArgs",
    "ServiceLinkedRoles",
    "ServiceLinkedRolesArgs",
    "ServiceRole",
    "ServiceRoleArgs",
    "SiteArgs",
    "SourceArgs",
    "TargetArgs",
    "TargetParameterArgs",
]
