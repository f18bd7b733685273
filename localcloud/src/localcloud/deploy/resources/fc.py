"""Function Compute: functions, their concurrency, triggers and asynchronous calls."""

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


def trigger(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create a trigger and read its id back."""
    function, name = given["functionName"], given["triggerName"]
    fields = ("description", "invocationRole", "triggerConfig")
    changed = {key: given[key] for key in fields if given.get(key) is not None}
    made = {
        key: given[key]
        for key in ("qualifier", "sourceArn", "triggerName", "triggerType")
        if given.get(key) is not None
    }
    path = f"/functions/{quote(function)}/triggers"
    answer = upsert(
        lambda: client.fc("POST", path, {**made, **changed}),
        lambda: client.fc("PUT", f"{path}/{quote(name)}", changed),
    )
    read: Properties = {key: answer.get(key, "") for key in ("triggerId", "targetArn")}
    if "httpTrigger" in answer:
        read["httpTrigger"] = answer["httpTrigger"]
    return f"{function}:{name}", read


def provision_config(client: Client, given: Properties) -> tuple[str, Properties]:
    """Keep instances of a function ready."""
    name = given["functionName"]
    query = f"?qualifier={quote(given['qualifier'])}"
    body = {"target": given["target"], "alwaysAllocateCPU": False}
    client.fc("PUT", f"/functions/{quote(name)}/provision-config{query}", body)
    return name, {"current": 0, "functionArn": ""}


def async_invoke_config(client: Client, given: Properties) -> tuple[str, Properties]:
    """Set repetitions, age and destinations, both halves of which the provider always sends."""
    name = given["functionName"]
    body: Properties = {"functionName": name}
    for key in ("asyncTask", "maxAsyncRetryAttempts", "maxAsyncEventAgeInSeconds"):
        if given.get(key) is not None:
            body[key] = given[key]
    if given.get("destinationConfig") is not None:
        halves = given["destinationConfig"]
        body["destinationConfig"] = {
            half: halves.get(half) or {} for half in ("onFailure", "onSuccess")
        }
    answer = client.fc("PUT", f"/functions/{quote(name)}/async-invoke-config", body)
    return name, {"functionArn": answer.get("functionArn", "")}
