"""The actions that forbid and allow calls of a function, and the one on its resource group."""

import re

from localcloud.api import Action, Answer, ApiCall
from localcloud.fc import encoding
from localcloud.fc.errors import InvalidArgumentError, NotSupportedHereError
from localcloud.fc.service import FunctionCompute

_GROUP = re.compile(r"rg-[A-Za-z0-9]{1,30}")


async def disable_invocation(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Forbid that a function is called, and stop the processes that wait for a call."""
    # The provider also names the function, which the path does.
    body = encoding.only(call, "abortOngoingRequest", "functionName", "reason")
    if body.get("abortOngoingRequest"):
        raise NotSupportedHereError("aborting requests that run (abortOngoingRequest)")
    name = call.path["functionName"]
    fc.registry.restrict(name, encoding.text(body, "reason"), disable=True)
    fc.pool.retire(name)
    return {"success": True}


async def enable_invocation(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Allow again that a function is called, and start what is kept ready."""
    encoding.only(call, "functionName")
    fc.registry.restrict(call.path["functionName"], "", disable=False)
    fc.keep_ready_soon()
    return {"success": True}


async def change_resource_group(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Put a function into another resource group; the group itself is not looked for."""
    body = encoding.body_of(call)
    # The SDK begins the names with a capital letter, the provider does not.
    given = {name[:1].lower() + name[1:]: value for name, value in body.items()}
    for name in sorted(set(given) - {"newResourceGroupId", "resourceId", "resourceType"}):
        raise InvalidArgumentError(name, given[name], "no such setting")
    if str(given.get("resourceType")).lower() != "function":
        raise InvalidArgumentError("resourceType", given.get("resourceType"), "function")
    group = given.get("newResourceGroupId")
    if not isinstance(group, str) or not _GROUP.fullmatch(group):
        raise InvalidArgumentError("newResourceGroupId", group, "the id of a resource group, rg-…")
    name = _name(fc, given.get("resourceId"))
    before = fc.registry.set_resource_group(name, group)
    return {"OldResourceGroupId": before, "NewResourceGroupId": group, "ResourceId": name}


def _name(fc: FunctionCompute, resource: object) -> str:
    """Return the name of a function that is named by name or ARN."""
    if not isinstance(resource, str) or not resource:
        raise InvalidArgumentError("resourceId", resource, "the name of a function")
    return resource.removeprefix(fc.registry.arn(""))


def _one(fc: FunctionCompute, call: ApiCall) -> list[str]:
    return [fc.registry.arn(call.path["functionName"])]


def _any(fc: FunctionCompute, _call: ApiCall) -> list[str]:
    return [fc.registry.arn("*")]


ACTIONS: dict[str, Action[FunctionCompute]] = {
    "DisableFunctionInvocation": Action(
        disable_invocation,
        "fc:DisableFunctionInvocation",
        _one,
        "requests that run are not aborted",
    ),
    "EnableFunctionInvocation": Action(enable_invocation, "fc:EnableFunctionInvocation", _one),
    "ChangeResourceGroup": Action(
        change_resource_group,
        "fc:ChangeResourceGroup",
        _any,
        "functions only; kept, the group is not looked for",
    ),
}
