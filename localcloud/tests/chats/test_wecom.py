"""The WeCom robot takes what the real one takes, and refuses the rest with its codes."""

import json
from typing import Any

import pytest

from localcloud.chats.platform import RefusedError
from localcloud.chats.wecom import WeCom
from localcloud.http import HttpRequest
from localcloud.settings import ChatSettings

WEBHOOK = "http://qyapi.weixin.localcloud.invalid/cgi-bin/webhook/send?key=k-1"
CHAT = ChatSettings("wecom", WEBHOOK, "")


def request(body: bytes, *, method: str = "POST", key: str = "k-1") -> HttpRequest:
    """Return a request to the webhook."""
    host, path = "qyapi.weixin.localcloud.invalid", "/cgi-bin/webhook/send"
    return HttpRequest(method, host, path, {"key": key} if key else {}, {}, body)


def answer(body: object, **changes: str) -> dict[str, Any]:
    """Return what the robot answers."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    robot, asked = WeCom(), request(raw, **changes)
    try:
        robot.check_call(asked)
        robot.read(CHAT, asked, 0.0)
    except RefusedError as error:
        return dict(json.loads(robot.answer(error.code, error.message).body))
    return dict(json.loads(robot.answer(0).body))


def text(content: object, kind: str = "text") -> dict[str, Any]:
    """Return a message."""
    return {"msgtype": kind, kind: {"content": content}}


@pytest.mark.parametrize("body", [text("文" * 682), text("**文**" * 400, "markdown")])
def test_a_message_within_its_limit_is_taken(body: object) -> None:
    """2,048 bytes of text or 4,096 of markdown."""
    assert answer(body) == {"errcode": 0, "errmsg": "ok"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (text("文" * 683), 40058),
        (text("x" * 4097, "markdown"), 40058),
        (text(""), 44004),
        (text(7), 44004),
        ({"msgtype": "text"}, 44004),
        ({"msgtype": "poem"}, 40008),
        ({"msgtype": "image", "image": {}}, 40008),
        ({}, 40008),
        (b"{", 47001),
        (b"[]", 47001),
    ],
)
def test_what_is_no_message_is_refused(body: object, code: int) -> None:
    """With HTTP 200 and the code in the body."""
    assert answer(body)["errcode"] == code


def test_a_call_without_key_is_for_nobody() -> None:
    """The key is all that a robot checks."""
    assert answer(text("x"), key="") == {"errcode": 93000, "errmsg": "invalid webhook url"}
    assert answer(text("x"), method="GET")["errcode"] == 43002


def test_twenty_messages_a_minute_are_taken() -> None:
    """One more is refused, and nothing is blocked beyond the minute."""
    limit = WeCom().limit()
    assert [limit.admits(n * 0.1) for n in range(21)] == [True] * 20 + [False]
    assert not limit.admits(59.9)
    assert limit.admits(60.1)


def test_a_message_is_shown_without_its_markup() -> None:
    """Markdown reads as text; the first line is its title."""
    shown = WeCom().render(text("### Title\n\n**E123** is `here`", "markdown"))
    assert (shown.title, shown.text) == ("Title", "Title\n\nE123 is `here`")
    assert WeCom().render({"msgtype": "image"}).text == ""
