"""Turns a stack's settings and secrets into the arguments of the loop; decides nothing.

What belongs together in the settings is called the same in the arguments: a setting that is added
to a source, a chat, the command and so on is passed on from here without being named.
"""

from typing import cast

from components import (
    Alarms,
    Bus,
    Chat,
    Command,
    Native,
    NativeSource,
    Onboarding,
    ProvisioningLoopArgs,
    Retention,
    RoleInstances,
    Source,
)
from stacks import settings as settings_of
from stacks.configuration import Secrets
from stacks.settings import Settings


def loop_args(
    region: str, settings: Settings, secrets: Secrets, catalogue: str
) -> ProvisioningLoopArgs:
    """Return the arguments of the loop of a stack."""
    args: ProvisioningLoopArgs = {
        "region": region,
        "account_id": settings.account_id,
        "name_prefix": settings.prefix,
        "bus": cast("Bus", settings.bus.model_dump()),
        "sources": _sources(settings, secrets),
        "chats": _chats(settings, secrets),
        "default_chat": settings.default_chat,
        "roles": _roles(settings),
        "catalogue": catalogue,
        "command": cast("Command", settings.command.model_dump(exclude_none=True)),
        "stale_after_seconds": settings.stale_after_seconds,
        "retention": cast("Retention", settings.retention.model_dump()),
        "retry": settings.retry,
        "function_delivery": settings.function_delivery,
        "service_linked_roles": settings.service_linked_roles,
        "tags": {**settings.tags},
    }
    if settings.guide:
        args["guide"] = settings.guide
    if settings.log_project:
        args["log_project"] = settings.log_project
    if settings.onboarding:
        onboarding = settings.onboarding.model_dump(exclude={"headers", "token_required"})
        onboarding["headers"] = dict(secrets.onboarding_headers)
        if settings.onboarding.token_required:
            onboarding["token"] = secrets.source_tokens[settings.onboarding.source]
        args["onboarding"] = cast("Onboarding", onboarding)
    if settings.native:
        args["native"] = _native(settings.native, secrets)
    if settings.alarms:
        alarms = settings.alarms.model_dump(exclude={"robot"})
        if secrets.alarms_robot:
            alarms["robot"] = secrets.alarms_robot
        args["alarms"] = cast("Alarms", alarms)
    return args


def _native(native: settings_of.Native, secrets: Secrets) -> Native:
    sources = []
    for name, source in native.sources.items():
        args = source.model_dump(exclude={"definitions"}, exclude_none=True)
        definitions = [
            {"code": code, **one.model_dump()} for code, one in source.definitions.items()
        ]
        made = {"name": name, **args, "definitions": definitions, **secrets.native[name]}
        sources.append(cast("NativeSource", made))
    found = Native(sources=sources)
    if native.ready_instances:
        found["ready_instances"] = native.ready_instances
    return found


def _sources(settings: Settings, secrets: Secrets) -> list[Source]:
    sources = []
    for name, source in settings.sources.items():
        args = {"name": name, **source.model_dump(exclude={"token_required"})}
        if source.token_required:
            args["token"] = secrets.source_tokens[name]
        sources.append(cast("Source", args))
    return sources


def _chats(settings: Settings, secrets: Secrets) -> list[Chat]:
    chats = []
    for name, chat in settings.chats.items():
        args = {
            "name": name,
            **chat.model_dump(exclude={"signed"}),
            "webhook": secrets.chat_webhooks[name],
        }
        if chat.signed:
            args["signing_secret"] = secrets.chat_secrets[name]
        chats.append(cast("Chat", args))
    return chats


def _roles(settings: Settings) -> list[RoleInstances]:
    roles = []
    for role, group_name in settings.roles.items():
        group = settings.instances[group_name]
        args = RoleInstances(role=role)
        if group.ids:
            args["instance_ids"] = list(group.ids)
        else:
            args["instance_tags"] = dict(group.tags)
        roles.append(args)
    return roles
