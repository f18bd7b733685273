"""The two chat platforms with a clock that stands still, for tests."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lab import CHATS
from lab.base import Lab
from localcloud.chats.receive import receive
from localcloud.chats.state import Chats
from localcloud.http import HttpRequest, HttpResponse
from localcloud.settings import ChatSettings, CloudSettings

JSON = {"content-type": "application/json; charset=utf-8"}


class ChatLab(Lab):
    """The chats, and a client that sends messages to them."""

    def __init__(
        self,
        folder: Path,
        *,
        has_limits: bool = True,
        chats: Mapping[str, ChatSettings] | None = None,
    ) -> None:
        settings = CloudSettings(chats=dict(chats or CHATS), chat_rate_limit=has_limits)
        super().__init__(folder, settings=settings)

    def start(self) -> None:
        """Create the chats."""
        self.chats = Chats(self.settings, self.environment, self.store, self.faults)

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
        settings = self.settings.chats[chat]
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
        settings = self.settings.chats[chat]
        if settings.secret:
            stamp = str(int(self.clock.now()) + off)
            key = f"{stamp}\n{settings.secret}".encode()
            mac = hmac.new(key, b"", hashlib.sha256).digest()
            body = {"timestamp": stamp, "sign": base64.b64encode(mac).decode(), **body}
        return await self._answer(settings.webhook, body, **changes)

    async def _answer(self, url: str, body: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        content = json.dumps(body, ensure_ascii=False).encode()
        response = await self.request(url, content, **changes)
        assert response.status == 200
        answer: dict[str, Any] = json.loads(response.body)
        return answer

    def texts(self, chat: str) -> list[str]:
        """Return the texts that a chat shows."""
        return [message["text"] for message in self.chats.messages(chat, limit=100)]
