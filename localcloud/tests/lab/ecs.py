"""ECS without instances: runs end as a test says, time stands still, events are collected."""

import asyncio
import base64
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from lab.base import ROOT, Lab
from localcloud.api import ApiCall
from localcloud.ecs.actions import ACTIONS
from localcloud.ecs.service import Ecs
from localcloud.errors import ApiError
from localcloud.sandbox.files import Files
from localcloud.sandbox.instance import Progress, Script
from localcloud.sandbox.isolation import Isolation
from localcloud.sandbox.level import Level
from localcloud.sandbox.outcome import Outcome
from localcloud.settings import CloudSettings

FINE = Outcome("finished", 0, b"done\n")


class FakeMachines:
    """Stands in for the sandbox: remembers scripts and answers as it is told."""

    known_isolation: Isolation | None = None

    def __init__(self) -> None:
        self.ran: list[tuple[str, Script]] = []
        self.answer: Callable[[str, Script], Outcome] = lambda _name, _script: FINE
        self.held: dict[tuple[str, str], asyncio.Future[Outcome]] | None = None
        self.most_at_once: dict[str, int] = {}
        self.now: dict[str, int] = {}

    def hold(self) -> None:
        """Let runs begin but not end until ``release`` or a stop."""
        self.held = {}

    def release(self) -> None:
        """End all held runs well, and let later ones pass."""
        held, self.held = self.held or {}, None
        for future in held.values():
            if not future.done():
                future.set_result(FINE)

    async def run(self, name: str, script: Script, progress: Progress | None = None) -> Outcome:
        """Remember the script and end it as the test wants."""
        self.ran.append((name, script))
        self.now[name] = self.now.get(name, 0) + 1
        self.most_at_once[name] = max(self.now[name], self.most_at_once.get(name, 0))
        try:
            if self.held is None:
                await asyncio.sleep(0)
                return self.answer(name, script)
            if progress is not None:
                progress(b"so far", 0)
            future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            self.held[name, script.name] = future
            return await future
        finally:
            self.now[name] -= 1

    def end(self, name: str, script: str, outcome: Outcome) -> None:
        """End a held run."""
        if self.held and not self.held[name, script].done():
            self.held[name, script].set_result(outcome)

    def stop(self, name: str, script: str) -> None:
        """End a held run as stopped."""
        self.end(name, script, Outcome("stopped", output=b"so far"))

    async def isolation(self) -> Isolation:
        """Pretend the weakest level."""
        self.known_isolation = Isolation(Level.DIRECTORY)
        return self.known_isolation

    def files(self, name: str) -> Files:
        """Look at a folder that is not there."""
        return Files(Path("/nonexistent") / name)


class EcsLab(Lab):
    """One region of ECS with two instances."""

    def __init__(self, folder: Path | None = None, without_agent: Iterable[int] = ()) -> None:
        tags = {1: {"role": "app"}, 2: {"role": "db"}}
        settings = CloudSettings(instance_tags=tags, without_agent=frozenset(without_agent))
        super().__init__(folder, settings=settings)

    def start(self) -> None:
        """Create the service."""
        self.machines = FakeMachines()
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.ecs = Ecs(
            self.settings,
            self.environment,
            self.store,
            lambda bus, event: self.published.append((bus, event)),
            self.machines,
            self.faults,
        )

    def request(self, action: str, **params: Any) -> ApiCall:
        """Write a request; ``_`` in a parameter's name stands for a dot."""
        texts = {"RegionId": "cn-hangzhou"}
        for name, value in params.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            texts[name.replace("_", ".")] = text
        return ApiCall("ecs", action, ROOT, "request-1", texts)

    async def call(self, action: str, **params: Any) -> dict[str, Any]:
        """Call an action as the gateway does."""
        answer = await self.perform(ACTIONS[action], self.ecs, self.request(action, **params))
        assert isinstance(answer, dict)
        return answer

    async def create(self, text: str = "echo {{name}}", **params: Any) -> str:
        """Create a command and give its id."""
        given = {
            "Name": "provision",
            "Type": "RunShellScript",
            "CommandContent": encoded(text),
            "EnableParameter": "{{" in text,
            **params,
        }
        return str((await self.call("CreateCommand", **given))["CommandId"])

    async def invoke(self, command_id: str, **params: Any) -> str:
        """Invoke a command on the first instance, unless told otherwise, and give the id."""
        given = {"CommandId": command_id, **params}
        if not any(name.startswith(("InstanceId", "ResourceTag")) for name in given):
            given["InstanceId_1"] = "i-local0001"
        return str((await self.call("InvokeCommand", **given))["InvokeId"])

    async def described(self, invoke_id: str, **params: Any) -> dict[str, Any]:
        """Return an invocation as DescribeInvocations does."""
        answer = await self.call("DescribeInvocations", InvokeId=invoke_id, **params)
        (found,) = answer["Invocations"]["Invocation"]
        return dict(found)

    async def until(self, happened: Callable[[], bool]) -> None:
        """Let the background go on until something has happened."""
        async with asyncio.timeout(10):
            while not happened():  # noqa: ASYNC110
                await asyncio.sleep(0)

    async def refusal(self, action: str, **params: Any) -> tuple[str, int]:
        """Return the code and HTTP status with which a request is refused."""
        with pytest.raises(ApiError) as caught:
            await self.call(action, **params)
        return caught.value.code, caught.value.status

    async def begun(self, runs: int) -> asyncio.Task[None]:
        """Start the background and wait until so many runs have begun."""
        task = asyncio.create_task(self.ecs.run())
        await self.until(lambda: len(self.machines.ran) >= runs)
        return task

    async def ended(self, task: asyncio.Task[None]) -> None:
        """End the background."""
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def resources(self, action: str, **params: Any) -> list[str]:
        """Return the resources on which the caller of an action needs its permission."""
        given = ACTIONS[action].resources
        assert given is not None
        return given(self.ecs, self.request(action, **params))


def encoded(text: str) -> str:
    """Write a script as requests carry it."""
    return base64.b64encode(text.encode()).decode()
