"""What the functions know of the stack: one JSON text for all of them, without secrets."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from components import defaults
from components.chat_delivery import Chat, delivery_of
from components.names import ApprovalKind, ChatPlatform, Language, Number, whole
from components.native_approvals import NativeSource
from functions.request.deployment import LIMITS

_PLATFORMS = {
    ApprovalKind.DINGTALK: ChatPlatform.DINGTALK,
    ApprovalKind.LARK: ChatPlatform.LARK,
}


class Source(TypedDict):
    """An HTTPS event source to which an approval flow posts."""

    name: str
    """Name of the source, unique over all buses of the region."""
    platform: ChatPlatform
    """Whose approval flow posts here."""
    chat: NotRequired[str]
    """The chat that hears of requests which name no other. The default chat if left out."""
    allowed_ips: NotRequired[list[pulumi.Input[str]]]
    """Addresses or CIDR blocks that may post, at most 5. Whoever has the URL if left out."""
    allowed_referers: NotRequired[list[pulumi.Input[str]]]
    """Referer headers that may post, at most 5; not together with addresses."""
    token: NotRequired[pulumi.Input[str]]
    """What the header X-Provisioning-Token must be; a secret. Not asked for if left out."""
    roles: NotRequired[list[pulumi.Input[str]]]
    """The roles that it may ask for. Every role if left out."""
    actions: NotRequired[list[pulumi.Input[str]]]
    """What it may ask for: ``provision``, ``deprovision``. Both if left out."""
    chats: NotRequired[list[pulumi.Input[str]]]
    """The chats that its requests may name. Every chat if left out."""


class RoleInstances(TypedDict):
    """A role of the catalogue and where it is provisioned: on named instances, or by tags."""

    role: str
    """The role."""
    instance_ids: NotRequired[list[pulumi.Input[str]]]
    """The instances, if they are named; also ones that the same program makes."""
    instance_tags: NotRequired[dict[str, pulumi.Input[str]]]
    """The tags that an instance must all carry, if they are not."""


def loop_document(
    bus: str,
    sources: Sequence[Source],
    chats: Sequence[Chat],
    default_chat: str,
    roles: Sequence[RoleInstances],
    stale_after_seconds: Number,
    script_sha256: pulumi.Input[str],
    guide: str = "",
    native: Sequence[NativeSource] = (),
    native_bus: str = "",
) -> pulumi.Output[str]:
    """Write down what a function must know to judge a request and to address its result."""
    return pulumi.Output.json_dumps(
        {
            "bus": bus,
            "sources": {
                **{
                    source["name"]: {
                        "platform": ChatPlatform(source["platform"]).value,
                        "token_required": "token" in source,
                        **_heard(source, default_chat),
                    }
                    for source in sources
                },
                **{
                    source["name"]: {
                        "platform": _PLATFORMS[ApprovalKind(source["kind"])].value,
                        "bus": native_bus,
                        **_heard(source, default_chat),
                    }
                    for source in native
                },
            },
            "chats": {
                chat["name"]: {
                    "platform": ChatPlatform(chat["platform"]).value,
                    "language": Language(chat.get("language", defaults.LANGUAGE)).value,
                    "delivery": delivery_of(chat).value,
                }
                for chat in chats
            },
            "default_chat": default_chat,
            "roles": {role["role"]: _where(role) for role in roles},
            "stale_after_seconds": whole(stale_after_seconds),
            "script_sha256": script_sha256,
            **({"guide": guide} if guide else {}),
        },
        separators=(",", ":"),
        sort_keys=True,
    )


def _heard(source: Source | NativeSource, default_chat: str) -> dict[str, Any]:
    """Return which chat hears of a source, and what the source may ask for."""
    limits = {key: found for key in LIMITS.values() if (found := source.get(key))}
    return {"chat": source.get("chat", default_chat), **limits}


def _where(role: RoleInstances) -> dict[str, Any]:
    if "instance_ids" in role:
        return {"instances": role["instance_ids"]}
    return {"tags": role.get("instance_tags", {})}


def named_instances(roles: Sequence[RoleInstances]) -> list[pulumi.Input[str]]:
    """Return every instance that is named, in the order in which they come; an output is itself."""
    return list(dict.fromkeys(i for role in roles for i in role.get("instance_ids", [])))


def instance_ids(roles: Sequence[RoleInstances]) -> pulumi.Output[list[str]]:
    """Return the ids of all named instances, once each."""
    return pulumi.Output.all(*named_instances(roles)).apply(lambda ids: list(dict.fromkeys(ids)))


def tag_groups(roles: Sequence[RoleInstances]) -> list[dict[str, pulumi.Input[str]]]:
    """Return every set of tags by which instances are found, once each."""
    found: list[dict[str, pulumi.Input[str]]] = []
    for role in roles:
        tags = role.get("instance_tags")
        if tags and tags not in found:
            found.append(tags)
    return found
