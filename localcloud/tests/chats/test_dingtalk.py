"""The DingTalk robot takes what the real one takes, and refuses the rest with its codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.chats import JSON, ChatLab
from localcloud.chats.dingtalk import signature
from localcloud.faults import Fault
from localcloud.settings import ChatSettings

OPS = "http://oapi.dingtalk.localcloud.invalid/robot/send?access_token=ops-token"
DEEP = b'{"a":' + b"[" * 200 + b"]" * 200 + b"}"
TEXT = {"msgtype": "text", "text": {"content": "hello 文"}}


def test_the_signature_is_the_platforms() -> None:
    """Milliseconds, the secret as key and again in the text: a published example's value."""
    secret = "SECexample0000000000000000000000000000000000000000000000000000000000"
    assert signature(secret, "1767225600000") == "CpMNuiFILu5YHOktt7mML+wPJ5/mkb7BtvbR4+wtCik="


async def test_a_signed_message_is_shown(lab: ChatLab) -> None:
    """A message with the right signature is answered with errcode 0 and stands in the chat."""
    assert await lab.dingtalk(TEXT) == {"errcode": 0, "errmsg": "ok"}
    assert lab.texts("ops") == ["hello 文"]


@pytest.mark.parametrize(
    ("off_ms", "code", "message"),
    [
        (0, 0, "ok"),
        (3_600_000, 0, "ok"),
        (-3_600_000, 0, "ok"),
        (3_600_001, 310000, "invalid timestamp"),
        (-3_600_001, 310000, "invalid timestamp"),
    ],
)
async def test_a_signature_is_good_for_an_hour(
    lab: ChatLab, off_ms: int, code: int, message: str
) -> None:
    """The signed time may be an hour off, either way, and not a millisecond more."""
    answer = await lab.dingtalk(TEXT, off_ms=off_ms)
    assert (answer["errcode"], answer["errmsg"]) == (code, message)


@pytest.mark.parametrize(
    ("url", "method", "headers", "body", "code"),
    [
        pytest.param(OPS, "GET", JSON, b"", 43002, id="method"),
        pytest.param(OPS, "POST", {"content-type": "text/plain"}, b"{}", 43004, id="type"),
        pytest.param(OPS.partition("?")[0], "POST", JSON, b"{}", 40035, id="no token"),
        pytest.param(OPS + "x", "POST", JSON, b"{}", 300005, id="unknown token"),
        pytest.param(OPS, "POST", JSON, b"{", 40035, id="no JSON"),
        pytest.param(OPS, "POST", JSON, b'{"a":"\\ud800"}', 40035, id="half a character"),
        pytest.param(OPS, "POST", JSON, DEEP, 40035, id="too deep"),
        pytest.param(OPS, "POST", JSON, b" " * 20_001, 460101, id="too long"),
        pytest.param(OPS, "POST", JSON, b"{}", 310000, id="no signature"),
        pytest.param(OPS + "&timestamp=x&sign=y", "POST", JSON, b"{}", 310000, id="no time"),
        pytest.param(
            OPS + "&timestamp=1767225600000&sign=y", "POST", JSON, b"{}", 310000, id="wrong"
        ),
    ],
)
async def test_requests_that_are_not_right_are_refused(
    lab: ChatLab, url: str, method: str, headers: dict[str, str], body: bytes, code: int
) -> None:
    """Each mistake has the platform's code, with HTTP 200, and nothing is shown."""
    response = await lab.request(url, body, method=method, headers=headers)
    assert response.status == 200
    assert json.loads(response.body)["errcode"] == code
    assert lab.texts("ops") == []


def markdown(text: str) -> dict[str, Any]:
    """Return a markdown message."""
    return {"msgtype": "markdown", "markdown": {"title": "t", "text": text}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({}, 40035, id="no type"),
        pytest.param({"msgtype": "voice", "voice": {}}, 400105, id="unknown type"),
        pytest.param({"msgtype": "text"}, 40035, id="no part"),
        pytest.param({"msgtype": "text", "text": {"content": ""}}, 40035, id="empty"),
        pytest.param({"msgtype": "text", "text": {"content": 5}}, 40035, id="number"),
        pytest.param({"msgtype": "markdown", "markdown": {"text": "x"}}, 40035, id="no title"),
        pytest.param(
            {"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x"}}, 40035, id="card"
        ),
        pytest.param({"msgtype": "feedCard", "feedCard": {"links": []}}, 40035, id="no links"),
        pytest.param({**TEXT, "at": {"atMobiles": ["1"] * 51}}, 40035, id="mentions"),
        pytest.param({**TEXT, "at": {"atMobiles": ["1"] * 50}}, 0, id="fewer mentions"),
        pytest.param(markdown("x"), 0, id="markdown"),
        pytest.param(
            {"msgtype": "feedCard", "feedCard": {"links": [{"title": "t"}]}}, 0, id="feed"
        ),
    ],
)
async def test_messages_must_be_of_a_known_form(
    lab: ChatLab, body: dict[str, Any], code: int
) -> None:
    """A message has a known type and what the type needs."""
    assert (await lab.dingtalk(body))["errcode"] == code


