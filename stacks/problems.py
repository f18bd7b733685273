"""What can be wrong with a stack's configuration, looked for all at once."""

import difflib
import re
from collections.abc import Collection, Iterator

from pydantic import ValidationError

from components import targets, webhook_access
from components.names import Delivery
from functions.platforms.base import SIGNING
from functions.report.outcome import RESULT_SOURCE
from scripts.provision.validation import Mistake, mistakes
from stacks.remedies import (
    PROJECT,
    Path,
    Problem,
    dotted,
    remove_command,
    secret_command,
    set_command,
    wrong_setting,
)
from stacks.secret_keys import secret_keys
from stacks.settings import FORMS, Settings, WebhookAccess

# EventBridge allows 50 rules on a bus ("Limits"); four are the loop's own: provision, onboarding,
# archive and results. Each chat to which EventBridge posts by itself takes two.
RULES_PER_BUS = 50
RULES_OF_THE_LOOP = 4
MAX_WEBHOOK_CHATS = (RULES_PER_BUS - RULES_OF_THE_LOOP) // 2

REGION_KEY = "alicloud:region"
"""The only key for the region, which is the provider's."""

# Where EventBridge, Function Compute 3.0 and Simple Message Queue all have an endpoint, as
# Alibaba Cloud's published API metadata lists them.
REGIONS = frozenset(
    {
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-3",
        "ap-southeast-5",
        "ap-southeast-7",
        "cn-beijing",
        "cn-chengdu",
        "cn-hangzhou",
        "cn-hongkong",
        "cn-huhehaote",
        "cn-qingdao",
        "cn-shanghai",
        "cn-shenzhen",
        "cn-zhangjiakou",
        "eu-central-1",
        "eu-west-1",
        "us-east-1",
        "us-west-1",
    }
)


def missing_secret(key: str, what: str) -> Problem:
    """Describe a secret that nobody has set."""
    return Problem(key, f"missing; it is {what}", (secret_command(key),))


def settings_missing() -> Problem:
    """Describe a stack file without settings."""
    path: Path = ("environment",)
    return Problem("settings", "missing", (set_command(path, "<name>"),))


def settings_malformed(stack: str) -> Problem:
    """Describe settings that are a single value or a list."""
    return Problem(
        "settings",
        f"must be a mapping of keys to values; indent its keys below it in Pulumi.{stack}.yaml",
        (),
    )


def invalid(error: ValidationError) -> Iterator[Problem]:
    """Turn what the model refused into problems, one per key, without values."""
    for mistake in mistakes(error, Settings, FORMS):
        yield _problem(mistake)


def _problem(mistake: Mistake) -> Problem:
    path, key = mistake.path, dotted(mistake.path)
    if path == ("region",):
        reason = f"not accepted; the region is set once, by {REGION_KEY}"
        return Problem(key, reason, (remove_command(path),))
    if mistake.kind == "extra_forbidden":
        right = (*path[:-1], mistake.near)
        mended = (set_command(right, "<value>"),) if mistake.near else ()
        return Problem(key, mistake.reason, (remove_command(path), *mended))
    if mistake.is_name:
        reason = f"not accepted as a name: {mistake.reason}"
        return Problem(key, reason, (remove_command(path), set_command(path, "<value>")))
    return wrong_setting(path, mistake.reason, "<value>")


def contradictions(settings: Settings, catalogue: frozenset[str]) -> Iterator[Problem]:
    """Yield what no single key shows: names that lead nowhere, limits, things that exclude."""
    yield from _chats(settings)
    yield from _sources(settings)
    yield from _native(settings)
    yield from _instances(settings)
    yield from _roles(settings, catalogue)


def wrong_region(region: str | None) -> Iterator[Problem]:
    """Yield that the provider has no region, or one that lacks a service of the loop."""
    if region in REGIONS:
        return
    near = difflib.get_close_matches(region or "", sorted(REGIONS), n=1)
    reason = (
        f"'{region}' is not a region that has all services of the loop; accepted: "
        f"{', '.join(sorted(REGIONS))}"
        if region
        else "missing; it is the region of everything in this stack"
    )
    yield Problem(
        REGION_KEY, reason, (f"pulumi config set {REGION_KEY} {near[0] if near else '<region>'}",)
    )


