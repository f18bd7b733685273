"""What changes of a resource is shown key by key, and never a secret."""

import base64
import io
import json
import zipfile
from typing import Any

import pytest

from ops.review import difference
from ops.review.plan import UNKNOWN, step_of
from tests.leaks import LEAKS

NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def lines(before: dict[str, Any], after: dict[str, Any], *paths: str) -> list[str]:
    """Return the lines for a resource with these inputs."""
    step = step_of(
        {
            "op": "update",
            "urn": "urn:pulumi:dev::p::t::n",
            "oldState": {"inputs": before},
            "newState": {"inputs": after},
            "detailedDiff": dict.fromkeys(paths),
        }
    )
    return difference.lines(step)


def archive(**files: str) -> dict[str, str]:
    """Return a function's code as its inputs hold it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as written:
        for name, text in files.items():
            written.writestr(name.replace("_", "."), text)
    return {"zipFile": base64.b64encode(packed.getvalue()).decode()}


def document(**roles: Any) -> str:
    """Return a loop document with these roles."""
    return json.dumps({"bus": "b", "roles": roles, "sources": {"dingtalk.approval": {}}})


APP = {"instances": ["i-1"]}
DB = {"tags": {"role": "db"}}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "a key of a document in a variable": (
        {"environmentVariables": {"LOOP": document(dba=APP, auditor=APP), "Timeout": "300"}},
        {"environmentVariables": {"LOOP": document(dba=DB, auditor=APP), "Timeout": "60"}},
        [
            '- environmentVariables.LOOP.roles.dba.instances: ["i-1"]',
            "+ environmentVariables.LOOP.roles.dba.tags.role: db",
            "! environmentVariables.Timeout: 300 → 60",
        ],
    ),
    "a key of a document in an archive": (
        {"code": archive(loop_json=document(dba=APP), index_py="x = 1")},
        {"code": archive(loop_json=document(dba={"instances": ["i-2"]}), index_py="x = 1")},
        ['! code.zipFile["loop.json"].roles.dba.instances[0]: i-1 → i-2'],
    ),
    "a variable that is not known yet": (
        {"environmentVariables": {"CommandId": "c-1", "Timeout": "60"}},
        {"environmentVariables": {"CommandId": NOT_KNOWN, "Timeout": "60"}},
        [f"! environmentVariables.CommandId: c-1 → {UNKNOWN}"],
    ),
    "a document that is not known yet": (
        {"policyDocument": json.dumps({"Statement": [{"Effect": "Allow"}] * 20})},
        {"policyDocument": NOT_KNOWN},
        [f"! policyDocument: {UNKNOWN}"],
    ),
    "one more at the front of a list": (
        {"patterns": ["b", "c"]},
        {"patterns": ["a", "b", "c"]},
        ["+ patterns[0]: a"],
    ),
    "an object in a list": (
        {"targets": [{"id": "a", "retry": 1}, {"id": "b", "retry": 1}]},
        {"targets": [{"id": "a", "retry": 1}, {"id": "b", "retry": 2}]},
        ["! targets[1].retry: 1 → 2"],
    ),
    "an object less in a list": (
        {"targets": [{"id": "a", "retry": 1}, {"id": "b", "retry": 1}]},
        {"targets": [{"id": "b", "retry": 1}]},
        ["- targets[0].id: a", "- targets[0].retry: 1"],
    ),
    "lines of a text": (
        {"commandContent": base64.b64encode(b"set -e\ngive sudo\nexit\n").decode()},
        {"commandContent": base64.b64encode(b"set -e\ngive\nexit\n").decode()},
        ["! commandContent:\n@@ -1,3 +1,3 @@\n set -e\n-give sudo\n+give\n exit"],
    ),
    "a word that became a number": ({"a": "1"}, {"a": 1}, ["! a: 1 → 1"]),
    "truth that became a number": ({"a": True}, {"a": 1}, ["! a: true → 1"]),
    "keys with dots": (
        {"a": {"x.y": 1}},
        {"a": {"x.y": 2}},
        ['! a["x.y"]: 1 → 2'],
    ),
    "nothing": ({"a": {"b": []}}, {"a": {"b": []}}, []),
}


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=list(CASES))
def test_a_line_for_each_key_that_changes(
    before: dict[str, Any], after: dict[str, Any], expected: list[str]
) -> None:
    """However a document travels, only the keys that change are shown."""
    assert lines(before, after) == expected


def test_code_is_told_apart_by_file() -> None:
    """A module that changes is one line, not its text."""
    (line,) = lines({"code": archive(a_py="x = 1")}, {"code": archive(a_py="x = 22")})
    assert line.startswith('! code.zipFile["a.py"]: 5 bytes, SHA-256 ')
    assert " → 6 bytes, SHA-256 " in line


def test_a_secret_that_is_another_one_is_said_to_be() -> None:
    """Masked on both sides it looks the same; the engine knows better."""
    before, after = ({"environmentVariables": {"CHATS": "[secret]"}} for _ in "12")
    assert lines(before, after, "environmentVariables.CHATS", "timeout") == [
        "! environmentVariables.CHATS: another value, which is not shown",
        "! timeout: another value, which is not shown",
    ]


@pytest.mark.parametrize(("text", "secret"), LEAKS.values(), ids=list(LEAKS))
@pytest.mark.parametrize("place", ["value", "key", "document", "archive", "script"])
def test_no_secret_is_shown(text: str, secret: str, place: str) -> None:
    """Wherever it stands: added, changed or taken away."""
    states: dict[str, dict[str, Any]] = {
        "value": {"a": text},
        "key": {"a": {text: "x"}},
        "document": {"a": json.dumps({"b": [text]})},
        "archive": {"code": archive(loop_json=json.dumps({"b": text}))},
        "script": {"commandContent": base64.b64encode(f"echo\n{text}\n".encode()).decode()},
    }
    state = states[place]
    other = {"a": "x", "commandContent": base64.b64encode(b"echo\n").decode()}
    for before, after in ((state, other), (other, state), ({}, state), (state, {})):
        shown = "\n".join(lines(before, after))
        assert (secret or text) not in shown
        assert shown


@pytest.mark.parametrize(
    "code",
    ["", "no archive", base64.b64encode(b"PK\x03\x04 damaged").decode(), "UEsDBA=="],
)
def test_what_is_no_archive_is_its_length(code: str) -> None:
    """A change may put anything where an archive belongs."""
    shown = lines({"code": {"zipFile": "x"}}, {"code": {"zipFile": code}})
    assert shown == [f"! code.zipFile: [1 characters] → {f'[{len(code)} characters]' * bool(code)}"]


def test_an_archive_that_unpacks_without_end_is_its_length() -> None:
    """What unpacks to more than any function has is not unpacked."""
    bomb = archive(a_json=" " * 5_000_000)
    assert lines({}, {"code": bomb}) == [
        f"+ code.zipFile: [{len(bomb['zipFile'])} characters]",
    ]
