"""The comment of a pull request, from plans that the real engine printed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ops.review.comment import MARKER, MOST_CHARACTERS, build, preview
from ops.review.plan import read

PREVIEWS = Path(__file__).parent / "previews"


def recorded(name: str) -> str:
    """Return a plan as the engine printed it, without outputs and code."""
    return (PREVIEWS / f"{name}.json").read_text()


def plan(*steps: dict[str, Any]) -> str:
    """Write a plan as the engine does."""
    return json.dumps({"steps": steps, "changeSummary": {"update": len(steps)}})


def step(name: str = "a", op: str = "update", **inputs: Any) -> dict[str, Any]:
    """Write one step: nothing before, some inputs after."""
    return {
        "op": op,
        "urn": f"urn:pulumi:dev::p::a:index:B$alicloud:fc/v3Function:V3Function::{name}",
        "oldState": {"inputs": {}},
        "newState": {"inputs": inputs},
        "detailedDiff": {key: {"kind": "update"} for key in inputs},
    }


def test_only_what_changes_is_listed() -> None:
    """Of 78 resources the five that change are in the table, the dangerous one first."""
    text = build([preview("local", recorded("change"))])
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    assert "#### Stack <code>local</code>: 4 to update, 1 to replace, 73 unchanged" in text
    assert [rows[1], *(row.split(" | ")[0].strip("| ") for row in rows[2:])] == [
        "| **replace** | <code>loop-provision-command</code> "
        "| <code>alicloud&#58;ecs/command&#58;Command</code> "
        "| <code>commandContent</code>, <code>name</code> |",
        "update",
        "update",
        "update",
        "update",
    ]


def test_components_come_last() -> None:
    """Their end deletes nothing in the cloud, so what does must not stand behind them.

    And they have nothing to compare.
    """
    gone = {"op": "delete", "oldState": {"custom": False, "inputs": {}}}
    gone["urn"] = "urn:pulumi:dev::p::provisioning:index:Gone::loop-gone"
    steps = [gone, step("a"), {**step("b", "delete"), "newState": None}]
    given = {"steps": steps, "changeSummary": {"update": 1, "delete": 2}}
    text = build([preview("dev", json.dumps(given))])
    rows = [line.split(" | ")[:2] for line in text.splitlines() if line.startswith("| ")][2:]
    assert rows == [
        ["| **delete**", "<code>b</code>"],
        ["| update", "<code>a</code>"],
        ["| delete (component)", "<code>loop-gone</code>"],
    ]
    assert "#### Stack <code>dev</code>: 1 to update, 2 to delete (1 of them components)" in text
    assert "loop-gone" not in text.partition("<details>")[2]


def test_the_script_is_compared_as_text() -> None:
    """The command's content is shown decoded, with the lines that go."""
    assert "\n-\tauditor 'packages less" in build([preview("local", recorded("change"))])


def test_nothing_to_do_is_one_line() -> None:
    """A stack that stays as it is has a heading and no table."""
    assert build([preview("local", recorded("same"))]).splitlines() == [
        MARKER,
        "### What this change would do",
        "",
        "#### Stack <code>local</code>: 78 unchanged",
    ]


@pytest.mark.parametrize("name", ["change", "create"])
def test_configuration_and_tokens_stay_out(name: str) -> None:
    """Neither the configuration nor a token of it is in the comment."""
    given = recorded(name)
    tokens = set(re.findall(r"access_token=([\w-]+)|(SEC\w{30,})|hook/([\w-]+)", given))
    text = build([preview("local", given)])
    found = {token for group in tokens for token in group if token}
    assert found
    assert {token for token in found if token in text} == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook", "http://oapi.dingtalk.com/robot/send?access_token=4f3a9b"),
        ("url", "https://open.larksuite.com/open-apis/bot/v2/hook/4f3a9b-77"),
        ("SecretKey", "4f3a9b"),
        ("settings", '{"password": "4f3a9b"}'),
        ("headers", '{"Authorization": "Bearer 4f3a9b00"}'),
        ("proxy", "http://user:4f3a9b@proxy.example"),
        ("source_token", "4f3a9b"),
    ],
)
def test_secrets_in_plain_are_masked(name: str, value: str) -> None:
    """What somebody forgot to mark as a secret does not reach the comment either."""
    text = build([preview("dev", plan(step(**{name: value})))])
    assert "4f3a9b" not in text
    assert "[secret]" in text


