"""Stack ``local`` meets no real account, whatever the developer's environment holds."""

import pulumi
import pytest

from tests.unit.stacks.conftest import fake_secrets, run_stack, stack_file

VARIABLES = ("ALICLOUD_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID")
REAL = "LTAI5tSomebody"


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the keys of this machine's user away."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def message(configured: str = "") -> str:
    """Return the message with which stack local refuses to start; nothing if it starts."""
    try:
        run_stack("local", {**stack_file("local"), "alicloud:accessKey": configured})
    except pulumi.RunError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", VARIABLES)
def test_a_real_key_in_the_environment_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plain ``pulumi up`` would take it; the message says what to type instead."""
    monkeypatch.setenv(name, REAL)
    assert f"alicloud:accessKey: '{REAL}' is not the key of a local cloud" in message()
    assert "      make up STACK=local" in message().splitlines()


def test_a_real_key_in_the_configuration_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts more than the environment, as for the provider."""
    monkeypatch.setenv(VARIABLES[0], "LTAIlocalX")
    assert f"'{REAL}' is not the key of a local cloud" in message(REAL)


def test_no_key_is_refused() -> None:
    """The provider would look for a profile or a role of the machine."""
    assert "alicloud:accessKey: missing" in message()


def test_the_variable_that_the_provider_takes_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of its list that is not empty."""
    monkeypatch.setenv(VARIABLES[0], "")
    monkeypatch.setenv(VARIABLES[1], "LTAIlocalX")
    monkeypatch.setenv(VARIABLES[2], REAL)
    assert message() == ""
    monkeypatch.setenv(VARIABLES[0], REAL)
    assert REAL in message()


def test_other_stacks_take_real_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are for real accounts."""
    monkeypatch.setenv(VARIABLES[0], REAL)
    values = {**stack_file("dev"), **fake_secrets("dev"), "alicloud:accessKey": ""}
    engine, _ = run_stack("dev", values)
    assert engine.resources
