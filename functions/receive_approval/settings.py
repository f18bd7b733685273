"""What the stack tells this function: the apps, their approvals, and how a form becomes a request.

``NATIVE`` holds no secret; ``NATIVE_SECRETS`` holds those of each source.
"""

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.cloud.errors import SettingError
from functions.receive_approval.declared import FIELDS, Kind
from functions.request import environment
from functions.request.fields import ACTIONS

_SECRETS = ("app_secret", "token", "key")


class Definition(NamedTuple):
    """One approval of the platform, and how its form becomes a request."""

    action: str
    """``detail-type`` of the request: ProvisionRequest or DeprovisionRequest."""
    fields: Mapping[str, str]
    """Field of a request -> id or alias of the component that holds it."""
    constants: Mapping[str, str] = {}
    """Field of a request -> what it always is."""
    role_names: Mapping[str, str] = {}
    """What the form says -> role."""


class Source(NamedTuple):
    """An app of a platform whose approvals are connected."""

    name: str
    kind: Kind
    app_id: str
    tenant: str
    """DingTalk: CorpId. Lark: tenant_key."""
    api: str
    """Where the platform is asked."""
    directory: str
    """Where DingTalk is asked about people; empty for Lark, which has one host."""
    definitions: Mapping[str, Definition]
    app_secret: str
    token: str
    key: str
    self_approval: bool = False
    approvers: Mapping[str, tuple[str, ...]] = {}
    """Role -> who may approve it; anybody where it is left out."""
    two_approvers: tuple[str, ...] = ()
    """Roles that two different people must approve."""
    revocation: bool = False
    """Whether an approval that is taken back takes the role away."""
    members: bool = False
    leavers: bool = False
    look_back_days: int = 3
    api_calls: int = 500
    """How many calls a look for lost pushes may make."""

    def __repr__(self) -> str:
        """Return nothing of the secrets."""
        return f"Source({self.name})"


class Settings(NamedTuple):
    """All sources, and the bus on which this function alone may write."""

    bus: str
    sources: Mapping[str, Source]
    stale_after_seconds: float = 86_400.0
    """How old a decision may be that a look for lost pushes hands over."""
    log_project: str = ""
    """Where what was handed over is archived."""
    log_store: str = ""


def read(environ: Mapping[str, str]) -> Settings:
    """Read the environment.

    Raises:
        SettingError: with the variable's name and the path of what is wrong, and no value.
    """
    given = environment.json_object(environ, "NATIVE")
    secrets = environment.json_object(environ, "NATIVE_SECRETS")
    bus, sources = given.get("bus"), given.get("sources")
    if not isinstance(bus, str) or not bus or not isinstance(sources, dict):
        raise SettingError("NATIVE", "$.bus must be a string and $.sources an object")
    return Settings(
        bus,
        {name: _source(name, source, secrets.get(name)) for name, source in sources.items()},
        float(given.get("stale_after_seconds", 86_400)),
        str(given.get("log_project", "")),
        str(given.get("log_store", "")),
    )


def _source(name: str, given: Any, secrets: Any) -> Source:
    if not isinstance(secrets, dict) or not all(
        isinstance(secrets.get(key), str) and secrets[key] for key in _SECRETS
    ):
        raise SettingError("NATIVE_SECRETS", f"{name} needs {', '.join(_SECRETS)}")
    try:
        definitions = {
            code: Definition(one["action"], one["fields"], one["constants"], one["role_names"])
            for code, one in given["definitions"].items()
        }
        source = Source(
            **{
                **given,
                "name": name,
                "kind": Kind(given["kind"]),
                "definitions": definitions,
                "approvers": {r: tuple(who) for r, who in given["approvers"].items()},
                "two_approvers": tuple(given["two_approvers"]),
                **{key: secrets[key] for key in _SECRETS},
            }
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise SettingError("NATIVE", f"$.sources.{name} is not what the stack writes") from None
    for code, one in definitions.items():
        if one.action not in ACTIONS or not set(one.fields) | set(one.constants) <= set(FIELDS):
            raise SettingError("NATIVE", f"$.sources.{name}.definitions.{code} is not in order")
    if source.kind is Kind.DINGTALK and not _is_aes_key(source.key):
        raise SettingError("NATIVE_SECRETS", f"{name}: key must be 43 letters and digits")
    return source


def _is_aes_key(key: str) -> bool:
    try:
        return len(key) == 43 and len(base64.b64decode(key + "=", validate=True)) == 32
    except ValueError:
        return False
