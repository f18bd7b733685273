"""Tags of instances, commands and invocations: TagResources, UntagResources, ListTagResources."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.api import Answer, ApiCall
from localcloud.ecs.encoding import TAGS_LIMIT, arn, check_region, cut, ids, page, tags
from localcloud.ecs.errors import EcsError
from localcloud.ecs.invocations import Search, Slice
from localcloud.ecs.service import Ecs
from localcloud.errors import MissingParameterError

_KINDS = ("instance", "command", "invocation")
_LISTED_INVOCATIONS = 1000
"""As many as the real action lists of one tag."""


async def tag_resources(ecs: Ecs, call: ApiCall) -> Answer:
    """Add tags to resources; a tag that is there already gets the new value."""
    kind, names = _resources(ecs, call)
    given = tags(call)
    if not given:
        raise MissingParameterError("Tag")
    for name in names:
        tagged = {**_tags_of(ecs, kind, name), **given}
        if len(tagged) > TAGS_LIMIT:
            raise EcsError("NumberExceed.Tags", f"{TAGS_LIMIT} are allowed on a resource")
        _put_tags(ecs, kind, name, tagged)
    return {}


async def untag_resources(ecs: Ecs, call: ApiCall) -> Answer:
    """Remove tags; keys that a resource does not have are ignored."""
    kind, names = _resources(ecs, call)
    keys, everything = call.repeated("TagKey"), call.boolean("All")
    for name in names:
        left = {
            key: value
            for key, value in _tags_of(ecs, kind, name).items()
            if key not in keys and not (everything and not keys)
        }
        _put_tags(ecs, kind, name, left)
    return {}


async def list_tag_resources(ecs: Ecs, call: ApiCall) -> Answer:
    """List tags of resources, given by their ids, by tags, or by both."""
    check_region(ecs, call)
    kind = _kind(call)
    wanted, names = tags(call), ids(call, "ResourceId")
    found = [
        {"ResourceType": kind, "ResourceId": name, "TagKey": key, "TagValue": value}
        for name, given in _tagged(ecs, kind, names, wanted)
        if all(given.get(key) == value for key, value in wanted.items())
        for key, value in given.items()
    ]
    part, fields = cut(page(call), found)
    return {"TagResources": {"TagResource": part}, "NextToken": fields["NextToken"]}


def tag_targets(ecs: Ecs, call: ApiCall) -> list[str]:
    """Name the resources whose tags a request is about, or all of their kind."""
    kind = call.params.get("ResourceType", "").lower() or "*"
    return [arn(ecs, kind, name) for name in ids(call, "ResourceId") or ["*"]]


def _kind(call: ApiCall) -> str:
    kind = call.required("ResourceType").lower()
    if kind not in _KINDS:
        detail = f"'{kind}' is none of {', '.join(_KINDS)}, which the local cloud can tag"
        raise EcsError("InvalidResourceType.NotFound", detail)
    return kind


def _resources(ecs: Ecs, call: ApiCall) -> tuple[str, list[str]]:
    check_region(ecs, call)
    kind, names = _kind(call), ids(call, "ResourceId")
    if not names:
        raise MissingParameterError("ResourceId")
    for name in names:
        _tags_of(ecs, kind, name)
    return kind, names


def _tags_of(ecs: Ecs, kind: str, name: str) -> Mapping[str, str]:
    """Return a resource's tags, or refuse if there is no such resource."""
    if kind == "instance":
        return ecs.instance(name).tags
    if kind == "command":
        return ecs.command(name).tags
    invocation = ecs.history.get(name)
    if invocation is None:
        raise EcsError("InvalidInvokeId.NotFound", f"Given was '{name[:80]}'")
    return invocation.tags


def _put_tags(ecs: Ecs, kind: str, name: str, given: dict[str, str]) -> None:
    if kind == "instance":
        row = dataclasses.replace(ecs.instance(name), tags=given)
        ecs.instances.put(name, row)
    elif kind == "command":
        command = dataclasses.replace(ecs.command(name), tags=given)
        ecs.commands.put(name, command)
    elif invocation := ecs.history.get(name):
        ecs.history.retag(dataclasses.replace(invocation, tags=given))


def _tagged(
    ecs: Ecs, kind: str, names: list[str], wanted: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if names:
        for name in names:
            yield name, ecs.resource_tags(arn(ecs, kind, name))
    elif kind == "instance":
        yield from ((row.instance_id, row.tags) for row in ecs.instances)
    elif kind == "command":
        yield from ((command.command_id, command.tags) for command in ecs.commands)
    else:
        found, _ = ecs.history.search(Search(tags=wanted), Slice(_LISTED_INVOCATIONS))
        yield from ((invocation.invoke_id, invocation.tags) for invocation in found)
