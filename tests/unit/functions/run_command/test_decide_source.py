"""Which sources are believed, and what each may ask for."""

import pytest

from functions.request.fields import Request
from functions.run_command.decide import Rejection
from functions.run_command.noise import Untrusted
from tests.unit.functions.run_command.deciding import SETTINGS, TOKEN, decided, told
from tests.unit.functions.samples import ENVIRONMENT, LOOP, detail, http_event, loop_with


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param(TOKEN, None, id="right"),
        pytest.param({"x-provisioning-token": "right-token"}, None, id="lower case"),
        pytest.param({"X-PROVISIONING-TOKEN": "right-token"}, None, id="upper case"),
        pytest.param({"X-Provisioning-Token": "wrong"}, "wrong-token", id="wrong"),
        pytest.param({"X-Provisioning-Token": "right-token "}, "wrong-token", id="nearly right"),
        pytest.param({"X-Provisioning-Token": "right-toke"}, "wrong-token", id="a beginning of it"),
        pytest.param({"X-Provisioning-Token": "密钥"}, "wrong-token", id="not ASCII"),
        pytest.param({"X-Provisioning-Token": ""}, "wrong-token", id="empty"),
        pytest.param({"X-Provisioning-Token": ["right-token"]}, "wrong-token", id="a list"),
        pytest.param({"X-Provisioning-Token": None}, "wrong-token", id="null"),
        pytest.param(
            {**TOKEN, "x-provisioning-token": "wrong"}, "wrong-token", id="right beside wrong"
        ),
        pytest.param({"Authorization": "right-token"}, "no-token", id="in another header"),
        pytest.param({}, "no-token", id="none"),
        pytest.param([], "no-token", id="no headers at all"),
    ],
)
def test_a_source_can_ask_for_a_secret(headers: object, code: str | None) -> None:
    """Where a secret is configured, nothing of a post without it is believed or kept."""
    found = decided(
        http_event(detail(chat="ops", role="devops"), source="lark.approval", headers=headers)
    )
    if code is None:
        assert isinstance(found, Request)
    else:
        assert found == Untrusted("event-1", "lark.approval", code)


def test_a_secret_counts_although_it_is_not_marked_as_required() -> None:
    """A source with a secret in the environment asks for it, whatever LOOP says."""
    tokens = '{"dingtalk.approval":"t","lark.approval":"u"}'
    found = decided(http_event(detail()), SOURCE_TOKENS=tokens)
    assert found == Untrusted("event-1", "dingtalk.approval", "no-token")


def test_an_unknown_source_is_not_trusted() -> None:
    """All sources that the stack does not know are counted as one."""
    found = decided(http_event(detail(), source="ecs.provisioning"))
    assert found == Untrusted("event-1", "", "unknown-source")


def test_tokens_are_not_shown() -> None:
    """Settings do not show their secrets."""
    assert "right-token" in ENVIRONMENT["SOURCE_TOKENS"]
    assert "right-token" not in repr(SETTINGS)


@pytest.mark.parametrize(
    ("limits", "changes", "kind", "said"),
    [
        ({"roles": ["dba"]}, {}, "ProvisionRequest", "may not ask for role devops; it may: dba"),
        ({"actions": ["provision"]}, {}, "DeprovisionRequest", "action deprovision"),
        ({"chats": ["ops"]}, {"chat": "people"}, "ProvisionRequest", "chat people"),
        ({"roles": []}, {}, "ProvisionRequest", "it may: -"),
        ({"roles": ["devops"], "chats": []}, {"chat": ""}, "ProvisionRequest", ""),
    ],
)
def test_a_source_asks_for_what_it_may(
    limits: dict[str, list[str]], changes: dict[str, str], kind: str, said: str
) -> None:
    """Roles, actions and chats are limited in the function, whatever the sender knows."""
    source = {**LOOP["sources"]["dingtalk.approval"], **limits}
    loop = loop_with(sources={**LOOP["sources"], "dingtalk.approval": source})
    found = decided(http_event(detail(**changes), kind=kind), LOOP=loop)
    if not said:
        assert isinstance(found, Request)
        return
    assert isinstance(found, Rejection)
    assert (found.reason.code, said in told(found)) == ("not-for-source", True)
    assert found.request.chat == "ops"