def other_account(settings: Settings, account_id: str | None) -> Iterator[Problem]:
    """Yield that the provider is told another account than the settings name."""
    if account_id and account_id != settings.account_id:
        key = "alicloud:accountId"
        yield Problem(
            key, f"'{account_id}' differs from settings.account_id", (f"pulumi config rm {key}",)
        )


def _undefined_chat(settings: Settings, path: Path, name: str) -> Problem:
    known = sorted(settings.chats)
    near = difflib.get_close_matches(name, known, n=1)
    reason = f"chat '{name}' is not defined; defined: {', '.join(known)}"
    return wrong_setting(path, reason, near[0] if near else "<chat>")


def _chats(settings: Settings) -> Iterator[Problem]:
    posted = [n for n, chat in settings.chats.items() if chat.delivery is Delivery.WEBHOOK]
    if len(posted) > MAX_WEBHOOK_CHATS:
        yield Problem(
            "settings.chats",
            f"{len(posted)} chats with delivery: webhook are too many: each takes two rules, a "
            f"bus holds {RULES_PER_BUS}, the loop itself takes {RULES_OF_THE_LOOP}; at most "
            f"{MAX_WEBHOOK_CHATS}, and any number with delivery: function",
            (set_command(("chats", max(posted), "delivery"), "function"),),
        )
    if settings.default_chat not in settings.chats:
        yield _undefined_chat(settings, ("default_chat",), settings.default_chat)
    if settings.alarms and settings.alarms.chat not in settings.chats:
        yield _undefined_chat(settings, ("alarms", "chat"), settings.alarms.chat)
    for name, chat in settings.chats.items():
        if chat.signed and chat.platform not in SIGNING:
            unsigned = f"a robot of {chat.platform} checks no signature; its URL is all there is"
            yield wrong_setting(("chats", name, "signed"), unsigned, "false")
        if chat.delivery is not Delivery.WEBHOOK:
            continue
        if reason := targets.undeliverable(chat.platform, signed=chat.signed):
            yield wrong_setting(
                ("chats", name, "signed"), reason, "false" if chat.signed else "true"
            )


def _reserved(path: Path, name: str) -> Iterator[Problem]:
    """Refuse the names under which the loop's own events and the cloud's come: it would loop."""
    if name == RESULT_SOURCE or re.match(r"acs(\.|$)", name, re.IGNORECASE):
        yield Problem(
            dotted(path),
            f"'{name}' is the source of the loop's own results"
            if name == RESULT_SOURCE
            else f"'{name}' is a name of Alibaba Cloud's own sources (acs.*)",
            (remove_command(path) if path[0] == "sources" else set_command(path, "<name>"),),
        )


def _sources(settings: Settings) -> Iterator[Problem]:
    access: dict[Path, WebhookAccess] = {}
    for name, source in settings.sources.items():
        yield from _reserved(("sources", name), name)
        access["sources", name] = source
        if source.chat not in settings.chats:
            yield _undefined_chat(settings, ("sources", name, "chat"), source.chat)
        for index, chat in enumerate(source.chats):
            if chat not in settings.chats:
                yield _undefined_chat(settings, ("sources", name, "chats", index), chat)
        for index, role in enumerate(source.roles):
            if role not in settings.roles:
                known = ", ".join(sorted(settings.roles))
                yield wrong_setting(
                    ("sources", name, "roles", index),
                    f"'{role}' is not a key of roles; accepted: {known}",
                    "<role>",
                )
    if settings.onboarding:
        new_members = settings.onboarding.source
        access["onboarding",] = settings.onboarding
        yield from _reserved(("onboarding", "source"), new_members)
        if new_members in settings.sources:
            yield wrong_setting(
                ("onboarding", "source"),
                f"'{new_members}' is already a source of approvals; new members need their own",
                "<name>",
            )
    for path, lists in access.items():
        if reason := webhook_access.contradiction(lists.allowed_ips, lists.allowed_referers):
            referers = (*path, "allowed_referers")
            yield Problem(dotted(referers), reason, (remove_command(referers),))