def test_unknown_values_say_so() -> None:
    """A value that is known only after apply is no id."""
    text = build([preview("dev", plan(step(bus="04da6b54-80e4-46f7-96ec-b56ff0331ba9")))])
    assert "+ bus: [known after apply]" in text


@pytest.mark.parametrize(
    "name",
    [
        "x | y | @everyone",
        "</code></details><img src=x onerror=alert(1)>",
        "```\n# heading\n```",
        "[click](http://attacker.example) ![](http://attacker.example/p.png)",
        "x\n\n<!-- ecs-provisioning-loop: review -->",
    ],
)
def test_names_are_no_markup(name: str) -> None:
    """A hostile name adds no cell, tag, heading, link or second marker."""
    text = build([preview("dev", plan(step(name, description=name)))])
    outside = re.sub(r"(`{3,})diff\n.*?\n\1", "", text, flags=re.DOTALL)
    assert outside.count("<!--") == 1
    assert set(re.findall(r"</?([a-z]+)", outside)) - {"code", "details", "summary"} == set()
    assert outside.count("</details>") == 1
    assert "](" not in outside
    row = next(line for line in outside.splitlines() if line.startswith("| update"))
    assert row.count("|") == 5


def test_a_block_of_code_ends_where_it_should() -> None:
    """A value full of backticks is fenced by more of them."""
    text = build([preview("dev", plan(step(description="a\n````\n# out")))])
    assert "`````diff\n" in text


@pytest.mark.parametrize("size", [300, 3_000])
def test_a_comment_is_never_too_long(size: int) -> None:
    """However much changes, GitHub takes the comment, and no fold or block stays open."""
    steps = [step(f"resource-{n}", description="z" * 2_000) for n in range(size)]
    text = build([preview(stack, plan(*steps)) for stack in ("dev", "prod")])
    assert len(text) <= MOST_CHARACTERS
    assert text.count("</details>") == text.count("<details>")
    assert text.count("```") % 2 == 0
    assert f"... and {size - 40} more" in text


def test_a_failed_preview_says_why() -> None:
    """An engine that stopped with an error leaves its last lines, masked."""
    log = "error: 'access_token=4f3a9b' is refused"
    text = build([preview("prod", "", log)])
    assert "#### Stack <code>prod</code>: **preview failed**" in text
    assert "error: 'access_token=[secret]' is refused" in text


def test_violations_are_listed() -> None:
    """Each violation is a row; one that the project accepts is none."""
    finding = {"rule": "r", "level": "mandatory", "resource": "x|y", "message": "bad <b>"}
    judged = json.dumps({"findings": [finding, {**finding, "accepted": "because"}]})
    text = build([], {"prod": judged})
    rows = [line for line in text.splitlines() if line.startswith("| <code>prod")]
    assert rows == [
        "| <code>prod</code> | mandatory | <code>r</code> "
        "| <code>x&#124;y</code>: bad &#60;b&#62; |"
    ]


def test_judging_that_failed_is_no_success() -> None:
    """An empty file of violations is not taken for a clean stack."""
    assert "could not be judged" in build([], {"prod": ""})


def test_the_marker_comes_first() -> None:
    """The comment is found again by its first line."""
    assert build([], introduction="**None**").startswith(MARKER + "\n")


def test_secrets_of_the_engine_stay_masked() -> None:
    """What the engine masked stays masked, and the plan's other inputs are read."""
    chats = next(s for s in read(recorded("change")).steps if "post-to-chat" in s.name)
    assert chats.after["environmentVariables"] == "[secret]"


def test_many_stacks_leave_the_headlines() -> None:
    """Where not even the tables have room, what is most important is left, and nothing is open."""
    steps = [
        step("resource" * 10 + str(n), **{f"input{i}" * 9: "z" for i in range(6)})
        for n in range(50)
    ]
    told = "**2 of 14**\n\n<details>\n\n```\nlong\n```\n</details>"
    text = build([preview(f"s{n}", plan(*steps)) for n in range(30)], introduction=told)
    assert len(text) <= MOST_CHARACTERS
    assert text.startswith(MARKER)
    assert "**2 of 14**" in text
    assert text.count("#### Stack") == 30
    assert "too long for a comment" in text
    assert text.count("</details>") == text.count("<details>")
