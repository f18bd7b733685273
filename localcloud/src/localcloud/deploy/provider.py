"""What the provider sends for each type of resource, and the outputs that it reads back.

The requests are those of terraform-provider-alicloud 1.285.0 as seen on the wire. Where something
exists already, the provider would know from its state what to update; here the cloud's own answer
says so, and the same update follows.
"""

from collections.abc import Callable
from typing import Any

from localcloud.deploy import event_resources, identity_resources, runtime_resources
from localcloud.deploy.client import Client

Properties = dict[str, Any]
Apply = Callable[[Client, Properties], tuple[str, Properties]]
"""Makes or updates a resource; gives its id and what the cloud adds to the inputs."""

RESOURCES: dict[str, Apply] = {
    "alicloud:ecs/command:Command": runtime_resources.command,
    "alicloud:eventbridge/eventBus:EventBus": event_resources.bus,
    "alicloud:eventbridge/eventSourceV2:EventSourceV2": event_resources.http_source,
    "alicloud:eventbridge/rule:Rule": event_resources.rule,
    "alicloud:eventbridge/serviceLinkedRole:ServiceLinkedRole": (
        event_resources.service_linked_role
    ),
    "alicloud:fc/v3ConcurrencyConfig:V3ConcurrencyConfig": runtime_resources.concurrency,
    "alicloud:fc/v3Function:V3Function": runtime_resources.function,
    "alicloud:log/project:Project": runtime_resources.log_project,
    "alicloud:log/store:Store": runtime_resources.log_store,
    "alicloud:message/serviceQueue:ServiceQueue": runtime_resources.queue,
    "alicloud:ram/policy:Policy": identity_resources.policy,
    "alicloud:ram/role:Role": identity_resources.role,
    "alicloud:ram/rolePolicyAttachment:RolePolicyAttachment": identity_resources.attachment,
}
"""Every type that can be deployed."""

LOOKUPS: dict[str, Callable[[Client], Properties]] = {
    "alicloud:index/getCallerIdentity:getCallerIdentity": identity_resources.caller_identity,
}
"""Every function of the provider that a program can call."""
