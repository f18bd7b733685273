"""How commands about a deployed stack reach its cloud: where it is, and with which key."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from localcloud.client import access_key_of
from localcloud.commandline import endpoints
from localcloud.commandline.errors import UserError
from ops import stack_file
from ops.project import LOCAL

_KEY = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
_PRODUCTS = ("ECS", "EVENTBRIDGE", "MNS")


class NoKeyError(UserError):
    """The environment has no key."""


class Access(NamedTuple):
    """The cloud of a stack, in the form in which the functions' clients take it."""

    region: str
    account_id: str
    prefix: str
    """Beginning of every physical name."""
    environ: Mapping[str, str]
    """The key, and for stack local the endpoints."""
    request_id: str = ""
    endpoint: str = ""
    """The local cloud's address; empty where the services of the region are meant."""

    def __repr__(self) -> str:
        """Return which cloud it is; the key is secret."""
        return f"Access({self.prefix!r}, {self.region!r})"


def access(stack: str, endpoint: str, environ: Mapping[str, str] = os.environ) -> Access:
    """Return how to reach the cloud of a stack; for stack local, that of the endpoint.

    Raises:
        UserError: if the stack's file, the key or the local cloud is missing.
    """
    config = stack_file.config_of(stack)
    settings = stack_file.settings_of(config, "account_id", "environment")
    address = endpoints.checked(endpoint) if stack == LOCAL else ""
    return Access(
        stack_file.region_of(config),
        settings["account_id"],
        settings.get("name_prefix") or f"provisioning-{settings['environment']}",
        _local(address) if address else _own(environ),
        endpoint=address,
    )


def _local(endpoint: str) -> dict[str, str]:
    key = access_key_of(endpoint)
    # The local cloud is on this machine: a proxy of the environment must not be asked.
    os.environ["no_proxy"] = "*"
    return {
        **dict(zip(_KEY, (key.id, key.secret), strict=True)),
        **{f"ALIBABA_CLOUD_ENDPOINT_{product}": endpoint for product in _PRODUCTS},
    }


def _own(environ: Mapping[str, str]) -> Mapping[str, str]:
    if missing := [name for name in _KEY if not environ.get(name)]:
        raise NoKeyError(f"{' and '.join(missing)} must be set in the environment")
    return environ
