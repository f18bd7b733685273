"""MNS: queues."""

from typing import Any

from localcloud.deploy.client import Client
from localcloud.deploy.upsert import upsert

_VERSION = "2022-01-19"

Properties = dict[str, Any]


def queue(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create a queue."""
    name = given["queueName"]
    params = {
        "QueueName": name,
        "EnableLogging": given.get("loggingEnabled", False),
        "MessageRetentionPeriod": given.get("messageRetentionPeriod"),
        "VisibilityTimeout": given.get("visibilityTimeout"),
        "DelaySeconds": given.get("delaySeconds"),
        "MaximumMessageSize": given.get("maximumMessageSize"),
        "PollingWaitSeconds": given.get("pollingWaitSeconds"),
    }
    tags: dict[str, str] = {}
    for number, (key, value) in enumerate((given.get("tags") or {}).items(), 1):
        tags |= {f"Tag.{number}.Key": key, f"Tag.{number}.Value": value}

    def update() -> None:
        client.rpc(_VERSION, "SetQueueAttributes", params)
        if tags:
            named = {"ResourceType": "queue", "ResourceId.1": name}
            client.rpc(_VERSION, "TagResources", {**named, **tags})

    upsert(lambda: client.rpc(_VERSION, "CreateQueue", {**params, **tags}), update)
    return name, {}
