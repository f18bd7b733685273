"""The actions on connections and API destinations."""

from __future__ import annotations

from typing import Any

from localcloud.api import Action, Answer, ApiCall
from localcloud.errors import InvalidParameterError
from localcloud.eventbridge.connections import (
    ApiDestination,
    Connection,
    authorization_of,
    description_of,
    http_of,
    network_of,
)
from localcloud.eventbridge.encoding import success
from localcloud.eventbridge.service import EventBridge

_HTTP = "Http"


async def create_connection(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Make a connection to HTTP endpoints."""
    name = call.required("ConnectionName")
    _check_type(call)
    eventbridge.connections.create(
        name,
        description_of(call.params),
        network_of(call.required("NetworkParameters")),
        authorization_of(call.params.get("AuthParameters", "")),
    )
    return success({"ConnectionName": name})


async def get_connection(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return a connection, in a list of one."""
    found = eventbridge.connections.connection(call.required("ConnectionName"))
    return success({"Connections": [_connection(found)]})


async def update_connection(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Replace network, authorization and description of a connection."""
    _check_type(call)
    eventbridge.connections.change(
        call.required("ConnectionName"),
        description=description_of(call.params),
        network=network_of(call.required("NetworkParameters")),
        authorization=authorization_of(call.params.get("AuthParameters", "")),
    )
    return success()


async def delete_connection(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Delete a connection that nothing uses."""
    eventbridge.connections.delete(call.required("ConnectionName"))
    return success()


async def list_connections(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return the connections by name, a page at a time."""
    prefix = call.params.get("ConnectionNamePrefix", "")
    kinds = {call.params.get("Type") or _HTTP} - {call.params.get("ExcludeType", "")}
    found = [
        _connection(c)
        for c in eventbridge.connections.all()
        if c.name.startswith(prefix) and _HTTP in kinds
    ]
    return success(_page(call, "Connections", found))


async def create_api_destination(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Make an API destination."""
    name = call.required("ApiDestinationName")
    eventbridge.connections.create_destination(
        name,
        call.required("ConnectionName"),
        description_of(call.params),
        http_of(call.required("HttpApiParameters")),
    )
    # The model of the SDK calls it Date, and so does the provider.
    return {**success(), "Date": {"ApiDestinationName": name}}


async def get_api_destination(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return an API destination."""
    found = eventbridge.connections.destination(call.required("ApiDestinationName"))
    return success(_destination(found))


async def update_api_destination(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Change what the request names."""
    name = call.required("ApiDestinationName")
    changes: dict[str, Any] = {"description": description_of(call.params)}
    if call.params.get("ConnectionName"):
        changes["connection"] = call.params["ConnectionName"]
    if call.params.get("HttpApiParameters"):
        changes["http"] = http_of(call.params["HttpApiParameters"])
    eventbridge.connections.change_destination(name, **changes)
    return {**success(), "ApiDestinationName": name}


async def delete_api_destination(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Delete an API destination."""
    eventbridge.connections.delete_destination(call.required("ApiDestinationName"))
    return success()


async def list_api_destinations(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return the API destinations by name, a page at a time."""
    prefix = call.params.get("ApiDestinationNamePrefix", "")
    connection = call.params.get("ConnectionName", "")
    found = [
        _destination(d)
        for d in eventbridge.connections.destinations()
        if d.name.startswith(prefix) and connection in {"", d.connection}
    ]
    return success(_page(call, "ApiDestinations", found))


def _check_type(call: ApiCall) -> None:
    kind = call.params.get("Type") or _HTTP
    if kind != _HTTP:
        raise InvalidParameterError("Type", kind, f"{_HTTP}: the local cloud has no databases")


def _page(call: ApiCall, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    size = call.integer("MaxResults", 10, 1, 100)
    start = call.integer("NextToken", 0, 0, 10**9)
    rest = {"NextToken": str(start + size)} if len(rows) > start + size else {}
    return {
        name: rows[start : start + size],
        "MaxResults": size,
        "Total": len(rows),
        **rest,
    }


def _connection(connection: Connection) -> dict[str, Any]:
    return {
        "ConnectionName": connection.name,
        "Id": connection.id,
        "Type": _HTTP,
        "Description": connection.description,
        "GmtCreate": round(connection.created * 1000),
        "NetworkParameters": connection.network,
        **({"AuthParameters": connection.authorization} if connection.authorization else {}),
    }


def _destination(destination: ApiDestination) -> dict[str, Any]:
    return {
        "ApiDestinationName": destination.name,
        "ConnectionName": destination.connection,
        "Description": destination.description,
        "GmtCreate": round(destination.created * 1000),
        "HttpApiParameters": destination.http,
    }


def _connection_arn(eventbridge: EventBridge, call: ApiCall) -> list[str]:
    return [eventbridge.arn(f"connection/{call.params.get('ConnectionName') or '*'}")]


def _destination_arn(eventbridge: EventBridge, call: ApiCall) -> list[str]:
    return [eventbridge.arn(f"apidestination/{call.params.get('ApiDestinationName') or '*'}")]


_PUBLIC = "type Http through PublicNetwork only; nothing connects"
_KEPT = "kept; no rule's target delivers to it"

# guess: the resources; the pages name the actions alone.
ACTIONS: dict[str, Action[EventBridge]] = {
    "CreateConnection": Action(
        create_connection, "eventbridge:CreateConnection", _connection_arn, _PUBLIC
    ),
    "GetConnection": Action(get_connection, "eventbridge:GetConnection", _connection_arn),
    "UpdateConnection": Action(
        update_connection, "eventbridge:UpdateConnection", _connection_arn, _PUBLIC
    ),
    "DeleteConnection": Action(delete_connection, "eventbridge:DeleteConnection", _connection_arn),
    "ListConnections": Action(list_connections, "eventbridge:ListConnections", _connection_arn),
    "CreateApiDestination": Action(
        create_api_destination, "eventbridge:CreateApiDestination", _destination_arn, _KEPT
    ),
    "GetApiDestination": Action(
        get_api_destination, "eventbridge:GetApiDestination", _destination_arn
    ),
    "UpdateApiDestination": Action(
        update_api_destination, "eventbridge:UpdateApiDestination", _destination_arn, _KEPT
    ),
    "DeleteApiDestination": Action(
        delete_api_destination, "eventbridge:DeleteApiDestination", _destination_arn
    ),
    "ListApiDestinations": Action(
        list_api_destinations, "eventbridge:ListApiDestinations", _destination_arn
    ),
}
