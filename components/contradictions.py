"""What no single argument of a loop shows: names that lead nowhere, things that exclude."""

from collections.abc import Iterator, Sequence
from itertools import chain

from components import webhook_access
from components.arguments import ArgumentError, nearest
from components.chat_delivery import Chat, undeliverable
from components.loop_document import RoleInstances, Source
from components.native_approvals import NativeSource
from components.onboarding_route import Onboarding
from functions.receive_approval.declared import FIELDS
from functions.request.fields import ACTIONS


def default_chat(given: str | None, chats: Sequence[Chat]) -> str:
    """Return the chat that hears whatever names no other: the first one if none is given."""
    return given or (chats[0]["name"] if chats else "")


def check(
    loop: str,
    chat: str,
    sources: Sequence[Source],
    chats: Sequence[Chat],
    roles: Sequence[RoleInstances],
    onboarding: Onboarding | None,
    alarms_chat: str | None = None,
    native: Sequence[NativeSource] = (),
) -> None:
    """Raise at the first contradiction."""
    problem = next(
        chain(
            _names(chat, sources, chats, roles),
            _alarms(alarms_chat, chats),
            _native(native, chat, sources, chats, onboarding),
            _access([(source["name"], source) for source in sources]),
            _access([(onboarding["source"], onboarding)] if onboarding else []),
            filter(None, map(undeliverable, chats)),
        ),
        None,
    )
    if problem:
        raise ArgumentError(f"ProvisioningLoop '{loop}': {problem}")


def _names(
    chat: str, sources: Sequence[Source], chats: Sequence[Chat], roles: Sequence[RoleInstances]
) -> Iterator[str]:
    for place, given in {"sources": sources, "chats": chats, "roles": roles}.items():
        if not given:
            yield f"argument '{place}' is empty; one at least is needed"
    known = [one["name"] for one in chats]
    asked = {"default_chat": chat}
    for number, source in enumerate(sources):
        asked[f"sources[{number}].chat"] = source.get("chat", chat)
    for place, name in asked.items():
        if name not in known:
            yield f"argument '{place}' is '{name}'; {nearest(name, known)}"
    for place, names in {
        "sources": [source["name"] for source in sources],
        "chats": known,
        "roles": [role["role"] for role in roles],
    }.items():
        for name in names:
            if names.count(name) > 1:
                yield f"argument '{place}' names '{name}' twice"
    for number, role in enumerate(roles):
        if ("instance_ids" in role) == ("instance_tags" in role):
            yield f"argument 'roles[{number}]' needs either instance_ids or instance_tags"


def _alarms(name: str | None, chats: Sequence[Chat]) -> Iterator[str]:
    known = [chat["name"] for chat in chats]
    if name is not None and name not in known:
        yield f"argument 'alarms.chat' is '{name}'; {nearest(name, known)}"


def _native(
    native: Sequence[NativeSource],
    default_chat: str,
    sources: Sequence[Source],
    chats: Sequence[Chat],
    onboarding: Onboarding | None,
) -> Iterator[str]:
    known = [one["name"] for one in chats]
    taken = [one["name"] for one in sources] + ([onboarding["source"]] if onboarding else [])
    for number, source in enumerate(native):
        place = f"native.sources[{number}]"
        if source["name"] in taken:
            yield f"argument '{place}.name' names '{source['name']}' twice"
        taken.append(source["name"])
        if (asked := source.get("chat", default_chat)) not in known:
            yield f"argument '{place}.chat' is '{asked}'; {nearest(asked, known)}"
        if source.get("members") and not onboarding:
            yield f"argument '{place}.members' needs the argument 'onboarding'"
        for one in source["definitions"]:
            wrong = sorted({*one["fields"], *one.get("constants", {})} - set(FIELDS))
            if wrong:
                yield f"argument '{place}' has a field '{wrong[0]}'; {nearest(wrong[0], FIELDS)}"
            if (action := one.get("action", "provision")) not in ACTIONS.values():
                yield f"argument '{place}' has '{action}'; {nearest(action, ACTIONS.values())}"


def _access(sources: Sequence[tuple[str, Source | Onboarding]]) -> Iterator[str]:
    for name, source in sources:
        reason = webhook_access.contradiction(
            source.get("allowed_ips", ()), source.get("allowed_referers", ())
        )
        if reason:
            yield f"source '{name}': {reason}"
