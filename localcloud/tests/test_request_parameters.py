"""Every parameter that an official SDK can send is read, refused, or ignored with a reason."""

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from localcloud.api import ApiCall, Caller
from localcloud.errors import ApiError
from localcloud.gateway.pipeline import refuse_unsupported
from localcloud.products import PRODUCTS

SDKS = {
    "ecs": "alibabacloud_ecs20140526.models",
    "eventbridge": "alibabacloud_eventbridge20200401.models",
    "mns": "alibabacloud_mns_open20220119.models",
    "ram": "alibabacloud_ram20150501.models",
    "sts": "alibabacloud_sts20150401.models",
}
COMMON = {"OwnerAccount", "OwnerId", "RegionId", "ResourceOwnerAccount", "ResourceOwnerId"} | {
    "SourceRegionId"
}
"""Parameters that every action takes, whoever owns the resources."""


def parameters(product: str, action: str) -> set[str]:
    """Return the parameters of an action's request in the SDK, as they are written on the wire."""
    model: Any = getattr(import_module(SDKS[product]), f"{action}Request", None)
    if model is None:
        return set()
    found = re.findall(r"result\['(\w+)'\]", inspect.getsource(model.to_map))
    return {name.removesuffix("Shrink") for name in found} - COMMON


def read_by(product: str, action: str) -> str:
    """Return the source of the service that runs an action."""
    module = PRODUCTS[product].actions[action].run.__module__
    folder = Path(str(import_module(module).__file__)).parent
    return "".join(path.read_text() for path in folder.glob("*.py"))


EVERY = [(product, action) for product in SDKS for action in PRODUCTS[product].actions]


@pytest.mark.parametrize(("product", "action"), EVERY)
def test_no_parameter_is_passed_over_in_silence(product: str, action: str) -> None:
    """What the service does not even name is in one of the two lists, and nothing is in both."""
    refused = set(PRODUCTS[product].refused.get(action, ()))
    ignored = set(PRODUCTS[product].ignored.get(action, {}))
    text = read_by(product, action)
    unread = {name for name in parameters(product, action) - ignored if f'"{name}"' not in text}
    assert unread <= refused
    assert not refused & ignored
    assert refused | ignored <= parameters(product, action)


@pytest.mark.parametrize("product", SDKS)
def test_the_lists_name_actions_that_there_are(product: str) -> None:
    """A list for an action that is gone, or a reason that says nothing, is a slip."""
    known = PRODUCTS[product]
    assert set(known.refused) | set(known.ignored) <= set(known.actions)
    assert all(all(reasons.values()) for reasons in known.ignored.values())


@pytest.mark.parametrize(
    ("name", "value", "is_refused"),
    [
        ("OssOutputDelivery", "oss://bucket", True),
        ("SourceKafkaParameters", "{}", False),
        ("Filter.1.Key", "CreationStartTime", True),
        ("Hibernate", "false", False),
        ("Hibernate", "True", True),
        ("CommandId", "c-1", False),
    ],
)
def test_what_says_nothing_is_let_pass(name: str, value: str, *, is_refused: bool) -> None:
    """The provider sends empty objects and false where nothing was set."""
    call = ApiCall("ecs", "Any", Caller("acs:ram::1:root", "k"), "r", {name: value})
    refused = ["OssOutputDelivery", "SourceKafkaParameters", "Filter", "Hibernate"]
    if not is_refused:
        refuse_unsupported(refused, call)
        return
    with pytest.raises(ApiError, match=rf"InvalidParameter\.{name}"):
        refuse_unsupported(refused, call)
