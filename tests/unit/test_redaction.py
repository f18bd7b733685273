"""One table of what a secret looks like, and one corpus of leaks for everything that uses it."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from functions.report.output import presentable
from functions.report.redaction import kind_of, masked
from localcloud.eventbridge.trace import shown_event
from localcloud.fc.journal import Journal
from localcloud.store import Store
from ops.review.comment import build, preview
from ops.review.plan import without_secrets
from provisioning_policies.sensitive import plain_secrets
from tests.leaks import HARMLESS, LEAKS, NAMED

ROOT = Path(__file__).parents[2]
COPIES = (
    "functions/report/redaction.py",
    "localcloud/src/localcloud/redaction.py",
    "policies/provisioning_policies/redaction.py",
)


def plan(text: str) -> str:
    """Return the comment about a plan with this text in an input, in a failure and in a log."""
    step: dict[str, Any] = {
        "op": "update",
        "urn": "urn:pulumi:dev::p::t::n",
        "oldState": {"inputs": {"description": text}},
        "newState": {"inputs": {"description": "x", "settings": json.dumps({"a": [text]})}},
    }
    whole = {"steps": [step], "changeSummary": {"update": 1}}
    failed = {**whole, "diagnostics": [{"severity": "error", "message": f"failed at {text}"}]}
    findings = {"findings": [{"level": "l", "rule": "r", "resource": "x", "message": text}]}
    return build(
        [
            preview("whole", json.dumps(whole)),
            preview("failed", json.dumps(failed)),
            preview("logged", "", f"line\n{text}\nline"),
        ],
        {"dev": json.dumps(findings)},
    )


def trace(text: str) -> str:
    """Return an event with this text as the local cloud's trace shows it."""
    return json.dumps(shown_event({"data": {"body": {"note": [text]}, "headers": {}}}))


def log(text: str) -> str:
    """Return what the local cloud shows of a function that printed this text."""
    store = Store(None)
    try:
        journal = Journal(store)
        journal.write_output("f", "request", 0.0, 1.0, "", text)
        asyncio.run(store.flush())
        lines = [line["line"] for line in journal.lines("f", 1000)]
        calls = journal.calls([], ["request"], 1)
        return "\n".join([*lines, *(call.output for call in calls)])
    finally:
        store.close()


SHOWN: dict[str, Callable[[str], str]] = {
    "chat": presentable,
    "review": without_secrets,
    "comment": plan,
    "trace": trace,
    "log": log,
}


def test_the_table_is_one() -> None:
    """The packages that stand alone have the same file."""
    first, *others = (Path(ROOT / name).read_bytes() for name in COPIES)
    assert all(first == other for other in others)


@pytest.mark.parametrize("name", list(LEAKS))
@pytest.mark.parametrize("where", list(SHOWN))
def test_no_leak_is_shown(where: str, name: str) -> None:
    """The secret is gone, wherever the text is shown."""
    text, secret = LEAKS[name]
    # In JSON and in a table the lines of a text look otherwise.
    assert (secret or text) not in SHOWN[where](text)


@pytest.mark.parametrize("name", list(NAMED))
@pytest.mark.parametrize("where", ["chat", "review", "comment"])
def test_what_is_called_a_secret_is_not_shown(where: str, name: str) -> None:
    """A value behind a telling name is gone, too."""
    text, secret = NAMED[name]
    assert secret not in SHOWN[where](text)


@pytest.mark.parametrize("name", list(LEAKS))
def test_every_leak_is_found_by_the_policies(name: str) -> None:
    """The policy pack finds it in a variable that is called anything."""
    text, secret = LEAKS[name]
    found = list(plain_secrets("ANYTHING", text))
    assert found
    assert not any(secret and secret in kind for kind in found)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_is_shown(text: str) -> None:
    """Nothing is hidden of a text that only resembles a leak."""
    assert kind_of(text) is None
    if "@" not in text:
        assert masked(text) == text


def test_masking_twice_changes_nothing() -> None:
    """What was hidden stays readable."""
    once = masked(" ".join(text for text, _ in {**LEAKS, **NAMED}.values()))
    assert masked(once) == once
