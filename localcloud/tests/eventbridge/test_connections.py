"""Connections and API destinations are kept, checked and answered as their pages have it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_eventbridge20200401 import models

from lab.eventbridge import EventBridgeLab
from localcloud.errors import ApiError

PUBLIC = {"NetworkType": "PublicNetwork"}
BASIC = {
    "AuthorizationType": "BASIC_AUTH",
    "BasicAuthParameters": {"Username": "hr", "Password": "a-secret"},
}
OAUTH = {
    "AuthorizationType": "OAUTH_AUTH",
    "OAuthParameters": {
        "AuthorizationEndpoint": "http://127.0.0.1:8080",
        "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "id", "ClientSecret": "a-secret"},
        "OAuthHttpParameters": {
            "BodyParameters": [{"Key": "k", "Value": "v", "IsValueSecret": "true"}]
        },
    },
}
POST = {"Endpoint": "http://127.0.0.1:8001", "Method": "POST"}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[EventBridgeLab]:
    """Run a lab whose state survives."""
    async with EventBridgeLab(tmp_path) as lab:
        yield lab


async def connect(lab: EventBridgeLab, action: str = "CreateConnection", **changes: Any) -> Any:
    """Make or change the connection ``hr``."""
    given = {"ConnectionName": "hr", "NetworkParameters": PUBLIC, **changes}
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}
    return await lab.call(action, **texts)


async def destine(lab: EventBridgeLab, action: str = "CreateApiDestination", **changes: Any) -> Any:
    """Make or change the API destination ``members``."""
    given = {
        "ApiDestinationName": "members",
        "ConnectionName": "hr",
        "HttpApiParameters": POST,
        **changes,
    }
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}
    return await lab.call(action, **texts)


async def code_of(call: Any) -> str:
    """Return the code with which a call fails."""
    with pytest.raises(ApiError) as failure:
        await call
    return failure.value.code


@pytest.mark.parametrize("authorization", [{}, BASIC, OAUTH])
async def test_a_connection_comes_back_as_it_was_made(
    lab: EventBridgeLab, authorization: dict[str, Any]
) -> None:
    """In the model of the SDK, also after a restart, until it is deleted."""
    made = await connect(lab, Description="d", AuthParameters=authorization)
    assert made["Data"] == {"ConnectionName": "hr"}
    await lab.restart()
    answer = await lab.call("GetConnection", ConnectionName="hr")
    (shown,) = answer["Data"]["Connections"]
    assert (shown["Description"], shown["NetworkParameters"]) == ("d", PUBLIC)
    assert shown.get("AuthParameters", {}) == authorization
    known = models.GetConnectionResponseBodyDataConnections().from_map(shown)
    assert set(shown) <= set(known.to_map()) | {"AuthParameters"}
    listed = await lab.call("ListConnections", ConnectionNamePrefix="h")
    assert (listed["Data"]["Connections"], listed["Data"]["Total"]) == ([shown], 1)
    await lab.call("DeleteConnection", ConnectionName="hr")
    assert await code_of(lab.call("GetConnection", ConnectionName="hr")) == "ConnectionNotExist"


async def test_a_change_replaces_what_a_connection_says(lab: EventBridgeLab) -> None:
    """What the change leaves out is gone."""
    await connect(lab, Description="d", AuthParameters=BASIC)
    await connect(lab, "UpdateConnection")
    answer = await lab.call("GetConnection", ConnectionName="hr")
    (shown,) = answer["Data"]["Connections"]
    assert (shown["Description"], "AuthParameters" in shown) == ("", False)
    missing = connect(lab, "UpdateConnection", ConnectionName="other")
    assert await code_of(missing) == "ConnectionNotExist"


@pytest.mark.parametrize(
    "changes",
    [
        {"ConnectionName": "h"},
        {"ConnectionName": "h" * 128},
        {"Description": "d" * 256},
        {"Type": "MySQL"},
        {"NetworkParameters": {"NetworkType": "PrivateNetwork", "VpcId": "vpc-1"}},
        {"NetworkParameters": {**PUBLIC, "Other": 1}},
        {"NetworkParameters": "["},
        {"AuthParameters": {"AuthorizationType": "NONE"}},
        {"AuthParameters": {"AuthorizationType": ["BASIC_AUTH"]}},
        {"AuthParameters": {**BASIC, "BasicAuthParameters": {"Username": "hr"}}},
        {"AuthParameters": {**BASIC, "AuthorizationType": "API_KEY_AUTH"}},
        {"AuthParameters": {**OAUTH, "OAuthParameters": {"HttpMethod": "POST"}}},
    ],
)
async def test_a_connection_that_could_not_be_is_refused(
    lab: EventBridgeLab, changes: dict[str, Any]
) -> None:
    """The error names the parameter, and no secret."""
    with pytest.raises(ApiError) as failure:
        await connect(lab, **changes)
    assert failure.value.code.startswith("InvalidParameter")
    assert "a-secret" not in failure.value.message
    assert lab.eventbridge.connections.all() == []


async def test_an_api_destination_lives_on_its_connection(lab: EventBridgeLab) -> None:
    """It is read back, changed and deleted; its connection stays as long as it does."""
    assert await code_of(destine(lab)) == "ConnectionNotExist"
    await connect(lab)
    assert (await destine(lab))["Date"] == {"ApiDestinationName": "members"}
    assert await code_of(destine(lab)) == "ApiDestinationAlreadyExist"
    put = {"Endpoint": "http://127.0.0.1:8002", "Method": "PUT"}
    await destine(lab, "UpdateApiDestination", HttpApiParameters=put, Description="d")
    shown = (await lab.call("GetApiDestination", ApiDestinationName="members"))["Data"]
    assert (shown["HttpApiParameters"], shown["Description"]) == (put, "d")
    listed = await lab.call("ListApiDestinations", ConnectionName="hr")
    assert listed["Data"]["ApiDestinations"] == [shown]
    assert await code_of(lab.call("DeleteConnection", ConnectionName="hr")) == "ConnectionInUse"
    await lab.call("DeleteApiDestination", ApiDestinationName="members")
    gone = lab.call("GetApiDestination", ApiDestinationName="members")
    assert await code_of(gone) == "ApiDestinationNotExist"
    await lab.call("DeleteConnection", ConnectionName="hr")


@pytest.mark.parametrize(
    "http",
    [{"Endpoint": "http://x"}, {**POST, "Method": "TRACE"}, {**POST, "Endpoint": "h" * 128}],
)
async def test_an_api_destination_that_could_not_be_is_refused(
    lab: EventBridgeLab, http: dict[str, Any]
) -> None:
    """Endpoint and method are those of the page."""
    await connect(lab)
    assert (await code_of(destine(lab, HttpApiParameters=http))).startswith("InvalidParameter")
    assert lab.eventbridge.connections.destinations() == []


async def test_lists_come_in_pages(lab: EventBridgeLab) -> None:
    """Ten at a time unless the request says otherwise; other types than Http have none."""
    for number in range(11):
        await connect(lab, ConnectionName=f"hr-{number:02}")
    first = (await lab.call("ListConnections"))["Data"]
    assert (len(first["Connections"]), first["NextToken"], first["Total"]) == (10, "10", 11)
    second = (await lab.call("ListConnections", NextToken=first["NextToken"]))["Data"]
    assert [c["ConnectionName"] for c in second["Connections"]] == ["hr-10"]
    for params in ({"Type": "MySQL"}, {"ExcludeType": "Http"}):
        assert (await lab.call("ListConnections", **params))["Data"]["Total"] == 0
