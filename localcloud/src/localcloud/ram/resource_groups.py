"""Resource groups: the account's default one, in which everything is that names no other."""

from typing import Any

from localcloud.api import Action, Answer, ApiCall
from localcloud.ram.errors import EntityNotExistError
from localcloud.ram.service import Ram
from localcloud.settings import DEFAULT_RESOURCE_GROUP


async def list_resource_groups(ram: Ram, call: ApiCall) -> Answer:
    """Return the groups, a page at a time."""
    asked = {"Id": "ResourceGroupId", "Name": "Name", "Status": "Status"}
    wanted = {field: call.params[name] for field, name in asked.items() if call.params.get(name)}
    found = [_group(ram)] if wanted.items() <= _group(ram).items() else []
    number = call.integer("PageNumber", 1, 1, 10**6)
    size = call.integer("PageSize", 10, 1, 100)
    return {
        "PageNumber": number,
        "PageSize": size,
        "TotalCount": len(found),
        "ResourceGroups": {"ResourceGroup": found[(number - 1) * size : number * size]},
    }


async def get_resource_group(ram: Ram, call: ApiCall) -> Answer:
    """Return a group with its regions."""
    if (wanted := call.required("ResourceGroupId")) != DEFAULT_RESOURCE_GROUP:
        raise EntityNotExistError("ResourceGroup", wanted)
    regions = [{"RegionId": ram.settings.region, "Status": "OK"}]
    return {"ResourceGroup": {**_group(ram), "RegionStatuses": {"RegionStatus": regions}}}


def _group(ram: Ram) -> dict[str, Any]:
    return {
        "Id": DEFAULT_RESOURCE_GROUP,
        "Name": "default",
        "DisplayName": "default resource group",
        "AccountId": ram.settings.account_id,
        "Status": "OK",
        # guess: an account has had its group as long as itself, and nothing here says how long.
        "CreateDate": "2026-01-01T00:00:00+08:00",
    }


_DEFAULT_ONLY = "the default group only"

ACTIONS: dict[str, Action[Ram]] = {
    "ListResourceGroups": Action(
        list_resource_groups, "resourcemanager:ListResourceGroups", partial=_DEFAULT_ONLY
    ),
    "GetResourceGroup": Action(
        get_resource_group, "resourcemanager:GetResourceGroup", partial=_DEFAULT_ONLY
    ),
}
REFUSED = {"ListResourceGroups": ("DisplayName", "ResourceGroupIds", "Tag")}
IGNORED = {
    action: {"IncludeTags": "the default group has no tags"}
    for action in ("GetResourceGroup", "ListResourceGroups")
}
