"""Tags of instances, commands and invocations: TagResources, UntagResources, ListTagResources."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from localcloud.api import Answer, ApiCall
from localcloud.ecs.errors import EcsError
from localcloud.ecs.invocations import Search, Slice
from localcloud.ecs.parameters import TAGS_LIMIT, arn, check_region, cut, ids, page, tags
from localcloud.errors import MissingParameter

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

_KINDS = ("instance", "command", "invocation")
_LISTED_INVOCATIONS = 1000
"""As many as the real action lists of one tag."""


async def tag_resources(cloud: "Cloud", call: ApiCall) -> Answer:
    """Add tags to resources; a tag that is there already gets the new value."""
    kind, names = _resources(cloud, call)
    given = tags(call)
    if not given:
        raise MissingParameter("Tag")
    for name in names:
        tagged = {**_tags_of(cloud, kind, name), **given}
        if len(tagged) > TAGS_LIMIT:
            raise EcsError("NumberExceed.Tags", f"{TAGS_LIMIT} are allowed on a resource")
        _put_tags(cloud, kind, name, tagged)
    return {}


async def untag_resources(cloud: "Cloud", call: ApiCall) -> Answer:
    """Take tags away; keys that a resource does not have are passed over."""
    kind, names = _resources(cloud, call)
    keys, everything = call.repeated("TagKey"), call.boolean("All")
    for name in names:
        left = {
            key: value
            for key, value in _tags_of(cloud, kind, name).items()
            if key not in keys and not (everything and not keys)
        }
        _put_tags(cloud, kind, name, left)
    return {}


async def list_tag_resources(cloud: "Cloud", call: ApiCall) -> Answer:
    """List tags of resources, given by their ids, by tags, or by both."""
    check_region(cloud, call)
    kind = _kind(call)
    wanted, names = tags(call), ids(call, "ResourceId")
    found = [
        {"ResourceType": kind, "ResourceId": name, "TagKey": key, "TagValue": value}
        for name, given in _tagged(cloud, kind, names, wanted)
        if all(given.get(key) == value for key, value in wanted.items())
        for key, value in given.items()
    ]
    part, fields = cut(page(call), found)
    return {"TagResources": {"TagResource": part}, "NextToken": fields["NextToken"]}


def tag_targets(cloud: "Cloud", call: ApiCall) -> list[str]:
    """Name the resources whose tags a request is about, or all of their kind."""
    kind = call.params.get("ResourceType", "").lower() or "*"
    return [arn(cloud, kind, name) for name in ids(call, "ResourceId") or ["*"]]


def _kind(call: ApiCall) -> str:
    kind = call.required("ResourceType").lower()
    if kind not in _KINDS:
        detail = f"'{kind}' is none of {', '.join(_KINDS)}, which the local cloud can tag"
        raise EcsError("InvalidResourceType.NotFound", detail)
    return kind


def _resources(cloud: "Cloud", call: ApiCall) -> tuple[str, list[str]]:
    check_region(cloud, call)
    kind, names = _kind(call), ids(call, "ResourceId")
    if not names:
        raise MissingParameter("ResourceId")
    for name in names:
        _tags_of(cloud, kind, name)
    return kind, names


def _tags_of(cloud: "Cloud", kind: str, name: str) -> Mapping[str, str]:
    """Return a resource's tags, or refuse if there is no such resource."""
    if kind == "instance":
        return cloud.ecs.instance(name).tags
    if kind == "command":
        return cloud.ecs.command(name).tags
    invocation = cloud.ecs.history.get(name)
    if invocation is None:
        raise EcsError("InvalidInvokeId.NotFound", f"Given was '{name[:80]}'")
    return invocation.tags


def _put_tags(cloud: "Cloud", kind: str, name: str, given: dict[str, str]) -> None:
    if kind == "instance":
        row = dataclasses.replace(cloud.ecs.instance(name), tags=given)
        cloud.ecs.hosts.put(name, row)
    elif kind == "command":
        command = dataclasses.replace(cloud.ecs.command(name), tags=given)
        cloud.ecs.commands.put(name, command)
    elif invocation := cloud.ecs.history.get(name):
        cloud.ecs.history.retag(dataclasses.replace(invocation, tags=given))


def _tagged(
    cloud: "Cloud", kind: str, names: list[str], wanted: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if names:
        for name in names:
            yield name, cloud.ecs.resource_tags(arn(cloud, kind, name))
    elif kind == "instance":
        yield from ((row.instance_id, row.tags) for row in cloud.ecs.hosts)
    elif kind == "command":
        yield from ((command.command_id, command.tags) for command in cloud.ecs.commands)
    else:
        found, _ = cloud.ecs.history.search(Search(tags=wanted), Slice(_LISTED_INVOCATIONS))
        yield from ((invocation.invoke_id, invocation.tags) for invocation in found)
