"""What post-to-chat sends, and what it makes of each answer."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.cloud.errors import PermanentError, SettingError, UnreachableError
from functions.cloud.web import Answer
from functions.platforms import dingtalk, lark
from functions.platforms.base import ChatPlatform, Meaning
from functions.post_to_chat.chats import Chat, judge
from functions.post_to_chat.chats import read as chats
from functions.post_to_chat.direct import (
    ChatBusyError,
    ChatRefusedError,
    fallback,
    serve,
)
from functions.report import result as told
from functions.report.i18n import words
from functions.report.messages import Style, build
from functions.report.outcome import Outcome
from functions.report.results import detail
from functions.request.deployment import Language
from functions.request.fields import Request

NOW = 1_767_225_600.0
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
BOARD = Chat(
    "board", ChatPlatform.LARK, "https://open.feishu.cn/open-apis/bot/v2/hook/board-credential", ""
)
KNOWN = {chat.name: chat for chat in (OPS, PEOPLE, BOARD)}

OUTCOME = Outcome(
    Request("provision", "event-1", "s", chat="ops", emp_id="E123"),
    "Success",
    output="<at id=all> **done**",
)
ENGLISH = words(Language.ENGLISH)
MARKDOWN, CARD = (
    build(told.read(detail(OUTCOME, ENGLISH)), Style(name, ENGLISH), "event-1")
    for name in (ChatPlatform.DINGTALK, ChatPlatform.LARK)
)


def result(chat: object = "ops", message: object = MARKDOWN) -> bytes:
    """Return a result event."""
    data = {"detail": {"origin": {"chat": chat}}, "message": message}
    return json.dumps({"id": "event-1", "source": "ecs.provisioning", "data": data}).encode()


class Platform:
    """Stands in for the chats: gives prepared answers and remembers what was sent."""

    def __init__(self, *answers: Answer | UnreachableError) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, dict[str, str], Any]] = []

    def __call__(self, method: str, url: str, headers: Any, body: bytes, seconds: float) -> Answer:
        """Take a request."""
        assert (method, seconds) == ("POST", 10)
        self.sent.append((url, dict(headers), json.loads(body)))
        answer = self.answers.pop(0)
        if isinstance(answer, UnreachableError):
            raise answer
        return answer


def says(status: int = 200, **fields: Any) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, json.dumps(fields).encode())


OK_DINGTALK = says(errcode=0, errmsg="ok")
OK_LARK = says(code=0, msg="success", data={}, Extra=None, StatusCode=0, StatusMessage="success")


def post(platform: Platform, payload: bytes) -> dict[str, Any]:
    """Serve an event; give the line that was logged."""
    line: dict[str, Any] = json.loads(serve(payload, KNOWN, platform, lambda: NOW))
    return line


def test_dingtalk_gets_the_message_signed_in_the_query() -> None:
    """The finished message goes out unchanged; time and signature are of the moment of sending."""
    platform = Platform(OK_DINGTALK)
    line = post(platform, result())
    ((url, headers, body),) = platform.sent
    query = parse_qs(urlsplit(url).query)
    assert {
        "access_token": ["hook-credential"],
        "timestamp": ["1767225600000"],
        "sign": [dingtalk.signature("SECcredential", 1767225600000)],
    } == query
    assert body == MARKDOWN
    assert (
        headers["idempotency-key"],
        headers["content-type"],
    ) == ("event-1", "application/json; charset=utf-8")
    assert (line["decision"], line["chat"], line["form"]) == ("sent", "ops", "finished")


def test_lark_gets_the_message_signed_in_the_body() -> None:
    """The card goes out with time and signature beside it, and the URL stays as it is."""
    platform = Platform(OK_LARK)
    post(platform, result("people", CARD))
    ((url, _, body),) = platform.sent
    assert PEOPLE.webhook == url
    signed = {"timestamp": "1767225600", "sign": lark.signature("lark-credential", 1767225600)}
    assert body == {**CARD, **signed}


def test_a_chat_without_secret_gets_no_signature() -> None:
    """A bot in keyword mode is sent the bare message."""
    platform = Platform(OK_LARK)
    post(platform, result("board", CARD))
    assert [(url, body) for url, _, body in platform.sent] == [(BOARD.webhook, CARD)]


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
    ],
)
def test_each_answer_has_a_meaning(
    platform: str, answer: Answer, meaning: Meaning, code: str
) -> None:
    """HTTP 200 is no success; only the platform's own zero is."""
    chat = Chat("ops", ChatPlatform(platform), "https://chat.example/x", "")
    assert judge(chat, answer)[:2] == (meaning, code)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(errcode=130101, errmsg="send too fast"), ChatBusyError),
        (Answer(200, b"<html>"), ChatBusyError),
        (UnreachableError("no whole answer within 10 s", "Timeout"), ChatBusyError),
        (says(errcode=310000, errmsg="sign not match, hook-credential"), ChatRefusedError),
        (Answer(404, b"hook-credential"), ChatRefusedError),
    ],
)
def test_what_was_not_sent_is_raised_without_the_webhook(
    answer: Answer | UnreachableError, error: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    """EventBridge tries again or keeps the dead letter; nobody learns the URL or the secret."""
    platform = Platform(answer)
    with pytest.raises(error, match=r"chat ops \(dingtalk\)") as caught:
        post(platform, result())
    assert len(platform.sent) == 1
    assert "credential" not in f"{caught.value}{caught.value!r}{capsys.readouterr().out}{OPS!r}"


@pytest.mark.parametrize(
    ("chat", "message", "answer", "ok", "where"),
    [
        (
            "people",
            CARD,
            says(code=200621, msg="parse card json err"),
            OK_LARK,
            ("content", "text"),
        ),
        ("people", CARD, says(code=9499, msg="Bad Request"), OK_LARK, ("content", "text")),
        (
            "ops",
            MARKDOWN,
            says(errcode=400105, errmsg="unsupported"),
            OK_DINGTALK,
            ("text", "content"),
        ),
    ],
)
def test_a_form_that_is_refused_is_sent_once_as_text(
    chat: str, message: dict[str, Any], answer: Answer, ok: Answer, where: tuple[str, str]
) -> None:
    """The same facts arrive as plain text, signed anew, with a key of their own, no mention."""
    platform = Platform(answer, ok)
    line = post(platform, result(chat, message))
    assert line["form"] == "text"
    (_, first, _), (_, second, body) = platform.sent
    assert (first["idempotency-key"], second["idempotency-key"]) == ("event-1", "event-1:text")
    text = body[where[0]][where[1]]
    assert "[ECS]" in text
    assert "E123" in text
    assert "<" not in text
    assert body.get("msg_type", body.get("msgtype")) == "text"
    assert (chat == "people") == ("sign" in body)


def test_text_holds_no_mention_that_was_harmless_in_a_card() -> None:
    """What a card shows as plain text would be a mention in a text message."""
    elements = [{"tag": "plain_text", "content": '<at user_id="all">all</at>'}]
    message = {"msg_type": "interactive", "card": {"elements": elements}}
    platform = Platform(says(code=200621, msg="parse card json err"), OK_LARK)
    post(platform, result("people", message))
    text = platform.sent[1][2]["content"]["text"]
    assert "at user_id" in text
    assert "<" not in text


def test_a_message_that_is_too_long_is_sent_once_shorter() -> None:
    """A chat with a narrower limit than documented gets the beginning."""
    message = {
        "msgtype": "markdown",
        "markdown": {"title": "[ECS]", "text": "[ECS] " + "开" * 5000},
    }
    platform = Platform(says(errcode=460101), OK_DINGTALK)
    post(platform, result("ops", message))
    text = platform.sent[1][2]["text"]["content"]
    assert len(text.encode()) < 3100
    assert text.endswith("开…")


def test_text_that_is_refused_too_is_raised() -> None:
    """There is one second try, not a loop."""
    platform = Platform(says(code=9499, msg="Bad Request"), says(code=9499, msg="Bad Request"))
    with pytest.raises(ChatRefusedError, match="9499: bad form"):
        post(platform, result("people", CARD))
    assert len(platform.sent) == 2


def test_text_that_is_throttled_comes_again() -> None:
    """A rate limit at the second try is temporary as at the first."""
    platform = Platform(says(code=9499, msg="Bad Request"), says(code=11232, msg="frequency"))
    with pytest.raises(ChatBusyError):
        post(platform, result("people", CARD))


def test_a_message_in_another_platforms_form_is_sent_as_text() -> None:
    """A message that waited while its chat moved to another platform is not lost."""
    platform = Platform(says(code=19002, msg="params error, msg_type need"), OK_LARK)
    post(platform, result("people", MARKDOWN))
    assert "E123" in platform.sent[1][2]["content"]["text"]


@pytest.mark.parametrize("meaning", [Meaning.SENT, Meaning.LATER, Meaning.REFUSED])
def test_other_answers_have_no_second_try(meaning: Meaning) -> None:
    """A throttled or refused message is not sent again at once."""
    assert fallback(CARD, PEOPLE, meaning) is None


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (result("nobody"), "names no known chat; known: board, ops, people"),
        (result(None), "names no known chat"),
        (result(["ops"]), "names no known chat"),
        (result("ops", "text"), "holds no message"),
        (result("ops", None), "holds no message"),
        (b"[]", "not an event"),
    ],
)
def test_what_cannot_be_sent_is_raised(payload: bytes, error: str) -> None:
    """An event for nobody or without a message ends in the dead-letter queue."""
    platform = Platform()
    with pytest.raises(PermanentError, match=error):
        post(platform, payload)
    assert platform.sent == []


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (
            {"ops": {"platform": "slack", "webhook": "https://x/credential"}},
            r"CHATS: \$\.ops\.platform must be one of: dingtalk, lark",
        ),
        (
            {"ops": {"platform": "lark", "webhook": "file:///credential"}},
            r"CHATS: \$\.ops\.webhook must be an http",
        ),
        ({"ops": {"platform": "lark"}}, r"CHATS: \$\.ops\.webhook must be an http"),
        ({"ops": "credential"}, r"CHATS: \$\.ops\.platform must be"),
        ({"ops": {"platform": "lark", "webhook": "https://"}}, "must be an http"),
    ],
)
def test_one_chats_wrong_setting_touches_no_other(given: dict[str, object], error: str) -> None:
    """It is told when that chat is addressed, by variable and path, never with a webhook."""
    good = {"platform": "lark", "webhook": "https://x.example/y"}
    known = chats({"CHATS": json.dumps({**given, "board": good})})
    platform = Platform(OK_LARK)
    serve(result("board", CARD), known, platform, lambda: NOW)
    assert len(platform.sent) == 1
    with pytest.raises(SettingError, match=error) as caught:
        serve(result("ops"), known, platform, lambda: NOW)
    assert "credential" not in str(caught.value)
    assert len(platform.sent) == 1


def test_chats_that_are_no_object_are_named() -> None:
    """Then there is no chat to tell apart."""
    with pytest.raises(SettingError, match="CHATS: must be a JSON object"):
        chats({"CHATS": '["credential"]'})


def test_a_secret_is_optional() -> None:
    """A chat needs a platform and a webhook."""
    given = {"board": {"platform": "lark", "webhook": "https://x.example/y"}}
    assert chats({"CHATS": json.dumps(given)}) == {
        "board": Chat("board", ChatPlatform.LARK, "https://x.example/y", "")
    }