def _native(settings: Settings) -> Iterator[Problem]:
    for name, source in settings.native.sources.items() if settings.native else ():
        path: Path = ("native", "sources", name)
        yield from _reserved(path, name)
        taken = [*settings.sources, settings.onboarding.source if settings.onboarding else ""]
        if name in taken:
            reason = f"'{name}' is a source already; native approvals need names of their own"
            yield Problem(dotted(path), reason, (remove_command(path),))
        for index, chat in enumerate([source.chat, *source.chats]):
            if chat not in settings.chats:
                place: Path = ("chats", index - 1) if index else ("chat",)
                yield _undefined_chat(settings, (*path, *place), chat)
        asked: list[tuple[Path, str]] = [
            *((("roles", n), role) for n, role in enumerate(source.roles)),
            *((("two_approvers", n), role) for n, role in enumerate(source.two_approvers)),
            *((("approvers", role), role) for role in source.approvers),
            *(
                (("definitions", code, "role_names", said), role)
                for code, one in source.definitions.items()
                for said, role in one.role_names.items()
            ),
        ]
        for below, role in asked:
            if role not in settings.roles:
                known = ", ".join(sorted(settings.roles))
                reason = f"'{role}' is not a key of roles; accepted: {known}"
                yield wrong_setting((*path, *below), reason, "<role>")
        if source.members and not settings.onboarding:
            reason = "needs the onboarding route, which these settings do not have"
            yield wrong_setting((*path, "members"), reason, "false")


def _instances(settings: Settings) -> Iterator[Problem]:
    for name, group in settings.instances.items():
        for key in group.tags:
            if re.match(r"aliyun|acs:|https?://", key, re.IGNORECASE):
                yield Problem(
                    dotted(("instances", name, "tags", key)),
                    "a tag by which instances are found must not begin with aliyun, acs:, http:// "
                    "or https:// (InvokeCommand)",
                    (remove_command(("instances", name, "tags", key)),),
                )
        if bool(group.ids) == bool(group.tags):
            found = "has both ids and tags" if group.ids else "has neither ids nor tags"
            path: Path = ("instances", name)
            yield Problem(
                dotted(path),
                f"{found}; say either which instances, or which tags they carry",
                (
                    remove_command((*path, "tags"))
                    if group.ids
                    else set_command((*path, "ids", 0), "<i-...>"),
                ),
            )


def _roles(settings: Settings, catalogue: frozenset[str]) -> Iterator[Problem]:
    groups = sorted(settings.instances)
    for role, group in settings.roles.items():
        if role not in catalogue:
            yield Problem(
                dotted(("roles", role)),
                f"role '{role}' is not in the catalogue; it has: {', '.join(sorted(catalogue))}",
                (remove_command(("roles", role)),),
            )
        if group not in settings.instances:
            near = difflib.get_close_matches(group, groups, n=1)
            yield wrong_setting(
                ("roles", role),
                f"'{group}' is not a group of instances; defined: {', '.join(groups)}",
                near[0] if near else "<group>",
            )


def plain_secrets(settings: Settings, plain: Collection[str], stack: str) -> Iterator[Problem]:
    """Yield the secrets that stand in the stack file for everybody to read."""
    for key, what in secret_keys(settings):
        if key in plain:
            yield Problem(
                key,
                f"stands in Pulumi.{stack}.yaml in plain text; it is {what}. Change it where it "
                "comes from, because it may have been read, and store the new one encrypted",
                (secret_command(key),),
            )


def settings_encrypted(stack: str) -> Problem:
    """Describe settings that hide an encrypted value, which the program would get in clear."""
    return Problem(
        "settings",
        f"holds an encrypted value ('secure:' in Pulumi.{stack}.yaml), which would go on in plain "
        "text; a secret has a key of its own, and what is none is set without --secret",
        (f"pulumi config rm --path '{PROJECT}:settings.<key>'",),
    )


def missing_secrets(settings: Settings, present: frozenset[str]) -> Iterator[Problem]:
    """Yield the secrets that these settings need and nobody has set."""
    for key, what in secret_keys(settings):
        if key not in present:
            yield missing_secret(key, what)
