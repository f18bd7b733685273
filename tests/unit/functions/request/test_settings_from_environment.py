"""Environment variables: what is wrong is said with the variable's name and without its value."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.cloud.errors import SettingError
from functions.request import deployment, environment
from functions.run_command import settings as run_command
from tests.unit.functions.samples import ENVIRONMENT, LOOP


def test_the_loop_is_read_whole() -> None:
    """Sources, chats and roles come out typed, with the defaults filled in."""
    found = deployment.read(
        {
            "LOOP": json.dumps(
                {
                    **LOOP,
                    "chats": {
                        "ops": {"platform": "dingtalk"},
                        "people": {"platform": "lark", "delivery": "function"},
                        "audit": {"platform": "lark", "language": "zh"},
                    },
                }
            )
        }
    )
    assert found.chats["ops"] == ("dingtalk", "en", False)
    assert found.chats["people"].by_function
    assert found.sources["lark.approval"] == ("lark", "people", True, {}, "")
    assert found.roles["dba"].tags == (("role", "db"),)
    assert (
        found.bus,
        found.default_chat,
        found.stale_after_seconds,
    ) == ("provisioning-test", "audit", 3600)


def test_a_day_is_the_default_age() -> None:
    """Without a limit, a request may be a day old."""
    given = {k: v for k, v in LOOP.items() if k not in {"stale_after_seconds", "script_sha256"}}
    found = deployment.read({"LOOP": json.dumps(given)})
    assert (found.stale_after_seconds, found.script_sha256) == (86_400, "")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"bus": ""}, r"\$\.bus must be a string"),
        ({"bus": 7}, r"\$\.bus must be a string"),
        ({"chats": []}, r"\$\.chats must be an object"),
        ({"chats": {"ops": "dingtalk"}}, r"\$\.chats must be an object of objects"),
        (
            {"chats": {"ops": {"platform": "slack"}}},
            r"\$\.chats\.ops\.platform is 'slack'; accepted: dingtalk, lark",
        ),
        (
            {"chats": {"ops": {"platform": "lark", "language": "de"}}},
            r"\$\.chats\.ops\.language is 'de'; accepted: en, zh",
        ),
        ({"default_chat": "nobody"}, r"\$\.default_chat is 'nobody'; accepted: ops, people, audit"),
        ({"chats": {}, "sources": {}}, r"\$\.default_chat is 'audit'; accepted: none"),
        ({"sources": {"s": {"platform": "lark", "chat": "x"}}}, r"\$\.sources\.s\.chat is 'x'"),
        (
            {"sources": {"s": {"platform": "lark", "chat": "ops", "token_required": "yes"}}},
            r"\$\.sources\.s\.token_required must be true or false",
        ),
        ({"roles": None}, r"\$\.roles must be an object"),
        (
            {"roles": {"r": {"instances": "i-1"}}},
            r"\$\.roles\.r\.instances must be a list of strings",
        ),
        ({"roles": {"r": {"tags": {"a": 1}}}}, r"\$\.roles\.r\.tags must be an object of strings"),
        (
            {"roles": {"r": {"instances": ["i"], "tags": {"a": "b"}}}},
            r"\$\.roles\.r has both instances and tags; choose one",
        ),
        ({"stale_after_seconds": 0}, r"\$\.stale_after_seconds must be a number"),
        ({"stale_after_seconds": True}, r"\$\.stale_after_seconds must be a number"),
        ({"script_sha256": 7}, r"\$\.script_sha256 must be a string"),
    ],
)
def test_a_wrong_loop_says_where(changes: dict[str, Any], path: str) -> None:
    """The first value that is wrong is named by its path, with what is accepted."""
    with pytest.raises(SettingError, match=f"environment variable LOOP: {path}"):
        deployment.read({"LOOP": json.dumps({**LOOP, **changes})})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"CommandId": ""}, "CommandId: is missing or empty"),
        ({"Timeout": ""}, "Timeout: is missing"),
        ({"Timeout": "soon"}, "Timeout: must be a number from 10 to 86400"),
        ({"Timeout": "9"}, "Timeout: must be a number from 10 to 86400"),
        ({"Timeout": "nan"}, "Timeout: must be a number"),
        ({"InstanceIds": "i-1"}, "InstanceIds: is not JSON"),
        ({"InstanceIds": "{}"}, "InstanceIds: must be a JSON list of strings"),
        ({"InstanceIds": "[1]"}, "InstanceIds: must be a JSON list of strings"),
        ({"LOOP": ""}, "LOOP: is missing or empty"),
        ({"LOOP": "{"}, "LOOP: is not JSON"),
        ({"LOOP": "[" * 99_999}, "LOOP: is not JSON"),
        ({"LOOP": "[]"}, "LOOP: must be a JSON object"),
        (
            {"SOURCE_TOKENS": "{}"},
            "SOURCE_TOKENS: has no token for lark.approval, which requires one",
        ),
        (
            {"SOURCE_TOKENS": '{"lark.approval":""}'},
            "SOURCE_TOKENS: each source's token must be a non-empty string",
        ),
        (
            {"SOURCE_TOKENS": '{"lark.approval":["secret-value"]}'},
            "SOURCE_TOKENS: each source's token",
        ),
        ({"SOURCE_TOKENS": '{"lark.approval":"secret-value'}, "SOURCE_TOKENS: is not JSON"),
    ],
)
def test_a_wrong_variable_is_named(changes: dict[str, str], words: str) -> None:
    """The message names the variable and what it must be, and never quotes a secret."""
    with pytest.raises(SettingError) as caught:
        run_command.read({**ENVIRONMENT, **changes})
    assert f"environment variable {words}" in str(caught.value)
    assert "secret-value" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__cause__ is None


def test_optional_variables_may_be_missing() -> None:
    """No token, no command for removals and no instances of its own are in order."""
    optional = {"SOURCE_TOKENS", "DeprovisionCommandId", "InstanceIds"}
    sources = {"s": {"platform": "lark", "chat": "ops"}}
    given = {k: v for k, v in ENVIRONMENT.items() if k not in optional}
    found = run_command.read({**given, "LOOP": json.dumps({**LOOP, "sources": sources})})
    assert (found.deprovision_command_id, found.instance_ids, found.tokens) == ("", (), {})


def test_a_long_value_may_stand_in_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that names a file stands for its content: all variables have 4 KB together."""
    monkeypatch.setattr(environment, "archive", lambda: tmp_path)
    (tmp_path / "loop.json").write_text(json.dumps(LOOP), encoding="utf-8")
    assert deployment.read({"LOOP": "@loop.json"}).bus == "provisioning-test"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("@../loop.json", "must name a file in the root of the archive"),
        ("@/etc/passwd", "must name a file in the root of the archive"),
        ("@.hidden", "must name a file in the root of the archive"),
        ("@missing.json", "the archive has no readable file missing.json"),
        ("@", "the archive has no readable file"),
    ],
)
def test_only_files_of_the_archives_root_are_read(
    value: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable cannot name a file elsewhere."""
    root = tmp_path / "archive"
    root.mkdir()
    monkeypatch.setattr(environment, "archive", lambda: root)
    for folder in (tmp_path, root):
        (folder / "loop.json").write_text(json.dumps(LOOP), encoding="utf-8")
        (folder / ".hidden").write_text(json.dumps(LOOP), encoding="utf-8")
    with pytest.raises(SettingError, match=f"environment variable LOOP: {words}"):
        deployment.read({"LOOP": value})


def test_the_archives_root_is_where_index_py_lies() -> None:
    """The folder above the package is the root."""
    assert (environment.archive() / "functions" / "request" / "environment.py").is_file()
