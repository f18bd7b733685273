"""Function Compute with stand-ins for RAM and SLS, for tests that run real processes."""

import asyncio
import base64
import io
import json
import textwrap
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from localcloud.api import Answer, ApiCall, Caller
from localcloud.environment import ManualClock, Sources, counting_ids
from localcloud.errors import ApiError, NoPermission
from localcloud.faults import Faults
from localcloud.fc.actions import ACTIONS
from localcloud.fc.invocation import Invocation
from localcloud.fc.state import FunctionCompute
from localcloud.sandbox.isolation import Isolation
from localcloud.sandbox.machines import Machines
from localcloud.settings import CloudSettings
from localcloud.store import Store

ROLE = "acs:ram::1234567890123456:role/runner"


@dataclass(frozen=True)
class FakeCredentials:
    """What assuming a role gives here."""

    access_key_id: str
    access_key_secret: str
    security_token: str


@dataclass
class Lab:
    """A Function Compute and what surrounds it."""

    path: Path
    clock: ManualClock = field(default_factory=ManualClock)
    faults: Faults = field(default_factory=Faults)
    logged: list[tuple[str, str, str, dict[str, str]]] = field(default_factory=list)
    """Project, store, topic and entry."""
    untrusted: set[str] = field(default_factory=set)
    """Roles that do not trust Function Compute."""
    denied: set[tuple[str, str]] = field(default_factory=set)
    """Actions and resources that no role is allowed."""
    missing_stores: set[str] = field(default_factory=set)
    time_limit: Callable[[float], asyncio.Timeout] = asyncio.timeout

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Start on the state that is there."""
        self.store = Store(self.path / "state.sqlite")
        self.settings = CloudSettings(data=self.path)
        self.fc = FunctionCompute(
            self.settings,
            Sources(self.clock, counting_ids()),
            self.store,
            self.faults,
            assume=self._assume,
            is_allowed=lambda role, action, resource: (action, resource) not in self.denied,
            append_log=self._append,
            isolation=strongest_isolation,
            time_limit=self.time_limit,
        )

    async def call(
        self,
        action: str,
        path: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Do an API action as the gateway does."""
        call = ApiCall(
            "fc",
            action,
            Caller("acs:ram::1:root", "key"),
            "REQUEST",
            params or {},
            path or {},
            body if isinstance(body, bytes) else json.dumps(body or {}).encode(),
            headers=headers or {},
        )
        answer = await ACTIONS[action].run(self.fc, call)
        await self.store.flush()
        return answer

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
        return cast("dict[str, Any]", await self.call("CreateFunction", body=body))

    async def update(self, name: str, **settings: Any) -> dict[str, Any]:
        """Change a function."""
        answer = await self.call("UpdateFunction", {"functionName": name}, settings)
        return cast("dict[str, Any]", answer)

    async def invoke(self, name: str, payload: bytes = b"{}", qualifier: str = "") -> Invocation:
        """Run a function."""
        return await self.fc.invoke(name, payload, request_id="REQ-1", qualifier=qualifier)

    async def log(self, name: str) -> list[str]:
        """Return the lines of a function's log."""
        await self.store.flush()
        return [row["line"] for row in self.fc.logs(name, 10_000)]

    def _assume(self, role: str, service: str, session: str) -> FakeCredentials:
        if role in self.untrusted:
            raise NoPermission("sts:AssumeRole", role, service)
        return FakeCredentials(f"id of {role}", f"secret for {service}", f"token of {session}")

    def _append(
        self, project: str, store: str, entries: list[dict[str, str]], *, topic: str
    ) -> None:
        if store in self.missing_stores:
            raise ApiError("LogStoreNotExist", f"logstore {store} does not exist", 404)
        self.logged += [(project, store, topic, entry) for entry in entries]


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


Story = Callable[[Lab], Awaitable[None]]


def tell(path: Path, story: Story, **changes: Any) -> None:
    """Run a story in a lab whose state is in a folder."""

    async def session() -> None:
        lab = replace(Lab(path), **changes) if changes else Lab(path)
        try:
            await story(lab)
        finally:
            await lab.fc.close()
            lab.store.close()

    asyncio.run(session())
