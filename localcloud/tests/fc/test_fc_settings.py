"""Every setting that the official SDK can send is handled, refused, or ignored with a reason."""

import inspect
import re
from importlib import import_module
from typing import Any

import pytest

from lab.fc import FunctionLab
from localcloud.errors import ApiError
from localcloud.fc import actions, async_config, limits, trigger_actions

models: Any = import_module("alibabacloud_fc20230330.models")

READ_BESIDE = {"functionName", "code", "tags"}


def fields(model: str) -> set[str]:
    """Return what a request of the SDK can hold, as it is written on the wire."""
    return set(re.findall(r"result\['(\w+)'\]", inspect.getsource(getattr(models, model).to_map)))


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("CreateFunctionInput", limits.SETTINGS | READ_BESIDE),
        ("CreateTriggerInput", trigger_actions.NEW),
        ("UpdateTriggerInput", trigger_actions.CHANGED),
        ("TimerTriggerConfig", {"cronExpression", "enable", "payload"}),
        ("PutAsyncInvokeConfigInput", set(async_config.SETTINGS) - {"functionName"}),
        ("CreateAliasInput", set(actions.ALIAS)),
        ("PublishVersionInput", {"description"}),
        ("PutConcurrencyInput", {"reservedConcurrency"}),
    ],
)
def test_the_sdk_has_no_setting_that_nobody_thought_of(model: str, known: set[str]) -> None:
    """A new release of the SDK with a new setting fails here."""
    assert fields(model) == set(known)


def test_a_change_has_no_other_settings_than_a_creation() -> None:
    """What can be changed is judged by the same list."""
    assert fields("UpdateFunctionInput") <= limits.SETTINGS | READ_BESIDE
    assert fields("UpdateAliasInput") <= set(actions.ALIAS)


def test_a_setting_is_one_of_three_kinds() -> None:
    """Nothing is both ignored and refused, and whatever is ignored says why."""
    assert not set(limits.IGNORED) & limits.REFUSED
    assert all(limits.IGNORED.values())


CODE = "def handler(event, context):\n    return 'ok'\n"
SAYING = {
    "layers": ["acs:fc:x"],
    "disableInjectCredentials": "Request",
    "disableOndemand": True,
    "enableLongLiving": True,
}


@pytest.mark.parametrize("setting", sorted(limits.REFUSED))
async def test_what_would_be_missed_is_refused(lab: FunctionLab, setting: str) -> None:
    """An initializer that never ran, a mount that is not there: an error, not a success."""
    value = SAYING.get(setting, {"initializer": {"handler": "index.start"}})
    with pytest.raises(ApiError, match=setting):
        await lab.create("f", CODE, **{setting: value})
    empty: Any = {"initializer": {"handler": ""}} if isinstance(value, dict) else None
    await lab.create("f", CODE, **{setting: empty})
    with pytest.raises(ApiError, match=setting):
        await lab.update("f", **{setting: value})


@pytest.mark.parametrize(
    ("action", "path", "body"),
    [
        ("UpdateFunction", {"functionName": "f"}, {"timeOut": 9}),
        ("UpdateFunction", {"functionName": "f"}, {"logConfig": {"enableMetrics": True}}),
        ("PublishFunctionVersion", {"functionName": "f"}, {"note": "x"}),
        ("CreateAlias", {"functionName": "f"}, {"aliasName": "live", "version": "1"}),
        ("PutConcurrencyConfig", {"functionName": "f"}, {"reserved": 1}),
        ("PutAsyncInvokeConfig", {"functionName": "f"}, {"retries": 1}),
    ],
)
async def test_a_setting_that_does_not_exist_is_refused(
    lab: FunctionLab, action: str, path: dict[str, str], body: dict[str, Any]
) -> None:
    """A slip in a name is told; the real cloud would pass it over without a word."""
    await lab.create("f", CODE)
    with pytest.raises(ApiError, match="no such setting"):
        await lab.call(action, path, body)
