"""Function Compute with stand-ins for RAM and SLS, for tests that run real processes."""

import asyncio
import base64
import io
import json
import textwrap
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.base import ROOT, Lab
from localcloud.api import ApiCall
from localcloud.errors import ApiError, NoPermissionError
from localcloud.eventbridge.delivery.retry import next_delay
from localcloud.fc.actions import ACTIONS
from localcloud.fc.invocation import Invocation
from localcloud.fc.service import FunctionCompute
from localcloud.mns.service import Mns
from localcloud.readings import Readings
from localcloud.sandbox.isolation import Isolation
from localcloud.sandbox.machines import Machines
from localcloud.settings import CloudSettings

ROLE = "acs:ram::1234567890123456:role/runner"


@dataclass(frozen=True)
class FakeCredentials:
    """What assuming a role gives here."""

    access_key_id: str
    access_key_secret: str
    security_token: str


class FunctionLab(Lab):
    """A Function Compute and what surrounds it."""

    def __init__(
        self,
        folder: Path,
        *,
        readings: Readings | None = None,
        time_limit: Callable[[float], asyncio.Timeout] = asyncio.timeout,
    ) -> None:
        self.logged: list[tuple[str, str, str, dict[str, str]]] = []
        """Project, store, topic and entry."""
        self.untrusted: set[str] = set()
        """Roles that do not trust Function Compute."""
        self.denied: set[tuple[str, str]] = set()
        """Actions and resources that no role is allowed."""
        self.missing_stores: set[str] = set()
        self.queues: dict[str, list[str]] = {}
        """The bodies that were sent to each queue; to one that is not here nothing can be sent."""
        self.time_limit = time_limit
        readings = readings or Readings()
        super().__init__(folder, settings=CloudSettings(data=folder, readings=readings))

    def start(self) -> None:
        """Create the service."""
        self.mns = Mns(self.settings, self.environment, self.store)
        self.fc = FunctionCompute(
            self.settings,
            self.environment,
            self.store,
            self.faults,
            assume=self._assume,
            is_allowed=lambda role, action, resource: (action, resource) not in self.denied,
            append_log=self._append,
            send_message=self._send,
            queues=self.mns,
            next_delay=lambda policy, failed: next_delay(policy, failed, lambda: 0.0),
            isolation=strongest_isolation,
            time_limit=self.time_limit,
        )

    async def stop(self) -> None:
        """End the functions."""
        await self.fc.close()
        await super().stop()

    async def call(
        self,
        action: str,
        path: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Do an API action as the gateway does."""
        call = ApiCall(
            "fc",
            action,
            ROOT,
            "REQUEST",
            params or {},
            path or {},
            body if isinstance(body, bytes) else json.dumps(body or {}).encode(),
            headers=headers or {},
        )
        return await self.perform(ACTIONS[action], self.fc, call)

    async def create(
        self, name: str, code: str | Mapping[str, str], **settings: Any
    ) -> dict[str, Any]:
        """Make a function whose ``index.py`` is that code, or from several files."""
        body = {
            "functionName": name,
            "handler": "index.handler",
            "runtime": "python3.12",
            "role": ROLE,
            # Not a limit that a busy machine comes near.
            "timeout": 120,
            **settings,
            "code": {"zipFile": encode(code)},
        }
        answer: dict[str, Any] = await self.call("CreateFunction", body=body)
        return answer

    async def update(self, name: str, **settings: Any) -> dict[str, Any]:
        """Change a function."""
        answer: dict[str, Any] = await self.call("UpdateFunction", {"functionName": name}, settings)
        return answer

    async def invoke(self, name: str, payload: bytes = b"{}", qualifier: str = "") -> Invocation:
        """Run a function."""
        return await self.fc.invoke(name, payload, request_id="REQ-1", qualifier=qualifier)

    async def log(self, name: str) -> list[str]:
        """Return the lines of a function's log."""
        await self.store.flush()
        return [row["line"] for row in self.fc.logs(name, 10_000)]

    def _assume(self, role: str, service: str, session: str) -> FakeCredentials:
        if role in self.untrusted:
            raise NoPermissionError("sts:AssumeRole", role, service)
        return FakeCredentials(f"id of {role}", f"secret for {service}", f"token of {session}")

    def _append(
        self, project: str, store: str, entries: list[dict[str, str]], *, topic: str
    ) -> None:
        if store in self.missing_stores:
            raise ApiError("LogStoreNotExist", f"logstore {store} does not exist", 404)
        self.logged += [(project, store, topic, entry) for entry in entries]

    def _send(self, queue: str, body: str) -> None:
        if queue not in self.queues:
            raise ApiError("QueueNotExist", f"queue {queue} does not exist", 404)
        self.queues[queue].append(body)


_chosen: list[Isolation] = []


async def strongest_isolation() -> Isolation:
    """Return what isolation works here; found out once."""
    if not _chosen:
        machines = Machines(None)
        _chosen.append(await machines.isolation())
        await machines.close()
    return _chosen[0]


def archive(files: str | Mapping[str, str]) -> bytes:
    """Return a zip archive of files, or of one ``index.py``."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for name, text in ({"index.py": files} if isinstance(files, str) else files).items():
            opened.writestr(zipfile.ZipInfo(name), textwrap.dedent(text))
    return content.getvalue()


def encode(files: str | Mapping[str, str]) -> str:
    """Return an archive as the API takes it."""
    return base64.b64encode(archive(files)).decode()
