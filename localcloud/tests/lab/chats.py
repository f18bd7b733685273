"""The two chat platforms with a clock that stands still, for tests."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lab import CHATS
from localcloud.chats.receive import receive
from localcloud.chats.state import Chats
from localcloud.environment import ManualClock, Sources, counting_ids
from localcloud.faults import Faults
from localcloud.http import HttpRequest, HttpResponse
from localcloud.settings import ChatSettings, CloudSettings
from localcloud.store import Store

JSON = {"content-type": "application/json; charset=utf-8"}


@dataclass
class Door:
    """Sends messages to the chats as a client would."""

    path: Path
    has_limits: bool = True
    chat_settings: Mapping[str, ChatSettings] = field(default_factory=lambda: dict(CHATS))
    clock: ManualClock = field(default_factory=ManualClock)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.store = Store(self.path / "state.sqlite")
        settings = CloudSettings(chats=dict(self.chat_settings), chat_rate_limit=self.has_limits)
        sources = Sources(self.clock, counting_ids())
        self.chats = Chats(settings, sources, self.store, self.faults)

    async def request(
        self,
        url: str,
        body: bytes,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Send a request to a platform."""
        parts = urlsplit(url)
        request = HttpRequest(
            method,
            parts.netloc,
            parts.path,
            dict(parse_qsl(parts.query)),
            JSON if headers is None else headers,
            body,
        )
        return await receive(self.chats, request)

    async def dingtalk(
        self, body: Mapping[str, Any], *, chat: str = "ops", off_ms: int = 0, **changes: Any
    ) -> dict[str, Any]:
        """Send a signed message to a DingTalk chat and give the answer."""
        settings = self.chat_settings[chat]
        url = settings.webhook
        if settings.secret:
            stamp = str(int(self.clock.now() * 1000) + off_ms)
            text = f"{stamp}\n{settings.secret}"
            mac = hmac.new(settings.secret.encode(), text.encode(), hashlib.sha256).digest()
            sign = base64.b64encode(mac).decode().replace("+", "%2B")
            url += f"&timestamp={stamp}&sign={sign}"
        return await self._answer(url, body, **changes)

    async def lark(
        self, body: Mapping[str, Any], *, chat: str = "people", off: int = 0, **changes: Any
    ) -> dict[str, Any]:
        """Send a signed message to a Lark chat and give the answer."""
        settings = self.chat_settings[chat]
        if settings.secret:
            stamp = str(int(self.clock.now()) + off)
            key = f"{stamp}\n{settings.secret}".encode()
            mac = hmac.new(key, b"", hashlib.sha256).digest()
            body = {"timestamp": stamp, "sign": base64.b64encode(mac).decode(), **body}
        return await self._answer(settings.webhook, body, **changes)

    async def _answer(self, url: str, body: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        content = json.dumps(body, ensure_ascii=False).encode()
        response = await self.request(url, content, **changes)
        assert 200 == response.status
        answer: dict[str, Any] = json.loads(response.body)
        return answer

    def texts(self, chat: str) -> list[str]:
        """Return the texts that a chat shows."""
        return [message["text"] for message in self.chats.messages(chat, limit=100)]


def tell(path: Path, story: Callable[[Door], Awaitable[None]], **settings: Any) -> None:
    """Run a story at a door whose state is in a folder."""

    async def session() -> None:
        door = Door(path, **settings)
        try:
            await story(door)
        finally:
            door.store.close()

    asyncio.run(session())