async def test_a_robot_with_a_keyword_wants_it_in_a_text(tmp_path: Path) -> None:
    """Without a secret the keyword alone decides; the name of a field does not count."""
    url = "http://oapi.dingtalk.localcloud.invalid/robot/send?access_token=k"
    chats = {"k": ChatSettings("dingtalk", url, keyword="content")}

    async with ChatLab(tmp_path, chats=chats) as lab:
        refused = await lab.dingtalk(TEXT, chat="k")
        assert (refused["errcode"], refused["errmsg"]) == (310000, "keywords not in content")
        good = {"msgtype": "text", "text": {"content": "all content"}}
        assert (await lab.dingtalk(good, chat="k"))["errcode"] == 0


async def test_more_than_twenty_a_minute_close_the_robot_for_ten(lab: ChatLab) -> None:
    """The 21st message in a minute is refused, and so is everything for ten minutes after it."""

    async def send(number: int) -> int:
        body = {"msgtype": "text", "text": {"content": str(number)}}
        return int((await lab.dingtalk(body))["errcode"])

    assert [await send(number) for number in range(21)] == [0] * 20 + [130101]
    lab.clock.advance(599)
    assert await send(21) == 130101
    lab.clock.advance(1)
    assert await send(22) == 0
    assert len(lab.texts("ops")) == 21
    assert "audit" in lab.chats.named()
    # Another robot has a limit of its own.
    assert (await lab.dingtalk(TEXT, chat="audit"))["errcode"] == 0


async def test_twenty_in_any_minute_are_taken(lab: ChatLab) -> None:
    """The minute slides: messages older than it do not count."""
    codes = []
    for number in range(60):
        body = {"msgtype": "text", "text": {"content": str(number)}}
        codes.append((await lab.dingtalk(body))["errcode"])
        lab.clock.advance(3)
    assert set(codes) == {0}


async def test_the_limit_can_be_lifted(tmp_path: Path) -> None:
    """For a benchmark the chats take any number of messages."""
    async with ChatLab(tmp_path, has_limits=False) as lab:
        for _ in range(100):
            assert (await lab.dingtalk(TEXT))["errcode"] == 0


async def test_a_repeat_is_answered_and_shown_once(lab: ChatLab) -> None:
    """The same message with the same key is taken again, also after a restart, and shown once."""
    message = {**TEXT, "msgUuid": "event-1"}
    for _ in range(30):
        assert (await lab.dingtalk(message))["errcode"] == 0
    await lab.restart()
    assert (await lab.dingtalk(message))["errcode"] == 0
    assert len(lab.texts("ops")) == 1
    other = {"msgtype": "text", "text": {"content": "other"}, "msgUuid": "event-1"}
    assert (await lab.dingtalk(other))["errcode"] == 0
    headers = {**JSON, "idempotency-key": "event-2"}
    for _ in range(2):
        assert (await lab.dingtalk(TEXT, headers=headers))["errcode"] == 0
    assert lab.texts("ops") == ["hello 文", "other", "hello 文"]


@pytest.mark.parametrize(
    ("error", "code"), [("", 130101), ("130101", 130101), ("-1", -1), ("400102", 400102)]
)
async def test_a_fault_refuses_as_often_as_it_says(lab: ChatLab, error: str, code: int) -> None:
    """A fault without a code is 'too many messages'; it ends after its number of times."""
    lab.faults.set(Fault("chat:ops", times=2, error=error))
    codes = [(await lab.dingtalk(TEXT))["errcode"] for _ in range(3)]
    assert codes == [code, code, 0]
    assert len(lab.texts("ops")) == 1


async def test_a_fault_can_be_an_http_status_or_only_slow(lab: ChatLab) -> None:
    """A three-digit error is the HTTP status; a delay alone changes nothing but the time."""
    lab.faults.set(Fault("chat:ops", error="503"))
    response = await lab.request(OPS, b"{}")
    assert (response.status, response.body) == (503, b"failed on demand")
    lab.faults.set(Fault("chat:ops", delay_seconds=0.01))
    assert (await lab.dingtalk(TEXT))["errcode"] == 0


async def test_a_path_that_is_no_webhook_says_what_there_is(lab: ChatLab) -> None:
    """An unknown path is a 404 that names the paths."""
    response = await lab.request("http://oapi.dingtalk.localcloud.invalid/other", b"{}")
    assert response.status == 404
    assert b"/robot/send" in response.body
