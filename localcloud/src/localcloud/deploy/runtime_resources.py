"""What runs and what keeps: commands, functions, queues, log stores."""

from typing import Any
from urllib.parse import quote

from localcloud.deploy.client import Client
from localcloud.deploy.upsert import upsert

_ECS = "2014-05-26"
_MNS = "2022-01-19"

Properties = dict[str, Any]


def command(client: Client, given: Properties) -> tuple[str, Properties]:
    """Make a Cloud Assistant command, unless the very same one is there.

    The cloud allows several commands of one name, so an unchanged one is looked for first; the
    provider would know it from its state and leave it alone.
    """
    said = {
        "Name": given["name"],
        "Type": given["type"],
        "CommandContent": given["commandContent"],
        "Timeout": given.get("timeout", 60),
        "EnableParameter": given.get("enableParameter", False),
        "WorkingDir": given.get("workingDir", ""),
        "Description": given.get("description", ""),
    }
    found = client.rpc(_ECS, "DescribeCommands", {"Name": given["name"]})
    for existing in found["Commands"]["Command"]:
        if all(existing.get(key) == value for key, value in said.items()):
            return str(existing["CommandId"]), {}
    return str(client.rpc(_ECS, "CreateCommand", said)["CommandId"]), {}


def function(client: Client, given: Properties) -> tuple[str, Properties]:
    """Make a function and read its ARN back."""
    name = given["functionName"]
    tags = [{"Key": key, "Value": value} for key, value in (given.get("tags") or {}).items()]
    body = {key: given[key] for key in _FUNCTION_FIELDS if given.get(key) is not None}
    body["code"] = {"zipFile": given["code"]["zipFile"]}
    path = f"/functions/{quote(name)}"
    answer = upsert(
        lambda: client.fc("POST", "/functions", {**body, **({"Tags": tags} if tags else {})}),
        lambda: client.fc("PUT", path, body),
    )
    arn = answer.get("functionArn", "")
    if tags:
        client.fc(
            "POST", "/tags-v2", {"ResourceId": [arn], "ResourceType": "function", "Tag": tags}
        )
    return name, {"functionArn": arn, "functionId": answer.get("functionId", "")}


_FUNCTION_FIELDS = (
    "cpu",
    "description",
    "diskSize",
    "environmentVariables",
    "functionName",
    "handler",
    "instanceConcurrency",
    "internetAccess",
    "logConfig",
    "memorySize",
    "role",
    "runtime",
    "timeout",
)


def concurrency(client: Client, given: Properties) -> tuple[str, Properties]:
    """Reserve concurrency for a function."""
    name = given["functionName"]
    body = {"reservedConcurrency": given["reservedConcurrency"]}
    client.fc("PUT", f"/functions/{quote(name)}/concurrency", body)
    return name, {}


def queue(client: Client, given: Properties) -> tuple[str, Properties]:
    """Make a queue."""
    name = given["queueName"]
    said = {
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
        client.rpc(_MNS, "SetQueueAttributes", said)
        if tags:
            named = {"ResourceType": "queue", "ResourceId.1": name}
            client.rpc(_MNS, "TagResources", {**named, **tags})

    upsert(lambda: client.rpc(_MNS, "CreateQueue", {**said, **tags}), update)
    return name, {}


def log_project(client: Client, given: Properties) -> tuple[str, Properties]:
    """Make an SLS project."""
    name = given["projectName"]
    description = given.get("description", "")
    upsert(
        lambda: client.sls("POST", "/", {"projectName": name, "description": description}),
        lambda: client.sls("PUT", "/", {"description": description}, project=name),
    )
    tags = [{"key": key, "value": value} for key, value in (given.get("tags") or {}).items()]
    if tags:
        client.sls("POST", "/tag", {"resourceType": "PROJECT", "resourceId": [name], "tags": tags})
    return name, {}


def log_store(client: Client, given: Properties) -> tuple[str, Properties]:
    """Make a store in an SLS project."""
    project, name = given["projectName"], given["logstoreName"]
    body = {
        "logstoreName": name,
        "ttl": given.get("retentionPeriod", 30),
        "shardCount": given.get("shardCount", 2),
        "appendMeta": given.get("appendMeta", True),
    }
    upsert(
        lambda: client.sls("POST", "/logstores", body, project=project),
        lambda: client.sls("PUT", f"/logstores/{quote(name)}", body, project=project),
    )
    return f"{project}:{name}", {}
