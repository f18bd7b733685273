"""A local cloud reduced to events: EventBridge, queues, deliveries, and targets that are fakes."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.base import ROOT, Lab
from localcloud.api import Action, ApiCall
from localcloud.environment import ManualClock
from localcloud.eventbridge import actions, data_plane
from localcloud.eventbridge.delivery.dispatcher import Dispatcher
from localcloud.eventbridge.delivery.journal import Journal
from localcloud.eventbridge.delivery.target import DeliveryError, DeliveryRequest
from localcloud.eventbridge.service import EventBridge
from localcloud.eventbridge.trace import traces
from localcloud.mns import actions as mns_actions
from localcloud.mns import data_plane as mns_data
from localcloud.mns.service import Mns

PRODUCTS: dict[str, dict[str, Action[Any]]] = {
    "eventbridge": actions.ACTIONS,
    "eventbridge-data": data_plane.ACTIONS,
    "mns": mns_actions.ACTIONS,
    "mns-data": mns_data.ACTIONS,
}


@dataclass
class FakeTarget:
    """Remembers what it was sent, and fails as often as it is told."""

    requests: list[DeliveryRequest] = field(default_factory=list)
    failures: int = 0
    running: int = 0
    most_at_once: int = 0
    gate: asyncio.Event | None = None

    @property
    def bodies(self) -> list[str]:
        """Return the bodies in the order in which they came."""
        return [request.parameters.get("Body", "") for request in self.requests]

    async def __call__(self, request: DeliveryRequest) -> str:
        """Take a request."""
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await (self.gate.wait() if self.gate else asyncio.sleep(0))
        finally:
            self.running -= 1
        self.requests.append(request)
        if self.failures > 0:
            self.failures -= 1
            raise DeliveryError("503", "the target is busy")
        return "taken"


class EventBridgeLab(Lab):
    """EventBridge, its queues and its deliveries; functions and web servers are fakes."""

    def __init__(self, folder: Path, *, clock: ManualClock | None = None, retained: int = 1000):
        self.retained = retained
        super().__init__(folder, clock=clock)

    def start(self) -> None:
        """Create the services."""
        self.journal = Journal(self.store, self.clock, self.retained)
        self.mns = Mns(self.settings, self.environment, self.store)
        self.eventbridge = EventBridge(self.settings, self.environment, self.store, self.journal)
        self.function, self.web = FakeTarget(), FakeTarget()
        self.dispatcher = Dispatcher(
            self.journal,
            self.clock,
            lambda: 0.5,
            self.eventbridge.target,
            {"acs.fc.function": self.function, "http": self.web, "https": self.web},
            self.mns.send,
        )

    async def stop(self) -> None:
        """End the deliveries."""
        await self.dispatcher.stop()
        await super().stop()

    async def call(self, action: str, product: str = "eventbridge", **params: Any) -> Any:
        """Call an action as the gateway does, flush included."""
        body = params.pop("body", b"")
        path = params.pop("path", {})
        headers = params.pop("headers", {})
        call = ApiCall(product, action, ROOT, "R", params, path, body, headers=headers)
        found = PRODUCTS[product][action]
        service = self.mns if product.startswith("mns") else self.eventbridge
        if found.resources:
            assert all(arn.startswith("acs:") for arn in found.resources(service, call))
        return await self.perform(found, service, call)

    async def trace(self, event_id: str | None = None) -> list[dict[str, Any]]:
        """Return the trace of what was accepted."""
        await self.store.flush()
        return traces(self.eventbridge, event_id)


def function_target(identity: str = "fc", **extra: Any) -> dict[str, Any]:
    """Return a target that calls a function with the whole event."""
    return {
        "Id": identity,
        "Type": "acs.fc.function",
        "Endpoint": "acs:fc:cn-hangzhou:1234567890123456:functions/f",
        "ParamList": [
            {"ResourceKey": "functionName", "Form": "CONSTANT", "Value": "f"},
            {"ResourceKey": "Body", "Form": "ORIGINAL"},
        ],
        "DeadLetterQueue": {},
        **extra,
    }


def web_target(identity: str = "web", **extra: Any) -> dict[str, Any]:
    """Return a target that posts the event's data to a URL."""
    return {
        "Id": identity,
        "Type": "https",
        "Endpoint": "https://chat.example/hook/secret-hook",
        "ParamList": [
            {
                "ResourceKey": "url",
                "Form": "CONSTANT",
                "Value": "https://chat.example/hook/secret-hook",
            },
            {"ResourceKey": "Body", "Form": "JSONPATH", "Value": "$.data"},
        ],
        **extra,
    }
