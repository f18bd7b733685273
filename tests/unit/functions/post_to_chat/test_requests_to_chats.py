"""What is sent to a chat, signed as its platform wants it, and what its answers mean."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.cloud.errors import SettingError
from functions.cloud.web import Answer
from functions.platforms import dingtalk, lark
from functions.platforms.base import ChatPlatform, Meaning
from functions.post_to_chat.chats import Chat, judge, outgoing, read

NOW = 1_767_225_600.0
MESSAGE = {"msgtype": "text", "text": {"content": "文"}}
OPS = Chat(
    "ops",
    ChatPlatform.DINGTALK,
    "https://oapi.dingtalk.com/robot/send?access_token=hook-credential",
    "SECcredential",
)
PEOPLE = Chat(
    "people",
    ChatPlatform.LARK,
    "https://open.feishu.cn/open-apis/bot/v2/hook/hook-credential",
    "lark-credential",
)
DEV = Chat(
    "dev",
    ChatPlatform.WECOM,
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hook-credential",
    "",
)


def says(status: int = 200, **fields: Any) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, json.dumps(fields).encode())


OK_DINGTALK = says(errcode=0, errmsg="ok")
OK_LARK = says(code=0, msg="success", data={}, Extra=None, StatusCode=0, StatusMessage="success")


def test_dingtalk_gets_the_message_signed_in_the_query() -> None:
    """The message goes out unchanged; time and signature are of the moment of sending."""
    ready = outgoing(OPS, MESSAGE, "event-1", NOW)
    assert parse_qs(urlsplit(ready.url).query) == {
        "access_token": ["hook-credential"],
        "timestamp": ["1767225600000"],
        "sign": [dingtalk.signature("SECcredential", 1767225600000)],
    }
    assert ready.body == '{"msgtype":"text","text":{"content":"文"}}'.encode()
    assert ready.headers == {
        "content-type": "application/json; charset=utf-8",
        "idempotency-key": "event-1",
    }


def test_lark_gets_the_message_signed_in_the_body() -> None:
    """Time and signature stand beside the content, and the URL stays as it is."""
    ready = outgoing(PEOPLE, MESSAGE, "event-1", NOW)
    assert ready.url == PEOPLE.webhook
    signed = {"timestamp": "1767225600", "sign": lark.signature("lark-credential", 1767225600)}
    assert json.loads(ready.body) == {**MESSAGE, **signed}


def test_a_chat_without_secret_gets_no_signature() -> None:
    """A robot that looks for a keyword, and every robot of WeCom, is sent the bare message."""
    for chat in (PEOPLE._replace(secret=""), DEV):
        ready = outgoing(chat, MESSAGE, "event-1", NOW)
        assert (ready.url, json.loads(ready.body)) == (chat.webhook, MESSAGE)


@pytest.mark.parametrize(
    ("platform", "answer", "meaning", "code"),
    [
        ("dingtalk", OK_DINGTALK, Meaning.SENT, "0"),
        ("dingtalk", says(errcode="0"), Meaning.SENT, "0"),
        ("dingtalk", says(errcode=0.0), Meaning.SENT, "0"),
        ("dingtalk", says(errcode=-1, errmsg="system busy"), Meaning.LATER, "-1"),
        (
            "dingtalk",
            says(
                status=1111,
                wait=5,
                source="x5",
                punish="deny",
                errcode=130101,
                errmsg="send too fast, exceed 20 times per minute",
            ),
            Meaning.LATER,
            "130101",
        ),
        ("dingtalk", says(errcode=410100, errmsg="发送速度太快而限流"), Meaning.LATER, "410100"),
        ("dingtalk", says(errcode=310000, errmsg="sign not match"), Meaning.REFUSED, "310000"),
        (
            "dingtalk",
            says(errcode=310000, errmsg="keywords not in content"),
            Meaning.REFUSED,
            "310000",
        ),
        ("dingtalk", says(errcode=300005, errmsg="token is not exist"), Meaning.REFUSED, "300005"),
        ("dingtalk", says(errcode=400013, errmsg="group dissolved"), Meaning.REFUSED, "400013"),
        ("dingtalk", says(errcode=999999), Meaning.REFUSED, "999999"),
        ("dingtalk", says(errcode=40035, errmsg="missing parameter"), Meaning.BAD_FORM, "40035"),
        (
            "dingtalk",
            says(errcode=400105, errmsg="unsupported msgtype"),
            Meaning.BAD_FORM,
            "400105",
        ),
        (
            "dingtalk",
            says(errcode=460101, errmsg="message too long, exceed 20000 bytes"),
            Meaning.TOO_LONG,
            "460101",
        ),
        ("dingtalk", says(code=0), Meaning.LATER, "Http200"),
        ("dingtalk", says(errcode=None), Meaning.LATER, "Http200"),
        ("dingtalk", says(500, errcode=0), Meaning.LATER, "0"),
        ("lark", OK_LARK, Meaning.SENT, "0"),
        ("lark", says(StatusCode=0, StatusMessage="success"), Meaning.SENT, "0"),
        (
            "lark",
            says(
                code=11232, msg="frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]"
            ),
            Meaning.LATER,
            "11232",
        ),
        ("lark", says(code=9499, msg="frequency limited"), Meaning.LATER, "9499"),
        ("lark", says(code=9499, msg="too many request"), Meaning.LATER, "9499"),
        ("lark", says(code=9499, msg="Bad Request", data={}), Meaning.BAD_FORM, "9499"),
        ("lark", says(400, code=9499, msg="Bad Request"), Meaning.BAD_FORM, "9499"),
        ("lark", says(code=19002, msg="params error"), Meaning.BAD_FORM, "19002"),
        ("lark", says(code=200621, msg="parse card json err"), Meaning.BAD_FORM, "200621"),
        ("lark", says(code=200861, msg="unsupported tag action"), Meaning.BAD_FORM, "200861"),
        (
            "lark",
            says(code=19001, msg="param invalid: incoming webhook access token invalid"),
            Meaning.REFUSED,
            "19001",
        ),
        (
            "lark",
            says(
                code=19021,
                msg="sign match fail or timestamp is not within one hour from current time",
            ),
            Meaning.REFUSED,
            "19021",
        ),
        ("lark", says(code=19022, msg="Ip Not Allowed"), Meaning.REFUSED, "19022"),
        ("lark", says(code=19024, msg="Key Words Not Found"), Meaning.REFUSED, "19024"),
        ("lark", says(code=19036, msg="message too large"), Meaning.TOO_LONG, "19036"),
        ("lark", says(errcode=0), Meaning.LATER, "Http200"),
        ("lark", Answer(413, b"<html>"), Meaning.TOO_LONG, "Http413"),
        ("lark", Answer(429, b""), Meaning.LATER, "Http429"),
        ("lark", Answer(502, b"<html>Bad Gateway</html>"), Meaning.LATER, "Http502"),
        ("lark", Answer(200, b"<html>please log in</html>"), Meaning.LATER, "Http200"),
        ("lark", Answer(200, b""), Meaning.LATER, "Http200"),
        ("lark", Answer(200, b"[]"), Meaning.LATER, "Http200"),
        ("lark", Answer(200, b"[" * 99_999), Meaning.LATER, "Http200"),
        ("lark", Answer(404, b"page not found"), Meaning.REFUSED, "Http404"),
        ("lark", Answer(302, b""), Meaning.REFUSED, "Http302"),
        ("lark", says(201, code=0), Meaning.REFUSED, "0"),
        ("wecom", says(errcode=0, errmsg="ok"), Meaning.SENT, "0"),
        ("wecom", says(errcode=45009, errmsg="api freq out of limit"), Meaning.LATER, "45009"),
        ("wecom", says(errcode=93000, errmsg="invalid webhook url"), Meaning.REFUSED, "93000"),
        ("wecom", says(errcode=40008, errmsg="invalid message type"), Meaning.BAD_FORM, "40008"),
        (
            "wecom",
            says(errcode=40058, errmsg="markdown.content exceed max length 4096"),
            Meaning.TOO_LONG,
            "40058",
        ),
        ("dingtalk", says(errcode=400402, errmsg="x"), Meaning.BAD_FORM, "400402"),
        ("dingtalk", says(errcode=430104, errmsg="x"), Meaning.BAD_CONTENT, "430104"),
        ("lark", says(code=230099, msg="Failed to create card"), Meaning.BAD_FORM, "230099"),
        ("lark", says(code=230028, msg="DLP"), Meaning.BAD_CONTENT, "230028"),
    ],
)
def test_each_answer_has_a_meaning(
    platform: str, answer: Answer, meaning: Meaning, code: str
) -> None:
    """HTTP 200 is no success; only the platform's own zero is."""
    chat = Chat("ops", ChatPlatform(platform), "https://chat.example/x", "")
    assert judge(chat, answer)[:2] == (meaning, code)


