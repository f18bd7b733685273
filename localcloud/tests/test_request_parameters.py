"""Every parameter that an official SDK can send is read, refused, or ignored with a reason."""

import pytest

from localcloud.api import ApiCall, Caller
from localcloud.conformance.sdk_models import SDKS, operations, parameters, treatment
from localcloud.errors import ApiError
from localcloud.gateway.pipeline import refuse_unsupported
from localcloud.products import PRODUCTS

EVERY = [
    (product, action)
    for product in SDKS
    for action in sorted(set(PRODUCTS[product].actions) & operations(product))
]


@pytest.mark.parametrize(("product", "action"), EVERY)
def test_no_parameter_is_passed_over_in_silence(product: str, action: str) -> None:
    """What the service does not even name is in one of the two lists, and nothing is in both."""
    refused = set(PRODUCTS[product].refused.get(action, ()))
    ignored = set(PRODUCTS[product].ignored.get(action, {}))
    assert not treatment(product, action).unknown
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
