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
from functions.report import i18n as words
from functions.report.facts import Facts, detail
from functions.report.i18n import Rule, Span, because
from functions.report.messages import build
from functions.report.output import presentable
from functions.request.deployment import Chat, Language
from tests.unit.functions.samples import patient

DINGTALK, LARK = ChatPlatform.DINGTALK, ChatPlatform.LARK
ENGLISH, CHINESE = Language.ENGLISH, Language.CHINESE
CHATS = [Chat(name, language) for name in ChatPlatform for language in Language]
FACTS = Facts("Success", "provision", "dingtalk.approval", "ops", emp_id="E123", role="devops")

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
    assert text == neutral(text)


def told(text: str, status: str = "Failed") -> Facts:
    """Return facts whose every text is the same."""
    return Facts(
        status,
        "provision",
        text,
        "ops",
        emp_id=text,
        role=text,
        request_id=text,
        requested_by=text,
        approved_by=text,
        invoke_id=text,
        command_id=text,
        instance_id=text,
        counts=((text, 3),),
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
    message = json.loads(encode(build(told(text), Chat(DINGTALK, language), "event-1")))
    assert {"msgtype", "markdown", "at", "msgUuid"} == set(message)
    assert {"isAtAll": False} == message["at"]
    assert message["markdown"]["title"].startswith("[ECS]")
    lines = message["markdown"]["text"].split("\n")
    assert lines[0].startswith("### [ECS] ")
    for line in lines:
        kind = re.match(r"### \[ECS\] |- \*\*[^*]+\*\*: |\*\*[^*]+\*\*$|> |>$|###### |$", line)
        rest = line[kind.end() :] if kind else line
        assert not set(rest) & set("\\`*[]#<>@|~&"), line
        assert "://" not in rest


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_out_of_larks_card(text: str, language: Language) -> None:
    """Markup is only ours, and what came from outside stands in plain text or is neutral."""
    message = json.loads(encode(build(told(text), Chat(LARK, language), "event-1")))
    assert {"msg_type", "card"} == set(message)
    assert {"config", "header", "elements"} == set(message["card"])
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
    facts = told(unit * times)
    message = build(facts, chat, "e" * 128)
    most_bytes = platform(chat.platform).most_bytes
    assert len(encode(message)) < most_bytes
    assert json.loads(encode(message))["msgtype" if chat.platform is DINGTALK else "msg_type"]
    told_detail = json.dumps(detail(facts, chat.language), ensure_ascii=False)
    assert len(told_detail.encode("utf-8", "replace")) + most_bytes < 60_000


@pytest.mark.parametrize("chat", CHATS, ids=str)
def test_a_worst_case_keeps_its_output(chat: Chat) -> None:
    """The limit is reached by design, not by dropping the output."""
    facts = FACTS._replace(output=presentable("*开😀" * 5000 + "\nlast line"))
    assert "last line" in encode(build(facts, chat, "e")).decode()


@pytest.mark.parametrize("chat", CHATS, ids=str)
def test_a_repeat_says_so(chat: Chat) -> None:
    """An answer to a repeat cannot be taken for a second run."""
    notice = words.label("repeat", chat.language)
    shown = encode(build(FACTS._replace(repeat=True), chat, "e")).decode()
    assert notice in shown
    assert notice not in encode(build(FACTS, chat, "e")).decode()


def test_several_instances_are_counted() -> None:
    """A message that stands for many instances says how each of them ended."""
    facts = FACTS._replace(counts=(("Success", 149), ("Failed", 1)))
    text = build(facts, Chat(DINGTALK, ENGLISH), "e")["markdown"]["text"]
    assert "- **Instances**: Success 149, Failed 1" in text


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
    assert (english, chinese) == (words.span(seconds, "en"), words.span(seconds, "zh"))


@pytest.mark.parametrize("code", sorted(words._REASONS))
def test_every_reason_says_the_same_in_both_languages(code: str) -> None:
    """English and Chinese have the same places for values."""
    english, chinese = words._REASONS[code]
    places = re.compile(r"\{\w*\}")
    assert sorted(places.findall(english)) == sorted(places.findall(chinese))


@pytest.mark.parametrize("name", sorted(words._LABELS))
def test_every_label_is_there_in_both_languages(name: str) -> None:
    """No field is without a name."""
    assert words.label(name, "en") != words.label(name, "zh")


@pytest.mark.parametrize(
    "value", ["{accepted}", "{0.__class__}", "rule:role", "seconds:x", "x" * 999]
)
def test_values_are_no_templates(value: str) -> None:
    """A value is put into a reason as it is, whatever it looks like, and cut."""
    text = because("malformed", field="emp_id", value=value, accepted=Rule("emp_id")).text("en")
    assert value[:150] in text
    assert len(text) < 300


def test_values_that_depend_on_the_language_are_translated() -> None:
    """Rules and lengths of time are put into the reader's language."""
    reason = because("stale", age=Span(7200), limit=Span(60))
    assert "该审批已过去 2 小时，超过 1 分 不再执行，请重新审批" == reason.text("zh")
    assert "2 h old, and after 1 min" in reason.text("en")


def test_an_unknown_language_is_english() -> None:
    """A word is never missing."""
    assert "Employee" == words.label("employee", "fr")
