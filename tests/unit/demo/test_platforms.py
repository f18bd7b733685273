"""The local platforms seal what the functions open, and push again as the real ones do."""

import json
from typing import Any

import httpx
import pytest

from demo.platforms.company import Company, Instance
from demo.platforms.dingtalk import DingTalk
from demo.platforms.lark import Lark
from demo.platforms.pushes import Push, Pusher
from functions.receive_approval import dingtalk_push, lark_push, push
from functions.receive_approval.http_call import Call
from functions.receive_approval.settings import Source
from localcloud.environment import Environment
from tests.unit.functions.receive_approval import pushes as apps

APP: dict[str, Any] = {"people": {}}


def company(kind: type[Company], source: Source) -> Company:
    """Return the platform of an app whose secrets the function knows."""
    names = ("app_id", "tenant", "app_secret", "token", "key")
    options = APP | {name: getattr(source, name) for name in names}
    made = kind(options, Environment(), Pusher(lambda: 0.0))
    made.now = lambda: apps.NOW
    made.url = f"http://127.0.0.1/{source.name}"
    return made


def call(made: Push, source: Source) -> Call:
    """Return the call that a push becomes at the function."""
    url, headers, body = made.make()
    return Call("POST", f"/{source.name}", dict(httpx.URL(url).params), headers, body)


def test_dingtalk_and_the_function_understand_each_other() -> None:
    """Two implementations of one cipher: each opens what the other has sealed."""
    dingtalk = company(DingTalk, apps.DINGTALK)
    made = dingtalk.decided(Instance("i-1", "PROC-1", "lilei", {}, 0.0))
    opened, answer = dingtalk_push.open_push(
        call(made, apps.DINGTALK), apps.DINGTALK, apps.NOW, apps.CHANCE
    )
    assert isinstance(opened, push.Approval)
    assert (opened.instance, opened.definition) == ("i-1", "PROC-1")
    assert made.is_taken(httpx.Response(200, json=dict(answer)))
    assert not made.is_taken(httpx.Response(200, json={"encrypt": "success"}))
    assert not made.is_taken(httpx.Response(503, json=dict(answer)))


def test_lark_and_the_function_understand_each_other() -> None:
    """The same for Lark, with its challenge."""
    lark = company(Lark, apps.LARK)
    opened, _ = lark_push.open_push(
        call(lark.decided(Instance("i-1", "CODE-1", "ou", {}, 0.0)), apps.LARK), apps.LARK, apps.NOW
    )
    assert isinstance(opened, push.Approval)
    handshake = lark.handshake(lark.url)
    answered, _ = lark_push.open_push(call(handshake, apps.LARK), apps.LARK, apps.NOW)
    assert isinstance(answered, push.Handshake)
    assert handshake.is_taken(httpx.Response(200, content=json.dumps(dict(answered.answer))))


@pytest.mark.parametrize(
    ("kind", "source", "moments"),
    [
        # "Push and retry" of Lark; DingTalk's is not documented, so it does not push again.
        (Lark, apps.LARK, [0.0, 15.0, 315.0, 3915.0, 25_515.0]),
        (DingTalk, apps.DINGTALK, [0.0]),
    ],
)
async def test_pushes_that_nobody_takes(
    kind: type[Company], source: Source, moments: list[float]
) -> None:
    """They come again when the platform says, and no more often."""
    now, seen = 0.0, []
    pusher = Pusher(lambda: now)

    def refuse(request: httpx.Request) -> httpx.Response:
        seen.append(now)
        return httpx.Response(500)

    platform = company(kind, source)
    pusher.later(platform.decided(Instance("i-1", "D", "ou", {}, 0.0)))
    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as client:
        for moment in (0.0, 14.9, 15.0, 314.9, 315.0, 3915.0, 25_515.0, 90_000.0):
            now = moment
            await pusher.send_due(client)
    assert seen == moments
