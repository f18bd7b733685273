"""What arrived in a chat can be read afterwards, as text for a terminal."""

from pathlib import Path
from typing import Any

import pytest

from lab.chats import ChatLab
from localcloud.chats import state
from localcloud.chats.platforms import PLATFORMS
from localcloud.chats.shown import plain


async def test_messages_are_there_after_a_restart(lab: ChatLab) -> None:
    """Messages are kept with time and title, and can be read on from the last one seen."""
    for number in range(3):
        await lab.dingtalk({"msgtype": "text", "text": {"content": f"m{number}"}})
        lab.clock.advance(1)
    await lab.restart()
    first, *_, last = lab.chats.messages("ops")
    assert (
        first["title"], first["chat"], first["platform"], first["time"],
    ) == ("m0", "ops", "dingtalk", "2026-01-01T00:00:00Z")  # fmt: skip
    assert [m["text"] for m in lab.chats.messages("ops", limit=2)] == ["m1", "m2"]
    assert [m["text"] for m in lab.chats.messages("ops", 1, after=first["id"])] == ["m1"]
    assert lab.chats.messages("ops", after=last["id"]) == []
    assert lab.chats.messages("people") == []


async def test_a_chat_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newest messages of a chat are kept."""
    monkeypatch.setattr(state, "KEPT_MESSAGES", 10)
    monkeypatch.setattr(state, "_PRUNE_EVERY", 5)

    async with ChatLab(tmp_path, has_limits=False) as lab:
        for number in range(30):
            body = {"msgtype": "text", "text": {"content": str(number)}, "msgUuid": str(number)}
            await lab.dingtalk(body)
        assert lab.texts("ops") == [str(n) for n in range(20, 30)]


async def test_the_ready_line_names_the_chats_without_their_secrets(lab: ChatLab) -> None:
    """Each chat is named with platform and webhook; of the secret only that there is one."""
    named = lab.chats.named()
    assert set(named) == {"ops", "people", "audit", "board"}
    url = "http://open.lark.localcloud.invalid/open-apis/bot/v2/hook/board-hook"
    assert named["board"] == {"platform": "lark", "webhook": url, "has_secret": False}
    assert "SEClocalops" not in repr(named)


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("### Title", "Title"),
        ("- **Employee**: li.lei", "- Employee: li.lei"),
        ("> user created\n>\n> key", "| user created\n|\n| key"),
        ("[Open](https://x.example/a)", "Open (https://x.example/a)"),
        ("a \\* b \\_c", "a * b _c"),
        ("<font color='red'>bad</font>", "bad"),
        ("snake_case and 2 ** 3", "snake_case and 2 ** 3"),
    ],
)
def test_markdown_reads_as_text(markdown: str, text: str) -> None:
    """Marks go, what they mark stays."""
    assert plain(markdown) == text


@pytest.mark.parametrize(
    ("platform", "body", "title", "text"),
    [
        pytest.param(
            "dingtalk",
            {
                "msgtype": "markdown",
                "markdown": {"title": "[ECS] OK", "text": "### Done\n\n- **A**: b"},
            },
            "[ECS] OK",
            "Done\n\n- A: b",
            id="markdown",
        ),
        pytest.param(
            "dingtalk",
            {
                "msgtype": "actionCard",
                "actionCard": {
                    "title": "[ECS] FAILED",
                    "text": "### Failed",
                    "btns": [{"title": "Result", "actionURL": "https://x.example"}],
                },
            },
            "[ECS] FAILED",
            "Failed\n[Result] https://x.example",
            id="action card",
        ),
        pytest.param(
            "dingtalk",
            {"msgtype": "feedCard", "feedCard": {"links": [{"title": "r7", "messageURL": "u"}]}},
            "r7",
            "r7 u",
            id="feed card",
        ),
        pytest.param("dingtalk", {"msgtype": "link", "link": 5}, "", "", id="nonsense"),
        pytest.param(
            "lark",
            {
                "msg_type": "post",
                "content": {
                    "post": {
                        "en_us": {
                            "title": "T",
                            "content": [
                                [
                                    {"tag": "text", "text": "see "},
                                    {"tag": "a", "text": "x", "href": "u"},
                                ],
                                [{"tag": "at", "user_id": "ou_1"}],
                            ],
                        }
                    }
                },
            },
            "T",
            "T\nsee x (u)\n@ou_1",
            id="post",
        ),
        pytest.param(
            "lark",
            {
                "msg_type": "interactive",
                "card": {
                    "header": {
                        "template": "green",
                        "title": {"tag": "plain_text", "content": "Done: R-7"},
                    },
                    "elements": [
                        {
                            "tag": "div",
                            "fields": [
                                {"text": {"tag": "lark_md", "content": "**Employee**\nli.lei"}},
                                {"text": {"tag": "lark_md", "content": "**Exit code**\n0"}},
                            ],
                        },
                        {"tag": "hr"},
                        {
                            "tag": "div",
                            "text": {"tag": "plain_text", "content": "user **x** made\nkey"},
                        },
                        {"tag": "note", "elements": [{"tag": "plain_text", "content": "audit"}]},
                        {
                            "tag": "action",
                            "actions": [
                                {
                                    "tag": "button",
                                    "text": {"tag": "plain_text", "content": "Open"},
                                    "url": "u",
                                }
                            ],
                        },
                    ],
                },
            },
            "Done: R-7",
            "Done: R-7\nEmployee: li.lei\nExit code: 0\n---\nuser **x** made\nkey\naudit\n[Open] u",
            id="card 1.0",
        ),
        pytest.param(
            "lark",
            {
                "msg_type": "interactive",
                "card": {
                    "schema": "2.0",
                    "header": {
                        "title": {"tag": "plain_text", "content": "Failed"},
                        "text_tag_list": [{"tag": "text_tag", "text": {"content": "exit 12"}}],
                    },
                    "body": {
                        "elements": [
                            {"tag": "markdown", "content": "**Role** dba"},
                            {
                                "tag": "button",
                                "text": {"tag": "plain_text", "content": "Open"},
                                "behaviors": [{"type": "open_url", "default_url": "u"}],
                            },
                        ]
                    },
                },
            },
            "Failed",
            "Failed [exit 12]\nRole dba\n[Open] u",
            id="card 2.0",
        ),
    ],
)
def test_a_message_is_shown_with_title_and_fields(
    platform: str, body: dict[str, Any], title: str, text: str
) -> None:
    """A person sees title, fields and output of every kind of message."""
    shown = PLATFORMS[platform].render(body).without_controls()
    assert (shown.title, shown.text) == (title, text)


def test_a_message_cannot_steer_the_terminal() -> None:
    """Escape sequences and marks that turn text round are left out."""
    body = {"msgtype": "text", "text": {"content": "a\x1b[31mb\u202ec\x07\nd\te"}}
    shown = PLATFORMS["dingtalk"].render(body).without_controls()
    assert (shown.title, shown.text) == ("a[31mbc", "a[31mbc\nd\te")


def test_the_colour_of_a_card_is_given() -> None:
    """A list can colour its lines as the card's header is."""
    card = {"header": {"template": "red", "title": {"content": "x"}}, "elements": []}
    assert PLATFORMS["lark"].render({"msg_type": "interactive", "card": card}).colour == "red"
