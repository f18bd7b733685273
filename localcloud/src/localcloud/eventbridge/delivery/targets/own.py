"""``acs.mns.queue``, ``acs.sls`` and ``acs.eventbridge``: other services of the same cloud."""

import base64
from collections.abc import Callable
from typing import Any

from localcloud import strict_json
from localcloud.eventbridge.delivery.target import DeliveryError, DeliveryRequest
from localcloud.eventbridge.matching.transform import InvalidTransformError, Transform


class QueueTarget:
    """Sends messages to queues."""

    def __init__(self, send: Callable[[str, str], object]) -> None:
        self._send = send

    async def __call__(self, request: DeliveryRequest) -> str:
        """Send the parameter ``Body`` to ``queue``."""
        body = request.required("Body")
        if request.parameters.get("IsBase64Encode", "").lower() == "true":
            body = base64.b64encode(body.encode()).decode()
        queue = request.parameters.get("queue") or request.endpoint.rpartition("/")[2]
        self._send(queue, body)
        return f"queue {queue}"


AppendLog = Callable[[str, str, str, list[dict[str, str]]], object]
"""Writes, in a role's name, to a project's log store; raises ``ApiError`` if the role may not."""


class LogTarget:
    """Appends entries to log stores, in the name of the role that the target is given."""

    def __init__(self, append: AppendLog) -> None:
        self._append = append

    async def __call__(self, request: DeliveryRequest) -> str:
        """Append the parameter ``Body`` as ``content``, or what ``ContentSchema`` makes of it."""
        if request.parameters.get("ContentType") == "KeyValue":
            entry = _keys_and_values(request)
        else:
            entry = {"content": request.required("Body")}
        topic = request.parameters.get("Topic")
        if topic:
            entry["__topic__"] = topic
        project, store = request.required("Project"), request.required("LogStore")
        self._append(request.required("RoleName"), project, store, [entry])
        return f"log store {store}"


class BusTarget:
    """Publishes events to another bus of the account."""

    def __init__(self, publish: Callable[[str, dict[str, Any]], object]) -> None:
        self._publish = publish

    async def __call__(self, request: DeliveryRequest) -> str:
        """Publish the event, as it is, to ``EventBusName``."""
        bus = request.parameters.get("EventBusName") or request.endpoint.rpartition("/")[2]
        self._publish(bus, {**request.event, "aliyuneventbusname": bus})
        return f"bus {bus}"


def _keys_and_values(request: DeliveryRequest) -> dict[str, str]:
    try:
        schema = strict_json.read(request.required("ContentSchema"))
        texts = {
            name: Transform.compile(part["form"], part.get("value"), part.get("template")).apply(
                request.event
            )
            for name, part in schema.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, InvalidTransformError):
        raise DeliveryError("TransformFailed", "the ContentSchema is not valid") from None
    entry = {}
    for name, key in texts.items():
        value = texts.get(f"Value_{name.removeprefix('Key_')}")
        if name.startswith("Key_") and key is not None and value is not None:
            entry[key] = value
    return entry
