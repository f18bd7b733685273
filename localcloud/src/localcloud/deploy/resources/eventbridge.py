"""EventBridge: buses, HTTP sources, rules, service-linked roles."""

from typing import Any
from uuid import uuid4

from localcloud.deploy.client import Client, RefusedError
from localcloud.deploy.upsert import upsert

_VERSION = "2020-04-01"
_UNUSED_ON_UPDATE = ("Kafka", "MNS", "RabbitMQ", "RocketMQ", "ScheduledEvent")

Properties = dict[str, Any]


def bus(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create an event bus."""
    name = given["eventBusName"]
    params = {"EventBusName": name, "Description": given.get("description", "")}
    upsert(
        lambda: client.rpc(_VERSION, "CreateEventBus", {**params, "ClientToken": uuid4().hex}),
        lambda: client.rpc(_VERSION, "UpdateEventBus", params),
    )
    return name, {}


def http_source(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create an HTTPS source and read its webhook back, by its name over all buses."""
    name = given["eventSourceName"]
    http = given["sourceHttpEventParameters"]
    params = {
        "EventSourceName": name,
        "EventBusName": given["eventBusName"],
        "Description": given.get("description"),
        "LinkedExternalSource": given.get("linkedExternalSource"),
        "SourceHttpEventParameters": {
            "Type": http.get("type", ""),
            "SecurityConfig": http.get("securityConfig", ""),
            "Method": http.get("methods", []),
            "Ip": http.get("ips", []),
            "Referer": http.get("referers", []),
        },
    }
    unused: dict[str, dict[str, str]] = {
        f"Source{kind}Parameters": {} for kind in _UNUSED_ON_UPDATE
    }
    upsert(
        lambda: client.rpc(_VERSION, "CreateEventSource", params),
        lambda: client.rpc(_VERSION, "UpdateEventSource", {**params, **unused}),
    )
    found = _source(client, name)["SourceHttpEventParameters"]
    read = {
        "publicWebHookUrls": found.get("PublicWebHookUrl", []),
        "vpcWebHookUrls": found.get("VpcWebHookUrl", []),
    }
    return name, {"sourceHttpEventParameters": {**http, **read}}


def _source(client: Client, name: str) -> dict[str, Any]:
    token = None
    while True:
        page = client.rpc(
            _VERSION, "ListUserDefinedEventSources", {"Limit": 50, "NextToken": token}
        )["Data"]
        for source in page.get("EventSourceList") or []:
            if source["Name"] == name:
                return dict(source)
        token = page.get("NextToken")
        if not token:
            raise RefusedError(
                "ListUserDefinedEventSources", 200, "EventSourceNotExist", f"'{name}' is not listed"
            )


def rule(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create a rule with its targets."""
    name, on = given["ruleName"], given["eventBusName"]
    targets = [_target(target) for target in given["targets"]]
    params = {
        "EventBusName": on,
        "RuleName": name,
        "FilterPattern": given["filterPattern"],
        "Description": given.get("description"),
    }

    def update() -> None:
        client.rpc(_VERSION, "UpdateRule", params)
        named = {"EventBusName": on, "RuleName": name}
        client.rpc(_VERSION, "PutTargets", {**named, "Targets": targets})

    upsert(lambda: client.rpc(_VERSION, "CreateRule", {**params, "EventTargets": targets}), update)
    return f"{on}:{name}", {}


def _target(given: Properties) -> dict[str, Any]:
    arn = (given.get("deadLetterQueue") or {}).get("arn")
    target: dict[str, Any] = {
        "Id": given["targetId"],
        "Type": given["type"],
        "Endpoint": given["endpoint"],
        "DeadLetterQueue": {"Arn": arn} if arn else {},
        "ParamList": [_parameter(parameter) for parameter in given["paramLists"]],
    }
    if "pushRetryStrategy" in given:
        target["PushRetryStrategy"] = given["pushRetryStrategy"]
    return target


def _parameter(given: Properties) -> dict[str, str]:
    """Return one parameter; the provider leaves out what its form does not use."""
    form = given["form"]
    params = {"Form": form, "ResourceKey": given["resourceKey"]}
    if form != "ORIGINAL" and "value" in given:
        params["Value"] = given["value"]
    if form == "TEMPLATE" and "template" in given:
        params["Template"] = given["template"]
    return params


def service_linked_role(client: Client, given: Properties) -> tuple[str, Properties]:
    """Create a service-linked role, which an account has once."""
    name = given["productName"]
    upsert(
        lambda: client.rpc(_VERSION, "CreateServiceLinkedRoleForProduct", {"ProductName": name}),
        lambda: None,
    )
    return name, {}
