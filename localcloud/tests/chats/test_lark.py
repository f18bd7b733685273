"""The Lark bot takes what the real one takes, and refuses the rest with its codes."""

import json
from typing import Any

import pytest

from lab.chats import JSON, ChatLab
from localcloud.chats.lark import signature
from localcloud.faults import Fault

PEOPLE = "http://open.lark.localcloud.invalid/open-apis/bot/v2/hook/people-hook"
TEXT = {"msg_type": "text", "content": {"text": "hello 文"}}


def card(**parts: Any) -> dict[str, Any]:
    """Return a message with a card."""
    return {"msg_type": "interactive", "card": parts}


def card_2(*elements: Any, **parts: Any) -> dict[str, Any]:
    """Return a message with a card of schema 2.0."""
    return card(schema="2.0", body={"elements": list(elements)}, **parts)


def test_the_signature_is_the_platforms() -> None:
    """Seconds, time and secret as key, an empty text: a published example's value."""
    expected = "TIH0WP9aIHKXTFAgeCQmMBnhP6/kIuUWmJ3nUzCNsrA="
    assert signature("exampleLarkSecret", "1767225600") == expected


async def test_a_signed_message_is_shown(lab: ChatLab) -> None:
    """The answer has today's and the former keys; signature and time are not kept."""
    assert await lab.lark(TEXT) == {
        "code": 0,
        "msg": "success",
        "data": {},
        "Extra": None,
        "StatusCode": 0,
        "StatusMessage": "success",
    }
    (message,) = lab.chats.messages("people")
    assert (message["body"], message["text"]) == (TEXT, "hello 文")


@pytest.mark.parametrize(
    ("off", "code"), [(0, 0), (3600, 0), (-3600, 0), (3601, 19021), (-3601, 19021)]
)
async def test_a_signature_is_good_for_an_hour(lab: ChatLab, off: int, code: int) -> None:
    """The signed time may be an hour off, either way, and not a second more."""
    assert (await lab.lark(TEXT, off=off))["code"] == code


async def test_a_number_as_time_is_accepted(lab: ChatLab) -> None:
    """The time in the body may be a number or a text."""
    now = int(lab.clock.now())
    body = {**TEXT, "timestamp": now, "sign": signature("locallarksecretpeople", str(now))}
    assert (await lab.lark(body))["code"] == 0


@pytest.mark.parametrize(
    ("url", "method", "headers", "body", "code"),
    [
        pytest.param(PEOPLE, "GET", JSON, b"", 9499, id="method"),
        pytest.param(PEOPLE, "POST", {}, b"{}", 9499, id="type"),
        pytest.param(PEOPLE + "x", "POST", JSON, b"{}", 19001, id="unknown hook"),
        pytest.param(PEOPLE, "POST", JSON, b"{", 9499, id="no JSON"),
        pytest.param(PEOPLE, "POST", JSON, b'{"a":"\\ud800"}', 9499, id="half a character"),
        pytest.param(PEOPLE, "POST", JSON, b" " * 20_481, 19036, id="too long"),
        pytest.param(PEOPLE, "POST", JSON, json.dumps(TEXT).encode(), 19021, id="unsigned"),
    ],
)
async def test_requests_that_are_not_right_are_refused(
    lab: ChatLab, url: str, method: str, headers: dict[str, str], body: bytes, code: int
) -> None:
    """Each mistake has the platform's code, with HTTP 200, and nothing is shown."""
    response = await lab.request(url, body, method=method, headers=headers)
    assert (response.status, json.loads(response.body)["code"]) == (200, code)
    assert lab.texts("people") == []


