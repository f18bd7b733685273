"""Functions that nobody may call, and the resource groups that they are in."""

from typing import Any

import pytest

from lab.fc import FunctionLab
from localcloud.errors import ApiError

CODE = "def handler(event, context):\n    return 'ok'\n"
HERE = {"functionName": "approve"}


async def test_a_disabled_function_is_not_called_until_it_is_enabled(lab: FunctionLab) -> None:
    """Waiting and later calls are refused with the reason, and the function says so itself."""
    await lab.create("approve", CODE)
    assert "invocationRestriction" not in await lab.call("GetFunction", HERE)
    body = {"functionName": "approve", "reason": "being moved"}
    assert await lab.call("DisableFunctionInvocation", HERE, body) == {"success": True}
    refused = await lab.invoke("approve")
    assert (refused.status, b"being moved" in refused.body) == (403, True)
    with pytest.raises(ApiError, match="being moved"):
        await lab.fc.invoke_later("approve", b"{}", request_id="R")
    shown = (await lab.call("GetFunction", HERE))["invocationRestriction"]
    assert (shown["disable"], shown["reason"]) == (True, "being moved")
    await lab.restart()
    assert (await lab.invoke("approve")).status == 403
    assert await lab.call("EnableFunctionInvocation", HERE) == {"success": True}
    assert (await lab.call("GetFunction", HERE))["invocationRestriction"]["disable"] is False
    assert (await lab.invoke("approve")).body == b"ok"


@pytest.mark.parametrize(
    ("body", "message"),
    [({"abortOngoingRequest": True}, "abortOngoingRequest"), ({"why": "x"}, "no such setting")],
)
async def test_what_cannot_be_done_is_refused(
    lab: FunctionLab, body: dict[str, Any], message: str
) -> None:
    """Nobody believes that requests were aborted which run on."""
    await lab.create("approve", CODE)
    with pytest.raises(ApiError, match=message):
        await lab.call("DisableFunctionInvocation", HERE, body)
    assert (await lab.invoke("approve")).body == b"ok"


@pytest.mark.parametrize("first", ["N", "n"])
async def test_a_function_is_put_into_a_resource_group(lab: FunctionLab, first: str) -> None:
    """In the names of the SDK and of the provider; the group comes back with the function."""
    await lab.create("approve", CODE, resourceGroupId="rg-one")
    names = ("ResourceId", "ResourceType") if first == "N" else ("resourceId", "resourceType")
    body = {f"{first}ewResourceGroupId": "rg-two", names[0]: "approve", names[1]: "function"}
    assert await lab.call("ChangeResourceGroup", body=body) == {
        "OldResourceGroupId": "rg-one",
        "NewResourceGroupId": "rg-two",
        "ResourceId": "approve",
    }
    assert (await lab.call("GetFunction", HERE))["resourceGroupId"] == "rg-two"


@pytest.mark.parametrize(
    ("group", "found"),
    [
        ("", ["approve", "report"]),
        ("rg-default", ["report"]),
        ("rg-one", ["approve"]),
        ("rg-two", []),
    ],
)
async def test_functions_are_listed_by_resource_group(
    lab: FunctionLab, group: str, found: list[str]
) -> None:
    """A function that names none is in the account's default group."""
    await lab.create("approve", CODE, resourceGroupId="rg-one")
    await lab.create("report", CODE)
    answer = await lab.call("ListFunctions", params={"resourceGroupId": group})
    assert isinstance(answer, dict)
    assert [each["functionName"] for each in answer["functions"]] == found


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"newResourceGroupId": "two"}, "InvalidArgument"),
        ({"newResourceGroupId": None}, "InvalidArgument"),
        ({"resourceType": "layer"}, "InvalidArgument"),
        ({"resourceId": ""}, "InvalidArgument"),
        ({"resourceId": "gone"}, "FunctionNotFound"),
        ({"other": 1}, "InvalidArgument"),
    ],
)
async def test_a_resource_group_that_could_not_be_is_refused(
    lab: FunctionLab, changes: dict[str, Any], code: str
) -> None:
    """With the code that the real service has for it."""
    await lab.create("approve", CODE)
    body = {"resourceId": "approve", "resourceType": "function", "newResourceGroupId": "rg-two"}
    with pytest.raises(ApiError) as failure:
        await lab.call("ChangeResourceGroup", body={**body, **changes})
    assert failure.value.code == code
