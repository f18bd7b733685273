"""Builds the API clients from what Function Compute gives a function."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from functions.cloud.context import Context
from functions.cloud.errors import SettingError
from functions.cloud.rpc import Credentials, Rpc
from functions.cloud.smq import Queues

# Most functions need one or two of these clients, and a cold start is short of milliseconds.
if TYPE_CHECKING:
    from functions.cloud.cloud_assistant import CloudAssistant
    from functions.cloud.eventbridge import EventBus
    from functions.cloud.instances import Instances
    from functions.cloud.keeper import Keeper
    from functions.cloud.log_store import LogStore
_ECS_HOSTS = {
    "cn-hangzhou": "ecs-cn-hangzhou.aliyuncs.com",
    "cn-hangzhou-finance": "ecs.aliyuncs.com",
    "cn-north-2-gov-1": "ecs.aliyuncs.com",
    "cn-shanghai-finance-1": "ecs-cn-hangzhou.aliyuncs.com",
    "cn-shenzhen-finance-1": "ecs-cn-hangzhou.aliyuncs.com",
    "cn-wuhan": "ecs.aliyuncs.com",
}
"""Where ``ecs.<region>.aliyuncs.com`` is not what the official SDK (ecs20140526) uses."""


def cloud_assistant(context: Context, environ: Mapping[str, str]) -> "CloudAssistant":
    """Return a client for Cloud Assistant in the function's own region."""
    from functions.cloud.cloud_assistant import CloudAssistant  # noqa: PLC0415

    return CloudAssistant(ecs(context, environ), context.region)


def instances(context: Context, environ: Mapping[str, str]) -> "Instances":
    """Return a client for the instances of the function's own region."""
    from functions.cloud.instances import Instances  # noqa: PLC0415

    return Instances(ecs(context, environ), context.region)


def event_bus(context: Context, environ: Mapping[str, str], seconds: float = 10) -> "EventBus":
    """Return a client for the account's event buses in the function's own region.

    A call of it may take so many seconds.
    """
    from functions.cloud.eventbridge import EventBus  # noqa: PLC0415

    host = f"{context.account_id}.eventbridge.{context.region}.aliyuncs.com"
    endpoint = environ.get("ALIBABA_CLOUD_ENDPOINT_EVENTBRIDGE") or f"https://{host}"
    return EventBus(endpoint, credentials(context, environ), now=time.time, seconds=seconds)


def queues(context: Context, environ: Mapping[str, str]) -> Queues:
    """Return a client for the account's message queues in the function's own region."""
    host = f"{context.account_id}.mns.{context.region}.aliyuncs.com"
    endpoint = environ.get("ALIBABA_CLOUD_ENDPOINT_MNS") or f"https://{host}"
    return Queues(endpoint, credentials(context, environ), now=time.time)


def log_store(context: Context, environ: Mapping[str, str], project: str, store: str) -> "LogStore":
    """Return a client for a log store in the function's own region."""
    from functions.cloud.log_store import LogStore  # noqa: PLC0415

    host = f"{project}.{context.region}.log.aliyuncs.com"
    local = environ.get("ALIBABA_CLOUD_ENDPOINT_SLS")
    # A local cloud is one address for all hosts, and knows a project by its host's first label.
    host = f"{project}.http.sls.localcloud.invalid" if local else host
    key = credentials(context, environ)
    return LogStore(local or f"https://{host}", host, store, key, now=time.time)


def keeper(function: str, context: Context, environ: Mapping[str, str]) -> "Keeper":
    """Return what keeps the events that a function does not get done."""
    from functions.cloud.keeper import Keeper, Places  # noqa: PLC0415

    places = Places(environ.get("EVENT_QUEUE", ""), environ.get("DEAD_LETTER_QUEUE", ""))
    return Keeper(function, queues(context, environ), places)


def ecs(context: Context, environ: Mapping[str, str]) -> Rpc:
    """Return the ECS API of the function's own region."""
    from functions.cloud.cloud_assistant import VERSION  # noqa: PLC0415

    endpoint = environ.get("ALIBABA_CLOUD_ENDPOINT_ECS") or f"https://{ecs_host(context.region)}"
    return Rpc(endpoint, VERSION, credentials(context, environ), now=time.time)


def ecs_host(region: str) -> str:
    """Return the host of the ECS API of a region."""
    return _ECS_HOSTS.get(region, f"ecs.{region}.aliyuncs.com")


def credentials(context: Context, environ: Mapping[str, str]) -> Credentials:
    """Return the key of the function's role.

    Python 3.12 has it in the environment; its context has no ``credentials`` any more, which the
    older runtimes have ("Context", Function Compute). Read at each call: it expires.
    """
    given = getattr(context, "credentials", None)
    key = getattr(given, "access_key_id", "") or ""
    secret = getattr(given, "access_key_secret", "") or ""
    token = getattr(given, "security_token", "") or ""
    if not (key and secret):
        key = environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", "")
        secret = environ.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
        token = environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", "")
    if not (key and secret):
        raise SettingError(
            "ALIBABA_CLOUD_ACCESS_KEY_ID", "is missing; the function needs a role of its own"
        )
    return Credentials(key, secret, token)
