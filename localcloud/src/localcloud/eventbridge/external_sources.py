"""What external sources give their buses: the messages of queues, and scheduled events.

A message is deleted once its event is on the disk, so that none is lost and one may come twice. A
scheduled event that became due while the cloud was away comes once, however often it was missed.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from localcloud import strict_json
from localcloud.environment import iso_utc, uuid_form
from localcloud.errors import ApiError
from localcloud.eventbridge.external_source import SCHEDULE, next_due
from localcloud.eventbridge.resources import Source
from localcloud.eventbridge.service import EventBridge
from localcloud.queue_messages import Queues, event_of

_RECEIVED_AT_ONCE = 16
_TICK_SECONDS = 0.5
_log = logging.getLogger("localcloud")


class ExternalSources:
    """Publishes what the sources that are linked to queues and schedules give."""

    def __init__(self, eventbridge: EventBridge, queues: Queues) -> None:
        self._eventbridge = eventbridge
        self._queues = queues

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            if not await self.step():
                await asyncio.sleep(_TICK_SECONDS)

    async def step(self) -> bool:
        """Publish what is there; return whether there may be more at once."""
        more = False
        for source in self._eventbridge.sources():
            # "LinkedExternalSource: whether to connect to an external data source."
            if not source.external or not source.linked:
                continue
            if source.external["kind"] == SCHEDULE:
                await self._fire(source)
            else:
                more |= await self._receive(source)
        return more

    async def _fire(self, source: Source) -> None:
        now = self._eventbridge.clock.now()
        if source.due is None or source.due > now:
            return
        given = source.external["given"]
        data = {name: given[name] for name in ("TimeZone", "Schedule") if given.get(name)}
        if given.get("UserData"):
            data["UserData"] = strict_json.read(given["UserData"])
        event = {
            "id": uuid_form(self._eventbridge.ids()).lower(),
            "type": "eventbridge:Events:ScheduledEvent",
            "time": iso_utc(source.due),
            "data": data,
        }
        self._publish(source, event)
        self._eventbridge.put_source(replace(source, due=next_due(given, now)))
        await self._eventbridge.store.flush()

    async def _receive(self, source: Source) -> bool:
        given = source.external["given"]
        name = given["QueueName"]
        try:
            messages = await self._queues.receive(name, _RECEIVED_AT_ONCE)
        except ApiError:
            # The queue is not there, or not yet.
            return False
        settings = self._eventbridge.settings
        for message in messages:
            body = _decoded(message.body) if given["IsBase64Decode"] else message.body
            request_id = uuid_form(self._eventbridge.ids())
            self._publish(source, event_of(message, body, name, settings, request_id))
        await self._eventbridge.store.flush()
        for message in messages:
            with suppress(ApiError):
                await self._queues.delete(name, message.receipt)
        return len(messages) == _RECEIVED_AT_ONCE

    def _publish(self, source: Source, event: Mapping[str, Any]) -> None:
        envelope = {
            "source": source.name,
            "specversion": "1.0",
            "datacontenttype": "application/json;charset=utf-8",
        }
        try:
            self._eventbridge.publish(source.bus, {**envelope, **event})
        except ApiError as failure:
            # guess: what becomes of a message that is too large for an event.
            _log.warning("source '%s' lost an event: %s", source.name, failure.message)


def _decoded(body: str) -> str:
    """Return what base64 says, or the body itself where it is none."""
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, ValueError):
        return body
