"""How much of each chat's limit is used up: what a person looks at who wonders about silence."""

import io
from typing import Any

import pytest
from rich.console import Console

from lab.chats import ChatLab
from localcloud import tables

TEXT = {"msgtype": "text", "text": {"content": "hello"}}


async def test_usage_counts_the_last_minute(lab: ChatLab) -> None:
    """Messages of the last 60 seconds, beside the platform's limit."""
    for _ in range(3):
        await lab.dingtalk(TEXT)
    assert lab.chats.usage()["ops"] == {
        "platform": "dingtalk",
        "in_60_seconds": 3,
        "limit": 20,
        "closed_seconds": 0.0,
    }
    assert lab.chats.usage()["people"]["limit"] == 100
    lab.clock.advance(60)
    assert lab.chats.usage()["ops"]["in_60_seconds"] == 0


async def test_a_robot_that_got_too_many_is_closed_for_ten_minutes(lab: ChatLab) -> None:
    """The time that is left is shown, and shrinks."""
    for _ in range(21):
        await lab.dingtalk(TEXT)
    assert lab.chats.usage()["ops"]["closed_seconds"] == 600
    lab.clock.advance(599)
    assert lab.chats.usage()["ops"]["closed_seconds"] == 1


def test_the_table_shows_chats_and_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each; a closed chat says for how long."""
    written = io.StringIO()
    monkeypatch.setattr(tables, "Console", lambda **_: Console(file=written, width=100))
    usage: dict[str, Any] = {"platform": "dingtalk", "in_60_seconds": 20, "limit": 20}
    shown = {
        "chats": {
            "ops": {**usage, "closed_seconds": 599.6},
            "lab": {**usage, "limit": None, "closed_seconds": 0.0},
        },
        "queues": {"loop-chats": {"active": 7, "inactive": 16, "delayed": 0}},
    }
    tables.show("chats", shown)
    lines = [line.split() for line in written.getvalue().splitlines() if line.strip()]
    assert ["ops", "dingtalk", "20", "20", "600", "s"] in lines
    assert ["lab", "dingtalk", "20", "none"] in lines
    assert ["loop-chats", "7", "16", "0"] in lines
