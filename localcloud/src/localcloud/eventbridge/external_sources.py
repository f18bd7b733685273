"""What external sources give their buses: the messages of queues, and scheduled events.

A message is deleted once its event is on the disk, so that none is lost and one may come twice. A
scheduled event that became due while the cloud was away comes once, however often it was missed.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from localcloud import strict_json
from localcloud.environment import iso_utc, uuid_form
from localcloud.errors import ApiError
from localcloud.eventbridge.external_source import SCHEDULE, next_due
from localcloud.eventbridge.resources import Source
from localcloud.eventbridge.service import EventBridge

_RECEIVED_AT_ONCE = 16
_TICK_SECONDS = 0.5
_log = logging.getLogger("localcloud")


class Message(Protocol):
    """A message that was received."""

    @property
    def id(self) -> str:
        """Return its id."""

    @property
    def body(self) -> str:
        """Return its body as it was sent."""

    @property
    def receipt(self) -> str:
        """Return what it is deleted with."""

    @property
    def enqueued(self) -> float:
        """Return when it was sent, in seconds since 1970."""


class Queues(Protocol):
    """The message queues of the account."""

    async def receive(self, name: str, count: int = 1) -> Sequence[Message]:
        """Take messages."""

    async def delete(self, name: str, receipt: str) -> None:
        """Delete a received message."""


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
        event = self._event(source, uuid_form(self._eventbridge.ids()).lower(), source.due, data)
        self._publish(source, {**event, "type": "eventbridge:Events:ScheduledEvent"})
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
            data = {
                "requestId": uuid_form(self._eventbridge.ids()),
                "messageId": message.id,
                "messageBody": body,
            }
            event = {
                **self._event(source, message.id, message.enqueued, data),
                "type": "mns:Queue:SendMessage",
                "subject": f"acs:mns:{settings.region}:{settings.account_id}:queues/{name}",
            }
            self._publish(source, event)
        await self._eventbridge.store.flush()
        for message in messages:
            with suppress(ApiError):
                await self._queues.delete(name, message.receipt)
        return len(messages) == _RECEIVED_AT_ONCE

    def _event(
        self, source: Source, event_id: str, moment: float, data: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            "id": event_id,
            "source": source.name,
            "specversion": "1.0",
            "datacontenttype": "application/json;charset=utf-8",
            "time": iso_utc(moment),
            "data": data,
        }

    def _publish(self, source: Source, event: Mapping[str, Any]) -> None:
        try:
            self._eventbridge.publish(source.bus, event)
        except ApiError as failure:
            # guess: what becomes of a message that is too large for an event.
            _log.warning("source '%s' lost an event: %s", source.name, failure.message)


def _decoded(body: str) -> str:
    """Return what base64 says, or the body itself where it is none."""
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, ValueError):
        return body
