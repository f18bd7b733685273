"""Turns a stack's settings and secrets into the arguments of the loop; decides nothing."""

from components import (
    ChatArgs,
    OnboardingArgs,
    ProvisioningLoopArgs,
    RoleInstancesArgs,
    SourceArgs,
)
from stacks.configuration import Secrets
from stacks.rendering import Scripts
from stacks.settings import Settings


def loop_args(
    region: str, settings: Settings, secrets: Secrets, scripts: Scripts
) -> ProvisioningLoopArgs:
    """Say to the loop what the settings say."""
    args: ProvisioningLoopArgs = {
        "region": region,
        "account_id": settings.account_id,
        "name_prefix": settings.prefix,
        "bus_description": settings.bus.description,
        "protect_bus": settings.bus.protect,
        "sources": _sources(settings, secrets),
        "chats": _chats(settings, secrets),
        "default_chat": settings.default_chat,
        "roles": _roles(settings),
        "provision_script": scripts.provision,
        "deprovision_script": scripts.deprovision,
        "command_timeout_seconds": settings.command.timeout_seconds,
        "command_working_directory": settings.command.working_directory,
        "stale_after_seconds": settings.stale_after_seconds,
        "log_project": settings.log_project_name,
        "archive_days": settings.retention.archive_days,
        "function_logs_days": settings.retention.function_logs_days,
        "dead_letters_seconds": settings.retention.dead_letters_seconds,
        "retry": settings.retry,
        "service_linked_roles": settings.service_linked_roles,
        "tags": settings.tags,
    }
    if settings.command.max_parallel_requests is not None:
        args["max_parallel_requests"] = settings.command.max_parallel_requests
    if settings.onboarding:
        args["onboarding"] = OnboardingArgs(
            source=settings.onboarding.source,
            allowed_ips=list(settings.onboarding.allowed_ips),
            allowed_referers=list(settings.onboarding.allowed_referers),
            endpoint=settings.onboarding.endpoint,
            method=settings.onboarding.method,
            headers=dict(secrets.onboarding_headers),
            timeout_seconds=settings.onboarding.timeout_seconds,
        )
    return args


def _sources(settings: Settings, secrets: Secrets) -> list[SourceArgs]:
    sources = []
    for name, source in settings.sources.items():
        args = SourceArgs(
            name=name,
            platform=source.platform,
            chat=source.chat,
            allowed_ips=list(source.allowed_ips),
            allowed_referers=list(source.allowed_referers),
        )
        if source.token_required:
            args["token"] = secrets.source_tokens[name]
        sources.append(args)
    return sources


def _chats(settings: Settings, secrets: Secrets) -> list[ChatArgs]:
    chats = []
    for name, chat in settings.chats.items():
        args = ChatArgs(
            name=name,
            platform=chat.platform,
            delivery=chat.delivery,
            language=chat.language,
            webhook=secrets.chat_webhooks[name],
        )
        if chat.signed:
            args["signing_secret"] = secrets.chat_secrets[name]
        chats.append(args)
    return chats


def _roles(settings: Settings) -> list[RoleInstancesArgs]:
    roles = []
    for role, group_name in settings.roles.items():
        group = settings.instances[group_name]
        args = RoleInstancesArgs(role=role)
        if group.ids:
            args["instance_ids"] = list(group.ids)
        else:
            args["instance_tags"] = group.tags
        roles.append(args)
    return roles