async def test_a_signature_made_the_other_platforms_way_is_refused(lab: ChatLab) -> None:
    """The secret as key, as DingTalk does it, does not open a Lark chat."""
    body = {**TEXT, "timestamp": "1767225600"}
    body["sign"] = "nZogKf8fFAdgfmT+RQXiYe+k2gEH5HJJ3lkaJ1/a6sI="
    assert (await lab.lark(body))["code"] == 19021


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({}, 19002, id="no type"),
        pytest.param({"msg_type": "voice", "content": {}}, 19002, id="unknown type"),
        pytest.param({"msg_type": "text", "content": {}}, 9499, id="no text"),
        pytest.param({"msg_type": "text", "content": {"text": 5}}, 9499, id="number"),
        pytest.param({"msg_type": "text", "content": "x"}, 9499, id="content as text"),
        pytest.param({"msg_type": "post", "content": {"post": {"en_us": {}}}}, 0, id="post"),
        pytest.param({"msg_type": "interactive"}, 9499, id="no card"),
        pytest.param({"msg_type": "interactive", "card": "{"}, 9499, id="card as broken text"),
        pytest.param({"msg_type": "interactive", "card": '{"elements":[]}'}, 0, id="as text"),
        pytest.param(card(elements=[{"tag": "no-such-tag"}], odd=1), 0, id="1.0 ignores"),
        pytest.param(card(elements="x"), 200621, id="1.0 with no list"),
        pytest.param(card(schema="3.0"), 200621, id="unknown schema"),
        pytest.param(card_2({"tag": "div"}, {"tag": "markdown", "content": "x"}), 0, id="2.0"),
        pytest.param(card_2({"tag": "action", "actions": []}), 200861, id="2.0 action"),
        pytest.param(card_2({"tag": "note", "elements": []}), 200861, id="2.0 note"),
        pytest.param(
            card_2(
                {"tag": "column_set", "columns": [{"tag": "column", "elements": [{"tag": "note"}]}]}
            ),
            200861,
            id="2.0 note inside",
        ),
        pytest.param(card_2(elements=[]), 200621, id="2.0 with elements of 1.0"),
        pytest.param(card_2(config={"update_multi": False}), 200621, id="2.0 not shared"),
        pytest.param(card_2("x"), 200621, id="2.0 with a text as element"),
    ],
)
async def test_messages_must_be_of_a_known_form(
    lab: ChatLab, body: dict[str, Any], code: int
) -> None:
    """Cards of JSON 1.0 may hold anything; those of 2.0 only what 2.0 knows."""
    assert (await lab.lark(body))["code"] == code


async def test_a_bot_with_a_keyword_wants_it(lab: ChatLab) -> None:
    """A chat without a secret takes what holds its keyword."""
    assert (await lab.lark(TEXT, chat="board"))["code"] == 19024
    good = {"msg_type": "text", "content": {"text": "[ECS] done"}}
    assert (await lab.lark(good, chat="board"))["code"] == 0


async def test_five_a_second_and_a_hundred_a_minute_are_taken(lab: ChatLab) -> None:
    """More are refused, and the next ones are taken as soon as the window has moved on."""

    async def send() -> int:
        return int((await lab.lark(TEXT))["code"])

    assert [await send() for _ in range(6)] == [0] * 5 + [11232]
    for _ in range(19):
        lab.clock.advance(1)
        assert [await send() for _ in range(5)] == [0] * 5
    lab.clock.advance(1)
    assert await send() == 11232
    lab.clock.advance(40)
    assert await send() == 0
    assert len(lab.chats.messages("people", limit=1000)) == 101


async def test_a_fault_refuses_as_often_as_it_says(lab: ChatLab) -> None:
    """A fault without a code is 'too many messages'; it ends after its number of times."""
    lab.faults.set(Fault("chat:people", times=2))
    assert [(await lab.lark(TEXT))["code"] for _ in range(3)] == [11232, 11232, 0]
    lab.faults.set(Fault("chat:people", error="19022"))
    assert (await lab.lark(TEXT))["msg"] == "Ip Not Allowed"


async def test_a_repeat_is_shown_once_although_it_is_signed_anew(lab: ChatLab) -> None:
    """The signature's time is no part of the message."""
    for _ in range(3):
        headers = {**JSON, "idempotency-key": "event-1"}
        assert (await lab.lark(TEXT, headers=headers))["code"] == 0
        lab.clock.advance(1)
    assert lab.texts("people") == ["hello 文"]
