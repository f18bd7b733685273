"""A request is for one product, and every product refuses in its own form."""

import json
from xml.etree import ElementTree

import pytest

from localcloud.errors import ApiError
from localcloud.gateway.request import Request
from localcloud.gateway.styles import style_of
from localcloud.gateway.styles.rpc import Rpc
from localcloud.mns import encoding
from localcloud.products import PRODUCTS

STYLES = {name: style_of(product) for name, product in PRODUCTS.items()}
REQUESTS = {
    **{
        name: Request("GET", "/", {"Version": product.version, "Action": "Any"})
        for name, product in PRODUCTS.items()
        if not product.routes
    },
    "eventbridge-data": Request("POST", "/openapi/putEvents"),
    "fc": Request("GET", "/2023-03-30/functions/a%20b"),
    "mns-data": Request("GET", "/queues/q", headers={"x-mns-version": "2015-06-06"}),
    "sls": Request(
        "GET",
        "/logstores/s",
        headers={"x-log-apiversion": "0.6.0"},
        host="p.http.sls.localcloud.invalid",
    ),
}
UNKNOWN_KEY = ApiError("InvalidAccessKeyId.NotFound", "no such key", 404)


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_request_is_for_one_product(product: str) -> None:
    """No other product's style recognises it."""
    found = [name for name, style in STYLES.items() if style.recognises(REQUESTS[product])]
    assert found == [product]


@pytest.mark.parametrize(
    ("product", "action", "path"),
    [
        ("ecs", "Any", {}),
        ("eventbridge-data", "PutEvents", {}),
        ("fc", "GetFunction", {"functionName": "a b"}),
        ("mns-data", "GetQueueAttributes", {"queueName": "q"}),
        ("sls", "GetLogStore", {"logstore": "s", "project": "p"}),
    ],
)
def test_a_request_is_parsed(product: str, action: str, path: dict[str, str]) -> None:
    """Action and variables are where the style puts them."""
    parsed = STYLES[product].parse(REQUESTS[product])
    assert parsed is not None
    assert (parsed.action, dict(parsed.path)) == (action, path)


@pytest.mark.parametrize("product", PRODUCTS)
def test_an_unknown_path_is_no_action(product: str) -> None:
    """Not even where the action is a parameter."""
    assert STYLES[product].parse(Request("GET", "/no/such/path", {"Action": "Any"})) is None


@pytest.mark.parametrize(
    ("product", "status", "code", "header"),
    [
        ("ecs", 404, "InvalidAccessKeyId.NotFound", "x-acs-request-id"),
        ("eventbridge-data", 404, "InvalidAccessKeyId.NotFound", "x-acs-request-id"),
        ("fc", 404, "InvalidAccessKeyId.NotFound", "x-fc-request-id"),
        ("mns-data", 403, "InvalidAccessKeyId", "x-mns-request-id"),
        ("sls", 401, "Unauthorized", "x-log-requestid"),
    ],
)
def test_a_refusal_has_the_form_of_its_product(
    product: str, status: int, code: str, header: str
) -> None:
    """Status and code are the product's own, and so is the header of the request's id."""
    answer = STYLES[product].error(UNKNOWN_KEY, "R")
    assert (answer.status, answer.headers[header]) == (status, "R")
    assert code in answer.body.decode()


def test_only_errors_of_eventbridge_deny_success() -> None:
    """The provider reads ``Success``; other RPC products do not have it."""
    assert json.loads(STYLES["eventbridge"].error(UNKNOWN_KEY, "R").body)["Success"] is False
    assert all(
        "Success" not in json.loads(style.error(UNKNOWN_KEY, "R").body)
        for name, style in STYLES.items()
        if isinstance(style, Rpc) and name != "eventbridge"
    )


def test_errors_and_answers_of_the_queues_share_a_namespace() -> None:
    """Clients that look for elements by their namespace find both."""
    error = ElementTree.fromstring(STYLES["mns-data"].error(UNKNOWN_KEY, "R").body)
    answer = ElementTree.fromstring(encoding.write("Queue", {}))
    assert error.tag.partition("}")[0] == answer.tag.partition("}")[0]
