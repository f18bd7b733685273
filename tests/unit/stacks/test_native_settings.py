"""What can be wrong with native approvals in a stack's settings and secrets."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from stacks.problems import contradictions
from stacks.secret_forms import malformed_secrets
from stacks.secret_keys import secret_keys
from stacks.settings import Settings

ROOT = Path(__file__).parents[3]
FILE = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())["config"]


def settings(name: str = "dingtalk.oa", **changes: Any) -> Settings:
    """Return the settings of stack local with its native source of DingTalk changed."""
    given = FILE["ecs-provisioning-loop:settings"]
    source = {**given["native"]["sources"]["dingtalk.oa"], **changes}
    return Settings.model_validate({**given, "native": {"sources": {name: source}}})


def test_the_secrets_of_a_source_are_asked_for() -> None:
    """Three for each; none is part of the settings."""
    keys = [key for key, _ in secret_keys(settings()) if key.startswith("native-")]
    assert keys == [f"native-dingtalk.oa-{what}" for what in ("app-secret", "token", "key")]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": "dingtalk.approval"}, "settings.native.sources"),
        ({"name": "acs.ecs"}, "settings.native.sources"),
        ({"chat": "nowhere"}, "chat"),
        ({"chats": ["ops", "nowhere"]}, "chats[1]"),
        ({"two_approvers": ["king"]}, "two_approvers[0]"),
        ({"approvers": {"king": ["u"]}}, "approvers"),
        ({"roles": ["king"]}, "roles[0]"),
    ],
)
def test_names_that_lead_nowhere(changes: dict[str, Any], key: str) -> None:
    """Each is named by its place."""
    found = [problem.key for problem in contradictions(settings(**changes), ROLES)]
    assert len(found) == 1
    assert key in found[0]


ROLES = frozenset(FILE["ecs-provisioning-loop:settings"]["roles"])


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "wecom-approval"},
        {"definitions": {}},
        {"definitions": {"P": {"fields": {"emp": "x"}}}},
        {"look_back_days": 121},
        {"api_calls": 1},
        {"api": "not a url"},
    ],
)
def test_values_that_are_refused(changes: dict[str, Any]) -> None:
    """The model itself says no."""
    with pytest.raises(ValidationError):
        settings(**changes)


@pytest.mark.parametrize(
    ("what", "value", "is_right"),
    [
        ("key", "a" * 43, True),
        ("key", "a" * 42, False),
        ("key", "a" * 42 + "=", False),
        ("token", "Token123", True),
        ("token", "with space", False),
        ("app-secret", "short", False),
    ],
)
def test_forms_of_secrets(what: str, value: str, is_right: bool) -> None:
    """A slip is seen before anything is deployed."""
    key = f"native-dingtalk.oa-{what}"
    found = [p.key for p in malformed_secrets(settings(), {key: value}, local=True)]
    assert found == ([] if is_right else [key])
