"""Reads a stack's configuration, or stops the program before the first resource.

Whatever can be checked is checked here and reported in one message.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi.runtime import is_config_secret
from pydantic import ValidationError

from stacks import samples
from stacks.problems import (
    contradictions,
    invalid,
    missing_secrets,
    other_account,
    plain_secrets,
    settings_encrypted,
    settings_malformed,
    settings_missing,
    wrong_region,
)
from stacks.remedies import Problem, report
from stacks.secret_forms import malformed_secrets
from stacks.secret_keys import (
    ALARMS_ROBOT_KEY,
    chat_secret_key,
    chat_webhook_key,
    native_secret_keys,
    onboarding_header_key,
    secret_keys,
    source_token_key,
)
from stacks.settings import Settings

Secret = pulumi.Output[str]
_LOCAL_KEY = "LTAIlocal"
_KEY_VARIABLES = (
    "ALICLOUD_ACCESS_KEY",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABACLOUD_ACCESS_KEY_ID",
)


LOCAL = "local"
"""The stack of the local cloud: its secrets guard nothing and stand in its file in plain text."""


@dataclass(frozen=True)
class Secrets:
    """The secrets of a stack; every value is a Pulumi secret and stays one."""

    chat_webhooks: dict[str, Secret] = field(default_factory=dict)
    chat_secrets: dict[str, Secret] = field(default_factory=dict)
    source_tokens: dict[str, Secret] = field(default_factory=dict)
    onboarding_headers: dict[str, Secret] = field(default_factory=dict)
    alarms_robot: Secret | None = None
    native: dict[str, dict[str, Secret]] = field(default_factory=dict)
    """Native source -> what it is to the app -> the secret."""


@dataclass(frozen=True)
class Configuration:
    """The configuration of a stack."""

    region: str
    settings: Settings
    secrets: Secrets


def load(
    config: pulumi.Config, roles_of: Callable[[Settings], frozenset[str]], stack: str
) -> Configuration:
    """Return the configuration of a stack; ``roles_of`` names the roles of its catalogue."""
    settings = _settings(config, stack)
    provider = pulumi.Config("alicloud")
    region = provider.get("region")
    keys = [key for key, _ in secret_keys(settings)]
    present = frozenset(key for key in keys if config.get_secret(key))
    plain = [key for key in present if not is_config_secret(config.full_key(key))]
    values = {key: value for key in keys if (value := config.get(key))}
    problems = [
        *wrong_region(region),
        *other_account(settings, provider.get("accountId")),
        *contradictions(settings, roles_of(settings)),
        *_key(stack, os.environ),
        *_samples(stack, settings),
        *missing_secrets(settings, present),
        *malformed_secrets(settings, values, local=stack == LOCAL),
        *(plain_secrets(settings, plain, stack) if stack != LOCAL else ()),
    ]
    if problems:
        raise pulumi.RunError(report(stack, problems))
    return Configuration(region or "", settings, _secrets(config, settings))


def _settings(config: pulumi.Config, stack: str) -> Settings:
    if is_config_secret(config.full_key("settings")):
        raise pulumi.RunError(report(stack, [settings_encrypted(stack)]))
    try:
        values = config.get_object("settings")
    except pulumi.ConfigTypeError:
        # Its own text shows the whole value, which may be a secret in the wrong place.
        values = ""
    if values is None:
        raise pulumi.RunError(report(stack, [settings_missing()]))
    if not isinstance(values, dict):
        raise pulumi.RunError(report(stack, [settings_malformed(stack)]))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        # The original error is not chained: a traceback must not show what a key holds.
        raise pulumi.RunError(report(stack, list(invalid(error)))) from None


def _samples(stack: str, settings: Settings) -> Iterator[Problem]:
    """Check that a stack of somebody's own account holds no example any more."""
    if stack != LOCAL and settings.account_id not in samples.ACCOUNTS:
        yield from samples.samples(settings)


def _key(stack: str, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Check that stack ``local`` is applied with a local cloud's key, whatever else is at hand.

    Everybody who develops for the cloud has a key of a real account in the environment; a plain
    ``pulumi up`` would take it.
    """
    if stack != LOCAL:
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
    guarded = [name for name, source in sources if source.token_required]
    if settings.onboarding and settings.onboarding.token_required:
        guarded.append(settings.onboarding.source)
    return Secrets(
        chat_webhooks={n: config.require_secret(chat_webhook_key(n)) for n, _ in chats},
        chat_secrets={
            n: config.require_secret(chat_secret_key(n)) for n, chat in chats if chat.signed
        },
        source_tokens={n: config.require_secret(source_token_key(n)) for n in guarded},
        onboarding_headers={
            name: config.require_secret(onboarding_header_key(name)) for name in headers
        },
        alarms_robot=config.require_secret(ALARMS_ROBOT_KEY)
        if settings.alarms and settings.alarms.robot
        else None,
        native={
            name: {
                what: config.require_secret(key) for what, key in native_secret_keys(name).items()
            }
            for name in (settings.native.sources if settings.native else ())
        },
    )
