"""What a function's processes are started with: its code, its environment, its limits."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from localcloud.fc import archive, packages
from localcloud.fc.process import WorkerSpec
from localcloud.fc.registry import Target
from localcloud.sandbox.isolation import Isolation
from localcloud.settings import CloudSettings


class Specs:
    """The specification of every function's processes; remade when the function was changed.

    Args:
        settings: region, account, address and folder of the local cloud.
        read_archive: returns the archive with a digest.
        isolation: gives how functions are kept apart from the machine, as instances are.
    """

    def __init__(
        self,
        settings: CloudSettings,
        read_archive: Callable[[str], Awaitable[bytes]],
        isolation: Callable[[], Awaitable[Isolation]],
    ) -> None:
        self._settings = settings
        self._archive = read_archive
        self._isolation = isolation
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._specs: dict[tuple[str, str], WorkerSpec] = {}
        self._unpacking: dict[str, asyncio.Lock] = {}

    def close(self) -> None:
        """Remove what was unpacked into a temporary folder."""
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    async def of(self, target: Target) -> WorkerSpec:
        """Return it, once the function's code is unpacked."""
        known = self._specs.get((target.function, target.version))
        if known is not None and known.revision == target.revision:
            return known
        settings = target.settings
        code_path = await self._unpacked(target.code.digest)
        log = settings.get("logConfig") or {}
        modern = settings["runtime"] == "python3.12"
        meta = {
            "name": target.function,
            "handler": settings["handler"],
            "memory": settings["memorySize"],
            "timeout": settings["timeout"],
            "runtime": settings["runtime"],
            "version_id": target.version,
            "log_project": log.get("project", ""),
            "log_store": log.get("logstore", ""),
            "account_id": self._settings.account_id,
            "region": self._settings.region,
        }
        endpoint = self._settings.endpoint
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": "/tmp",  # noqa: S108 - as in the real runtime
            **settings["environmentVariables"],
            # "Configure environment variables" names these.
            "FC_ACCOUNT_ID": self._settings.account_id,
            "FC_FUNCTION_HANDLER": settings["handler"],
            "FC_FUNCTION_MEMORY_SIZE": str(settings["memorySize"]),
            "FC_FUNCTION_NAME": target.function,
            "FC_REGION": self._settings.region,
            "FC_FUNCTION_VERSION" if modern else "FC_VER_ID": target.version,
            # Only here: they keep every call of the function inside the local cloud.
            "ALIBABA_CLOUD_ENDPOINT_ECS": endpoint,
            "ALIBABA_CLOUD_ENDPOINT_EVENTBRIDGE": endpoint,
            "ALIBABA_CLOUD_ENDPOINT_MNS": endpoint,
            "ALIBABA_CLOUD_ENDPOINT_SLS": endpoint,
            "http_proxy": endpoint,
            "HTTP_PROXY": endpoint,
            "no_proxy": "",
        }
        spec = WorkerSpec(
            target.function,
            target.version,
            target.revision,
            code_path,
            json.dumps(meta),
            tuple(environment.items()),
            (await self._isolation()).level,
            settings["memorySize"],
            self._settings.port,
            await asyncio.to_thread(packages.gather, self._folder().parent / "runtime-packages"),
        )
        self._specs[target.function, target.version] = spec
        return spec

    async def _unpacked(self, digest: str) -> Path:
        folder = self._folder() / digest[:32]
        if folder.is_dir():
            return folder
        lock = self._unpacking.setdefault(digest, asyncio.Lock())
        async with lock:
            if not folder.is_dir():
                content = await self._archive(digest)
                await asyncio.to_thread(archive.unpack, content, folder)
        self._unpacking.pop(digest, None)
        return folder

    def _folder(self) -> Path:
        if self._settings.data is not None:
            return self._settings.data / "functions"
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="localcloud-functions-")
        return Path(self._temporary.name) / "functions"
