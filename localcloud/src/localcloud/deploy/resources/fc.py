"""Function Compute: functions and their concurrency."""

from typing import Any
from urllib.parse import quote

from localcloud.deploy.client import Client
from localcloud.deploy.upsert import upsert

Properties = dict[str, Any]


def function(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create a function and read its ARN back."""
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
