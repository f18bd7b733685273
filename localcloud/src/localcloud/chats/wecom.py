"""A WeCom group robot's webhook, ``POST /cgi-bin/webhook/send?key=...``.

Errors are HTTP 200 with an ``errcode`` in the body. Source: "Group robot configuration" (WeCom,
developer document 91770), and what its users report of codes and sentences.
"""

from collections.abc import Mapping
from typing import Any

from localcloud import strict_json
from localcloud.chats.limits import MINUTE, RateLimit, Usage, Window
from localcloud.chats.platform import Message, RefusedError
from localcloud.chats.shown import Shown, member, plain, text_in
from localcloud.http import HttpRequest, HttpResponse
from localcloud.json_body import parse_object
from localcloud.settings import ChatSettings

_JSON = {"content-type": "application/json; charset=UTF-8"}
_TOO_FAST = 45009
_A_MINUTE = 20
_LONGEST = {"text": 2048, "markdown": 4096}
"""The message types that are understood, and how many bytes of content each may have."""
_OTHERS = {"image", "news", "file", "voice", "template_card", "markdown_v2"}
_SENTENCES = {0: "ok", _TOO_FAST: "api freq out of limit", 93000: "invalid webhook url"}


class WeCom:
    """The robots of WeCom's groups."""

    name = "wecom"
    host = "qyapi.weixin"
    path = "/cgi-bin/webhook/send"
    unknown_chat = 93000
    too_many = _TOO_FAST

    def address(self, path: str, query: Mapping[str, str]) -> str:  # noqa: ARG002
        """Return the key."""
        return query.get("key", "")

    def check_call(self, request: HttpRequest) -> None:
        """Raise :class:`RefusedError` unless something is posted with a key."""
        if request.method != "POST":
            raise RefusedError(43002, "require POST method")
        if not request.query.get("key"):
            raise RefusedError(93000)

    def read(self, chat: ChatSettings, request: HttpRequest, now: float) -> Message:  # noqa: ARG002
        """Return the message in a request, or raise :class:`RefusedError`."""
        body = parse_object(request.body)
        if body is None:
            raise RefusedError(47001, "data format error")
        kind = body.get("msgtype")
        if kind in _OTHERS:
            # Taken by WeCom; what they need is not checked here, so they are refused.
            raise RefusedError(40008, f"the local cloud does not know the message type {kind}")
        if not isinstance(kind, str) or kind not in _LONGEST:
            raise RefusedError(40008, "invalid message type")
        content = member(body.get(kind)).get("content")
        if not isinstance(content, str) or not content:
            raise RefusedError(44004, "empty content")
        if len(content.encode()) > _LONGEST[kind]:
            raise RefusedError(
                40058,
                f"{kind}.content exceed max length {_LONGEST[kind]}. invalid Request Parameter",
            )
        # guess: WeCom documents no key for repeats; this one is the local cloud's own.
        return Message(body, request.headers.get("idempotency-key", ""))

    def answer(self, code: int, message: str = "") -> HttpResponse:
        """Return the answer with a code; 0 is success."""
        body = {"errcode": code, "errmsg": message or _SENTENCES.get(code, "failed on demand")}
        return HttpResponse(200, strict_json.write(body).encode(), _JSON)

    def limit(self) -> RateLimit:
        """Return a new chat's limit of messages."""
        return _Limit()

    def render(self, body: Mapping[str, Any]) -> Shown:
        """Return a message as text; what is not understood is left out, never an error."""
        kind = str(body.get("msgtype", ""))
        content = text_in(member(body.get(kind)).get("content"))
        text = plain(content) if kind == "markdown" else content
        return Shown(text.split("\n")[0], text)


class _Limit:
    """20 messages a minute ("Group robot configuration", WeCom)."""

    def __init__(self) -> None:
        self._minute = Window(MINUTE)

    def admits(self, now: float) -> bool:
        """Count a message at that time, unless it is one too many."""
        if self._minute.count(now) >= _A_MINUTE:
            return False
        self._minute.add(now)
        return True

    def usage(self, now: float) -> Usage:
        """Return how many came in the last minute."""
        return Usage(self._minute.count(now), _A_MINUTE)
