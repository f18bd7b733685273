"""The actions on buses, event sources and service-linked roles."""

from __future__ import annotations

from typing import Any

from localcloud import strict_json
from localcloud.api import Action, Answer, ApiCall
from localcloud.eventbridge import external_source, http_source
from localcloud.eventbridge.encoding import named, page, success
from localcloud.eventbridge.errors import EventSourceTypeInvalidError, RoleNotExistError
from localcloud.eventbridge.http_source import HttpParameters
from localcloud.eventbridge.resources import Bus, Source
from localcloud.eventbridge.service import EventBridge

_OTHER_SOURCES = ("Kafka", "OSSEvent", "RabbitMQ", "RocketMQ", "SLS")


async def create_event_bus(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Create a bus."""
    name = call.required("EventBusName")
    eventbridge.create_bus(name, call.params.get("Description", ""))
    return success({"EventBusARN": eventbridge.bus_arn(name)})


async def get_event_bus(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return a bus."""
    return success(_bus(eventbridge, eventbridge.bus(call.required("EventBusName"))))


async def update_event_bus(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Change a bus's description; the provider leaves a removed one out."""
    name = call.required("EventBusName")
    eventbridge.describe_bus(name, call.params.get("Description", ""))
    return success()


async def delete_event_bus(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Delete a bus without rules and sources."""
    eventbridge.delete_bus(call.required("EventBusName"))
    return success({})


async def list_event_buses(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return the buses, by name, the default bus among them."""
    buses = named(eventbridge.buses(), call.params.get("NamePrefix", ""))
    shown, rest = page(call, buses)
    return success({"EventBuses": [_bus(eventbridge, bus) for bus in shown], **rest})


async def create_event_source(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Create a source: a webhook, a queue, a schedule, or a name for what PutEvents brings."""
    bus, name = call.required("EventBusName"), call.required("EventSourceName")
    parameters = _parameters(call)
    external = external_source.parse(call.params, eventbridge.settings.region)
    linked = call.boolean("LinkedExternalSource")
    description = call.params.get("Description", "")
    eventbridge.create_source(bus, name, description, parameters, external, linked=linked)
    return success({"EventSourceARN": eventbridge.source_arn(bus, name)})


async def update_event_source(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Change a source; its webhook keeps its address."""
    bus, name = call.required("EventBusName"), call.required("EventSourceName")
    parameters = _parameters(call)
    external = external_source.parse(call.params, eventbridge.settings.region)
    eventbridge.change_source(bus, name, call.params.get("Description", ""), parameters, external)
    return success({})


async def delete_event_source(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Delete a source; without a bus, the one that has the name ("DeleteEventSource")."""
    name = call.required("EventSourceName")
    eventbridge.delete_source(_bus_of(eventbridge, call), name)
    return success()


async def list_user_defined_event_sources(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return the sources of one bus or of all, by name."""
    bus = call.params.get("EventBusName", "")
    sources = [
        source
        for source in named(eventbridge.sources(), call.params.get("NamePrefix", ""))
        if bus in {"", source.bus}
    ]
    shown, rest = page(call, sources)
    data = {"EventSourceList": [_source(eventbridge, source) for source in shown], **rest}
    # The provider's data source looks for the token at the top, its resource in the data.
    top = {"NextToken": rest["NextToken"]} if "NextToken" in rest else {}
    return {**success(data), **top}


async def create_service_linked_role(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Create the service-linked role for a product."""
    eventbridge.linked_roles.create(call.required("ProductName"))
    return success()


async def check_role(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return that there is a service-linked role for a product, or fail.

    guess: the code; the provider's acceptance test finds an error, not a refusal, once it is gone.
    """
    product = call.required("ProductName")
    if not eventbridge.linked_roles.has(product):
        raise RoleNotExistError(product)
    return success({"StsRoleName": product, "CheckPass": True})


async def check_service_linked_role(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return whether there is a service-linked role for a product."""
    product = call.required("ProductName")
    return success({"StsRoleName": product, "CheckPass": eventbridge.linked_roles.has(product)})


def _parameters(call: ApiCall) -> HttpParameters | None:
    for kind in _OTHER_SOURCES:
        text = call.params.get(f"Source{kind}Parameters", "")
        # The provider sends {} for every kind that a source is not.
        try:
            is_given = bool(strict_json.read(text or "{}"))
        except ValueError:
            is_given = True
        if is_given:
            raise EventSourceTypeInvalidError(f"Source{kind}Parameters")
    if call.params.get("ExternalSourceType"):
        raise EventSourceTypeInvalidError(f"ExternalSourceType {call.params['ExternalSourceType']}")
    return http_source.parse(call.params.get("SourceHttpEventParameters", ""))


def _bus(eventbridge: EventBridge, bus: Bus) -> dict[str, Any]:
    return {
        "EventBusName": bus.name,
        "EventBusARN": eventbridge.bus_arn(bus.name),
        "Description": bus.description,
        "CreateTimestamp": round(bus.created * 1000),
    }


def _source(eventbridge: EventBridge, source: Source) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Name": source.name,
        "EventBusName": source.bus,
        "Arn": eventbridge.source_arn(source.bus, source.name),
        "Description": source.description,
        "Type": "UserDefined",
        "Status": "Activated",
        "Ctime": round(source.created * 1000),
    }
    parameters = source.parameters
    if parameters is not None:
        urls = eventbridge.webhook_urls(source)
        shown["SourceHttpEventParameters"] = parameters.described(urls)
    if source.external:
        shown[source.external["kind"]] = source.external["given"]
    return shown


def _bus_arn(eventbridge: EventBridge, call: ApiCall) -> list[str]:
    return [eventbridge.bus_arn(call.params.get("EventBusName", ""))]


def _any_bus(eventbridge: EventBridge, call: ApiCall) -> list[str]:
    return [eventbridge.bus_arn(call.params.get("EventBusName") or "*")]


def _source_arn(eventbridge: EventBridge, call: ApiCall) -> list[str]:
    name = call.params.get("EventSourceName", "")
    return [eventbridge.source_arn(_bus_of(eventbridge, call), name)]


def _bus_of(eventbridge: EventBridge, call: ApiCall) -> str:
    """Return the bus that a request about a source names or means."""
    name = call.params.get("EventSourceName", "")
    return call.params.get("EventBusName", "") or eventbridge.bus_of_source(name)


_KINDS = "sources of HTTP, queues, schedules and PutEvents only"

# Actions and resources: "EventBridge: RAM authorization".
ACTIONS: dict[str, Action[EventBridge]] = {
    "CreateEventBus": Action(create_event_bus, "eventbridge:CreateEventBus", _bus_arn),
    "GetEventBus": Action(get_event_bus, "eventbridge:GetEventBus", _bus_arn),
    "UpdateEventBus": Action(update_event_bus, "eventbridge:UpdateEventBus", _bus_arn),
    "DeleteEventBus": Action(delete_event_bus, "eventbridge:DeleteEventBus", _bus_arn),
    "ListEventBuses": Action(list_event_buses, "eventbridge:ListEventBuses", _any_bus),
    "CreateEventSource": Action(
        create_event_source, "eventbridge:CreateEventSource", _source_arn, _KINDS
    ),
    "UpdateEventSource": Action(
        update_event_source, "eventbridge:UpdateEventSource", _source_arn, _KINDS
    ),
    "DeleteEventSource": Action(delete_event_source, "eventbridge:DeleteEventSource", _source_arn),
    "ListUserDefinedEventSources": Action(
        list_user_defined_event_sources, "eventbridge:ListUserDefinedEventSources", _any_bus
    ),
    "CreateServiceLinkedRoleForProduct": Action(
        create_service_linked_role, "eventbridge:CreateServiceLinkedRoleForProduct"
    ),
    "CheckRoleForProduct": Action(check_role, "eventbridge:CheckRoleForProduct"),
    "CheckServiceLinkedRoleForProduct": Action(
        check_service_linked_role, "eventbridge:CheckServiceLinkedRoleForProduct"
    ),
}
