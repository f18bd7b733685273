"""Finished messages: what they say, that nothing breaks out of them, and how long they get."""

# ruff: noqa: RUF001 - Chinese and look-alikes are what is tested.

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.platforms import platform
from functions.platforms.base import ChatPlatform, encode
from functions.platforms.markup import neutral, neutral_lines
from functions.report import messages as written
from functions.report import result
from functions.report.i18n import words
from functions.report.messages import Style, build
from functions.report.outcome import Outcome, RunResult
from functions.report.output import presentable
from functions.report.reason import Reason, Rule, Span
from functions.report.results import detail
from functions.request.deployment import Chat, Language
from functions.request.fields import FIELDS, Request
from tests.unit.functions.samples import patient

DINGTALK, LARK = ChatPlatform.DINGTALK, ChatPlatform.LARK
ENGLISH, CHINESE = Language.ENGLISH, Language.CHINESE
CHATS = [Chat(name, language) for name in ChatPlatform for language in Language]
OUTCOME = Outcome(
    Request("provision", "event-1", "dingtalk.approval", chat="ops", emp_id="E123", role="devops"),
    "Success",
)

HOSTILE = [
    "<at id=all></at>",
    '<at user_id="all">all</at>',
    "@all @所有人",
    "[click](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "**bold** __bold__ *it* _it_ ~~no~~",
    "# heading",
    "> quote",
    "- item",
    "1. item",
    "---",
    "```\ncode\n```",
    "`code`",
    "<font color=red>x</font>",
    "&lt;at id=all&gt; &#64;all",
    "    indented code",
    '"},"at":{"isAtAll":true},"x":{"y":"',
    "\\*\\_\\[",
    "https://evil.example/login",
    "a\nb\r\nc\u2028d",
    "{{emp_id}} ${x} {0} %s",
    "|a|b|",
    "\u202etxt.exe",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_neutral_text_means_nothing(text: str) -> None:
    """Nothing that could begin markup, a link, a tag, an entity or a mention is left."""
    for line in neutral_lines(presentable(text)):
        assert not set(line) & set("\\`*[]#<>@|~&")
        assert "://" not in line
        assert not re.search(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", line)
        assert not re.match(r" |[-+=]|\d+[.)]", line)


@pytest.mark.parametrize(
    "text",
    [
        "E123",
        "li.lei",
        "20261122-0001",
        "user_name_1",
        "李雷 (Li Lei)",
        "i-bp1",
        "42 s",
        "a: b",
        "99%",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Names, ids and sentences are shown and copied unchanged."""
    assert neutral(text) == text


def message_for(outcome: Outcome, chat: Chat, event_id: str = "event-1") -> dict[str, Any]:
    """Return the message of an outcome for a chat."""
    language = words(chat.language)
    return build(result.read(detail(outcome, language)), Style(chat.platform, language), event_id)


def told(text: str, status: str = "Failed") -> Outcome:
    """Return an outcome whose every text is the same."""
    request = Request(**{**dict.fromkeys(FIELDS, text), "action": "provision", "chat": "ops"})
    return Outcome(
        request,
        status,
        invoke_id=text,
        command_id=text,
        instance_id=text,
        counts=((text, 3),),
        runs=(RunResult(text, text, 1, text),) * 100,
        unreached=(text,) * 100,
        host_name=text,
        host_address=text,
        exit_code=1,
        start_time=text,
        finish_time=text,
        output=presentable(text),
        dropped=9,
        error=text,
        script_sha256=text,
        repeat=True,
    )


def texts_of(message: Any, tag: str) -> list[str]:
    """Return the contents of a card's parts of one kind."""
    if isinstance(message, dict):
        own = [message["content"]] if message.get("tag") == tag else []
        return own + [t for v in message.values() for t in texts_of(v, tag)]
    if isinstance(message, list):
        return [t for v in message for t in texts_of(v, tag)]
    return []


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_out_of_dingtalks_markdown(text: str, language: Language) -> None:
    """The message has our headings, list and quotes, and nobody else's markup or mention."""
    message = json.loads(encode(message_for(told(text), Chat(DINGTALK, language))))
    assert set(message) == {"msgtype", "markdown", "at", "msgUuid"}
    assert message["at"] == {"isAtAll": False}
    assert message["markdown"]["title"].startswith("[ECS]")
    lines = message["markdown"]["text"].split("\n")
    assert lines[0].startswith("### [ECS] ")
    for line in lines:
        kind = re.match(r"### \[ECS\] |- \*\*[^*]+\*\*(: |：)|\*\*[^*]+\*\*$|> |>$|###### |$", line)
        rest = line[kind.end() :] if kind else line
        assert not set(rest) & set("\\`*[]#<>@|~&"), line
        assert "://" not in rest


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_out_of_larks_card(text: str, language: Language) -> None:
    """Markup is only ours, and what came from outside stands in plain text or is neutral."""
    message = json.loads(encode(message_for(told(text), Chat(LARK, language))))
    assert set(message) == {"msg_type", "card"}
    assert set(message["card"]) == {"config", "header", "elements"}
    assert message["card"]["header"]["title"]["content"].startswith("[ECS] ")
    assert {"hr", "div", "note"} >= {element["tag"] for element in message["card"]["elements"]}
    for content in texts_of(message, "lark_md"):
        assert not set(re.sub(r"^\*\*[^*\n]+\*\*\n", "", content)) & set("\\`*[]#<>@|~&\n"), content
    for content in texts_of(message, "plain_text"):
        assert "<" not in content
        assert "\u202e" not in content


@patient
@given(
    st.sampled_from(CHATS),
    st.text(st.sampled_from('a*<>"\\\n开😀\u00e9_#@&[]`-\x1b\ud800'), max_size=60),
    st.integers(1, 400),
)
@example(CHATS[0], "*" * 60, 400)
@example(CHATS[3], "😀" * 60, 400)
@example(CHATS[2], '"' * 60, 400)
@example(CHATS[1], "*\n" * 30, 400)
def test_messages_and_events_stay_under_every_limit(chat: Chat, unit: str, times: int) -> None:
    """However long each text is, a message is under 18,000 bytes and a result event under 64 KB."""
    outcome = told(unit * times)
    message = message_for(outcome, chat, "e" * 128)
    most_bytes = platform(chat.platform).most_bytes
    assert len(encode(message)) < most_bytes
    assert json.loads(encode(message))["msg_type" if chat.platform is LARK else "msgtype"]
    told_detail = json.dumps(detail(outcome, words(chat.language)), ensure_ascii=False)
    assert len(told_detail.encode("utf-8", "replace")) + most_bytes < 60_000


@pytest.mark.parametrize("chat", CHATS, ids=str)
def test_a_worst_case_keeps_its_output(chat: Chat) -> None:
    """The limit is reached by design, not by dropping the output."""
    output = presentable("*开😀" * 5000 + "\nlast line")
    outcome = OUTCOME._replace(status="Failed", output=output)
    assert "last line" in encode(message_for(outcome, chat)).decode()


@pytest.mark.parametrize("chat", CHATS, ids=str)
def test_a_repeat_says_so(chat: Chat) -> None:
    """An answer to a repeat cannot be taken for a second run."""
    notice = words(chat.language).labels["repeat"]
    shown = encode(message_for(OUTCOME._replace(repeat=True), chat)).decode()
    assert notice in shown
    assert notice not in encode(message_for(OUTCOME, chat)).decode()


def test_several_instances_are_one_message_with_totals() -> None:
    """A request on many instances says on how many it was done, and where it was not."""
    runs = (RunResult("i-7", "Failed", 7, "why"),)
    outcome = OUTCOME._replace(status="Failed", counts=(("Success", 24), ("Failed", 1)), runs=runs)
    text = message_for(outcome, Chat(DINGTALK, ENGLISH))["markdown"]["text"]
    assert text.startswith("### [ECS] ⚠️ Provisioned on 24 of 25 E123")
    assert "24 of 25 instances; not on i-7 (why)" in text


@pytest.mark.parametrize("chat", CHATS, ids=str)
def test_a_new_account_links_to_the_page_on_the_first_login(chat: Chat) -> None:
    """If the stack names one; a removal and a failure need none."""
    language, page = words(chat.language), "https://wiki.example.com/first-login"
    style = Style(chat.platform, language, page)

    def shown(outcome: Outcome) -> str:
        return encode(build(result.read(detail(outcome, language)), style, "e")).decode()

    assert page in shown(OUTCOME)
    assert page not in shown(OUTCOME._replace(status="Failed"))
    removal = OUTCOME.request._replace(action="deprovision")
    assert page not in shown(OUTCOME._replace(request=removal))
    assert page not in encode(message_for(OUTCOME, chat)).decode()


@pytest.mark.parametrize("chat", CHATS, ids=str)
def test_a_success_is_six_lines(chat: Chat) -> None:
    """Who, where, how to log in, until when, who asked, which request: nothing technical."""
    request = OUTCOME.request._replace(
        request_id="R-1",
        requested_by="李雷",
        approved_by="韩梅梅",
        expires="2027-01-31",
        ssh_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxlZGdlbGVkZ2VsZWRnZWxlZGdlbGVkZ2VsZWRnZWxl",
    )
    line = '{"status":"created","user":"emp-e123","uid":1001,"exit_code":0,"error":""}'
    outcome = OUTCOME._replace(
        request=request,
        invoke_id="t-1",
        instance_id="i-1",
        host_name="web-1",
        host_address="10.0.1.5",
        exit_code=0,
        start_time="2026-01-01T00:00:00Z",
        finish_time="2026-01-01T00:00:00Z",
        output=f"creating\n{line}\n",
        script_sha256="5eed" * 16,
    )
    language = words(chat.language)
    told = result.read(detail(outcome, language))
    fields = dict(written.content(told, Style(chat.platform, language), 0).fields)
    assert len(fields) == 6
    values = " ".join(fields.values())
    for part in ("E123", "devops", "emp-e123", "web-1", "10.0.1.5", "i-1", "SHA256:", "2027-01-31"):
        assert part in values
    text = encode(message_for(outcome, chat)).decode()
    for technical in ("creating", "5eed", "created", "1001", "exit"):
        assert technical not in text


@pytest.mark.parametrize("status", ["Failed", "Rejected", "Timeout", "Unknown", "Superseded"])
def test_a_chinese_failure_is_wholly_in_chinese(status: str) -> None:
    """Its labels, sentences and colons; what a tool said stands below, as it was said."""
    failed = OUTCOME._replace(status=status, instance_id="i-1", error="no space left", exit_code=8)
    text = message_for(failed, Chat(DINGTALK, CHINESE))["markdown"]["text"]
    said = text.partition("**最后几行输出**")[0].partition("######")[0]
    assert "no space left" not in said
    words_left = re.findall(r"[A-Za-z]{2,}", said)
    assert set(words_left) <= {"ECS", "devops"}
    assert ": " not in said


@pytest.mark.parametrize(
    ("changes", "english", "colour"),
    [
        ({"repeat": True}, "Provisioned before", "blue"),
        ({"status": "Superseded"}, "Provisioning superseded", "grey"),
        ({"status": "Unknown"}, "Provisioning: outcome unknown for", "purple"),
        ({"wanted": "nowhere"}, "Provisioned （unknown chat）", "yellow"),
        ({"absent": True}, "Nothing to remove for", "yellow"),
    ],
)
def test_what_is_no_plain_success_has_a_headline_and_a_colour_of_its_own(
    changes: dict[str, Any], english: str, colour: str
) -> None:
    """Nothing is green that did not happen."""
    request = OUTCOME.request._replace(wanted_chat=changes.get("wanted", ""))
    outcome = OUTCOME._replace(request=request, repeat=changes.get("repeat", False))
    outcome = outcome._replace(status=changes.get("status", "Success"))
    if "absent" in changes:
        outcome = outcome._replace(
            request=request._replace(action="deprovision"), output='{"status":"absent","user":""}'
        )
    header = message_for(outcome, Chat(LARK, ENGLISH))["card"]["header"]
    assert header["template"] == colour
    assert english.replace("（", "(").replace("）", ")") in header["title"]["content"]


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "0 s", "0 秒"),
        (42, "42 s", "42 秒"),
        (185, "3 min 5 s", "3 分 5 秒"),
        (3600, "1 h", "1 小时"),
        (97_200, "1 d 3 h", "1 天 3 小时"),
        (97_265, "1 d 3 h", "1 天 3 小时"),
    ],
)
def test_lengths_of_time_are_short(seconds: int, english: str, chinese: str) -> None:
    """The two largest units are enough for people."""
    assert (words(ENGLISH).span(seconds), words(CHINESE).span(seconds)) == (english, chinese)


def places(text: str) -> list[str]:
    """Return the places for values in a text."""
    return sorted(re.findall(r"\{\w*\}", text))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "table",
    [
        "labels",
        "headlines",
        "reasons",
        "exit_codes",
        "rules",
        "sentences",
        "statuses",
        "counted",
    ],
)
def test_every_language_says_the_same(table: str, language: Language) -> None:
    """Each language has every word of the others, with the same places for values."""
    english, other = getattr(words(ENGLISH), table), getattr(words(language), table)
    # What a tool said is in English, so that only English sentences quote it.
    foreign = {"{error}"} if language is not ENGLISH else set()
    assert {key: places(text) for key, text in other.items()} == {
        key: [place for place in places(text) if place not in foreign]
        for key, text in english.items()
    }
    assert words(language).remedies.keys() == words(ENGLISH).remedies.keys()


@pytest.mark.parametrize("language", Language)
def test_every_field_of_a_request_has_words(language: Language) -> None:
    """What is checked has a rule that people can read, and what is shown has a name."""
    for field in FIELDS.values():
        assert not field.pattern or field.informs or words(language).rules[field.rule]


@pytest.mark.parametrize(
    "value", ["{accepted}", "{0.__class__}", "rule:role", "seconds:x", "x" * 999]
)
def test_values_are_no_templates(value: str) -> None:
    """A value is put into a reason as it is, whatever it looks like, and cut."""
    reason = Reason.of("malformed", field="emp_id", value=value, accepted=Rule("emp_id"))
    text = words(ENGLISH).reason(reason)
    assert value[:150] in text
    assert len(text) < 300


def test_values_that_depend_on_the_language_are_translated() -> None:
    """Rules and lengths of time are put into the reader's language."""
    reason = Reason.of("stale", age=Span(7200), limit=Span(60))
    chinese = "该审批已过去 2 小时；超过 1 分 的申请不再执行，请重新审批"
    assert words(CHINESE).reason(reason) == chinese
    assert "2 h old; requests older than 1 min are not run" in words(ENGLISH).reason(reason)
