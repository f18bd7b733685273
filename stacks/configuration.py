"""Reads a stack's configuration, or stops the program before the first resource.

What can be checked is checked here and said in one message; afterwards the program only wires.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pulumi
from pydantic import ValidationError

from stacks.mending import Problem, report
from stacks.problems import contradictions, invalid, missing_secrets, settings_missing
from stacks.settings import (
    Settings,
    chat_secret_key,
    chat_webhook_key,
    onboarding_header_key,
    secret_keys,
    source_token_key,
)

Secret = pulumi.Output[str]
_LOCAL = "local"
_LOCAL_KEY = "LTAIlocal"
_KEY_VARIABLES = (
    "ALICLOUD_ACCESS_KEY",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABACLOUD_ACCESS_KEY_ID",
)


@dataclass(frozen=True)
class Secrets:
    """The secrets of a stack; every value is a Pulumi secret and stays one."""

    chat_webhooks: dict[str, Secret] = field(default_factory=dict)
    chat_secrets: dict[str, Secret] = field(default_factory=dict)
    source_tokens: dict[str, Secret] = field(default_factory=dict)
    onboarding_headers: dict[str, Secret] = field(default_factory=dict)


def load(
    config: pulumi.Config, roles_of: Callable[[Settings], frozenset[str]], stack: str
) -> tuple[Settings, Secrets]:
    """Give the settings and secrets of a stack; ``roles_of`` names the roles of its catalogue."""
    settings = _settings(config, stack)
    present = frozenset(key for key, _ in secret_keys(settings) if config.get_secret(key))
    problems = [
        *contradictions(settings, roles_of(settings)),
        *_provider(settings),
        *_key(stack, os.environ),
        *missing_secrets(settings, present),
    ]
    if problems:
        raise pulumi.RunError(report(stack, problems))
    return settings, _secrets(config, settings)


def _settings(config: pulumi.Config, stack: str) -> Settings:
    try:
        values = config.get_object("settings")
        if values is None:
            raise pulumi.RunError(report(stack, [settings_missing()]))
        return Settings.model_validate(values)
    except ValidationError as error:
        # The original error is not chained: a traceback must not show what a key holds.
        raise pulumi.RunError(report(stack, list(invalid(error)))) from None


def _provider(settings: Settings) -> Iterator[Problem]:
    """Compare with the provider's own keys, which decide where things are really made."""
    provider = pulumi.Config("alicloud")
    region, account = provider.get("region"), provider.get("accountId")
    if region != settings.region:
        found = f"'{region}' differs from" if region else "missing; it must be the same as"
        yield Problem(
            "alicloud:region",
            f"{found} settings.region",
            (f"pulumi config set alicloud:region {settings.region}",),
        )
    if account and account != settings.account_id:
        yield Problem(
            "alicloud:accountId",
            f"'{account}' differs from settings.account_id",
            (f"pulumi config set alicloud:accountId {settings.account_id}",),
        )


def _key(stack: str, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Check that stack ``local`` is applied with a local cloud's key, whatever else is at hand.

    Everybody who develops for the cloud has a key of a real account in the environment; a plain
    ``pulumi up`` would take it.
    """
    if stack != _LOCAL:
        return
    provider = pulumi.Config("alicloud")
    # The provider's own order.
    given = [provider.get("accessKey"), *(environ.get(name) for name in _KEY_VARIABLES)]
    key = next((key for key in given if key), "")
    if not key.startswith(_LOCAL_KEY):
        found = f"'{key}' is not the key of a local cloud" if key else "missing"
        yield Problem(
            "alicloud:accessKey",
            f"{found}; `make` hands over the local cloud's own, which begins with {_LOCAL_KEY}",
            ("make up STACK=local",),
        )


def _secrets(config: pulumi.Config, settings: Settings) -> Secrets:
    chats, sources = settings.chats.items(), settings.sources.items()
    headers = settings.onboarding.headers if settings.onboarding else ()
    return Secrets(
        chat_webhooks={n: config.require_secret(chat_webhook_key(n)) for n, _ in chats},
        chat_secrets={
            n: config.require_secret(chat_secret_key(n)) for n, chat in chats if chat.signed
        },
        source_tokens={
            n: config.require_secret(source_token_key(n)) for n, s in sources if s.token_required
        },
        onboarding_headers={
            name: config.require_secret(onboarding_header_key(name)) for name in headers
        },
    )
