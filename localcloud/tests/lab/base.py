"""What the labs of all services share: one store, one clock that stands still, ids that count."""

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from localcloud.api import Action, ApiCall, Caller
from localcloud.environment import Environment, ManualClock, counting_ids
from localcloud.faults import Faults
from localcloud.settings import CloudSettings
from localcloud.store import Store

S = TypeVar("S")
ROOT = Caller("acs:ram::1234567890123456:root", "key")


class Lab(ABC):
    """Services that a test drives without a server; they run as long as the ``async with``."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        clock: ManualClock | None = None,
        settings: CloudSettings | None = None,
    ) -> None:
        self.folder = folder
        """Where the state is; in memory if there is none."""
        self.clock = clock or ManualClock()
        self.ids = counting_ids()
        self.settings = settings or CloudSettings()
        self.faults = Faults()
        self.open()

    def open(self) -> None:
        """Start the services on the state that is there."""
        self.environment = Environment(self.clock, self.ids)
        self.store = Store(self.folder / "state.sqlite" if self.folder else None)
        self.start()

    @abstractmethod
    def start(self) -> None:
        """Create the services."""

    async def stop(self) -> None:
        """End what the services do in the background; what they did is durable."""
        await self.store.flush()

    async def close(self) -> None:
        """End the services; their state stays."""
        try:
            await self.stop()
        finally:
            self.store.close()

    async def restart(self) -> None:
        """End the services and start them again on the state that they left."""
        await self.close()
        self.open()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def perform(self, action: Action[S], service: S, call: ApiCall) -> Any:
        """Run an action as the gateway does: what it wrote is durable before it is answered."""
        answer = await action.run(service, call)
        await self.store.flush()
        return answer
