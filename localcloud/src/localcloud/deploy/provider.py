"""What the provider sends for each type of resource, and the outputs that it reads back.

The requests are those of terraform-provider-alicloud 1.285.0 as seen on the wire. Where something
exists already, the provider would know from its state what to update; here the cloud's own answer
says so, and the same update follows.
"""

from collections.abc import Callable
from typing import Any

from localcloud.deploy.client import Client
from localcloud.deploy.resources import ecs, eventbridge, fc, mns, ram, sls

Properties = dict[str, Any]
Apply = Callable[[Client, Properties], tuple[str, Properties]]
"""Creates or updates a resource and returns its id and what the cloud adds to the inputs."""

RESOURCES: dict[str, Apply] = {
    "alicloud:ecs/command:Command": ecs.command,
    "alicloud:eventbridge/eventBus:EventBus": eventbridge.bus,
    "alicloud:eventbridge/eventSourceV2:EventSourceV2": eventbridge.http_source,
    "alicloud:eventbridge/rule:Rule": eventbridge.rule,
    "alicloud:eventbridge/serviceLinkedRole:ServiceLinkedRole": eventbridge.service_linked_role,
    "alicloud:fc/v3AsyncInvokeConfig:V3AsyncInvokeConfig": fc.async_invoke_config,
    "alicloud:fc/v3ConcurrencyConfig:V3ConcurrencyConfig": fc.concurrency,
    "alicloud:fc/v3Function:V3Function": fc.function,
    "alicloud:fc/v3ProvisionConfig:V3ProvisionConfig": fc.provision_config,
    "alicloud:fc/v3Trigger:V3Trigger": fc.trigger,
    "alicloud:log/project:Project": sls.log_project,
    "alicloud:log/store:Store": sls.log_store,
    "alicloud:sls/index:Index": sls.log_index,
    "alicloud:message/serviceQueue:ServiceQueue": mns.queue,
    "alicloud:ram/policy:Policy": ram.policy,
    "alicloud:ram/role:Role": ram.role,
    "alicloud:ram/rolePolicyAttachment:RolePolicyAttachment": ram.attachment,
}
"""Every type that can be deployed."""

LOOKUPS: dict[str, Callable[[Client, Properties], Properties]] = {
    "alicloud:index/getCallerIdentity:getCallerIdentity": ram.caller_identity,
    "alicloud:ram/getRoles:getRoles": ram.roles,
}
"""Every function of the provider that a program can call."""
