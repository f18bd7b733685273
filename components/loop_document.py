"""What the functions know of the stack: one JSON text for all of them, without secrets."""

import json
from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from components.chat_delivery import ChatArgs
from components.names import ChatPlatform


class SourceArgs(TypedDict):
    """An HTTPS event source to which an approval flow posts."""

    name: str
    """Name of the source, unique over all buses of the region."""
    platform: ChatPlatform
    """Whose approval flow posts here."""
    chat: str
    """The chat that hears of requests which name no other."""
    allowed_ips: NotRequired[list[str]]
    """Addresses or CIDR blocks that may post, at most 5."""
    allowed_referers: NotRequired[list[str]]
    """Referer headers that may post, at most 5; not together with addresses."""
    token: NotRequired[pulumi.Input[str]]
    """What the header X-Provisioning-Token must be; a secret. Not asked for if left out."""


class RoleInstancesArgs(TypedDict):
    """A role of the catalogue and where it is provisioned."""

    role: str
    """The role."""
    instance_ids: NotRequired[list[str]]
    """The instances, if they are named."""
    instance_tags: NotRequired[dict[str, str]]
    """The tags that an instance must all carry, if they are not."""


def loop_document(
    bus: str,
    sources: Sequence[SourceArgs],
    chats: Sequence[ChatArgs],
    default_chat: str,
    roles: Sequence[RoleInstancesArgs],
    stale_after_seconds: int,
    script_sha256: str,
) -> str:
    """Write down what a function must know to judge a request and to address its result."""
    return json.dumps(
        {
            "bus": bus,
            "sources": {
                source["name"]: {
                    "platform": ChatPlatform(source["platform"]).value,
                    "chat": source["chat"],
                    "token_required": "token" in source,
                }
                for source in sources
            },
            "chats": {
                chat["name"]: {
                    "platform": ChatPlatform(chat["platform"]).value,
                    "language": chat["language"],
                }
                for chat in chats
            },
            "default_chat": default_chat,
            "roles": {role["role"]: _where(role) for role in roles},
            "stale_after_seconds": stale_after_seconds,
            "script_sha256": script_sha256,
        },
        separators=(",", ":"),
        sort_keys=True,
    )


def _where(role: RoleInstancesArgs) -> dict[str, Any]:
    if "instance_ids" in role:
        return {"instances": role["instance_ids"]}
    return {"tags": role.get("instance_tags", {})}


def instance_ids(roles: Sequence[RoleInstancesArgs]) -> list[str]:
    """Give every instance that is named, once each, in the order in which they come."""
    return list(dict.fromkeys(i for role in roles for i in role.get("instance_ids", [])))


def tag_groups(roles: Sequence[RoleInstancesArgs]) -> list[dict[str, str]]:
    """Give every set of tags by which instances are found, once each."""
    found: list[dict[str, str]] = []
    for role in roles:
        tags = role.get("instance_tags")
        if tags and tags not in found:
            found.append(tags)
    return found
