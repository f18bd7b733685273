"""Hosts the components for programs in other Pulumi languages."""

import sys
from pathlib import Path

from pulumi.provider.experimental import component_provider_host

# Pulumi runs this folder by its path, and what it imports lies beside it.
sys.path.append(str(Path(__file__).resolve().parents[1]))

import components

HOSTED = [
    components.ChatDeliveries,
    components.ChatDelivery,
    components.CloudAssistantCommand,
    components.DeadLetterQueue,
    components.DeploymentProvider,
    components.DeploymentRole,
    components.EventArchive,
    components.EventIntake,
    components.EventRoute,
    components.LogStores,
    components.LoopFunction,
    components.OnboardingRoute,
    components.ProvisioningLoop,
    components.RequestRoute,
    components.ResultRoute,
    components.ServiceLinkedRoles,
    components.ServiceRole,
]

if __name__ == "__main__":
    component_provider_host(components=HOSTED, name="provisioning")