def test_the_platforms_own_words_are_kept() -> None:
    """They stand in the log and in the dead letter, cut and on one line."""
    words = judge(OPS, says(errcode=310000, errmsg="sign\n not " + "x" * 500)).words
    assert words.startswith("sign not xxx")
    assert len(words) == 200
    assert judge(PEOPLE, says(StatusCode=19021, StatusMessage="sign match fail")).words == (
        "sign match fail"
    )


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (
            {"ops": {"platform": "slack", "webhook": "https://x/credential"}},
            r"CHATS: $.ops.platform must be one of: dingtalk, lark, wecom",
        ),
        (
            {"ops": {"platform": "lark", "webhook": "file:///credential"}},
            "CHATS: $.ops.webhook must be an http",
        ),
        ({"ops": {"platform": "lark"}}, "CHATS: $.ops.webhook must be an http"),
        ({"ops": "credential"}, "CHATS: $.ops.platform must be"),
        ({"ops": {"platform": "lark", "webhook": "https://"}}, "must be an http"),
    ],
)
def test_one_chats_wrong_setting_touches_no_other(given: dict[str, object], error: str) -> None:
    """It is an error about that chat alone, with variable and path, never with a webhook."""
    good = {"platform": "lark", "webhook": "https://x.example/y"}
    found = read({"CHATS": json.dumps({**given, "board": good})})
    assert found["board"] == Chat("board", ChatPlatform.LARK, "https://x.example/y", "")
    assert isinstance(found["ops"], SettingError)
    assert error in str(found["ops"])
    assert "credential" not in str(found["ops"])


def test_chats_that_are_no_object_are_named() -> None:
    """Then there is no chat to tell apart."""
    with pytest.raises(SettingError, match="CHATS: must be a JSON object"):
        read({"CHATS": '["credential"]'})


def test_a_chat_shows_no_credential() -> None:
    """Whoever has the webhook can post."""
    assert "credential" not in repr(OPS)
