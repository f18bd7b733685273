"""What one local cloud is: its region, account, address and where it keeps its state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.access_key import AccessKey
from localcloud.commandline import endpoints
from localcloud.labels import Label
from localcloud.readings import Readings

SUFFIX = ".localcloud.invalid"
"""Host names below it never resolve; the local cloud answers them as an HTTP proxy."""


@dataclass(frozen=True)
class ChatSettings:
    """A chat that exists in the local cloud from the start."""

    platform: str
    """``dingtalk``, ``lark`` or ``wecom``."""
    webhook: str
    secret: str = field(default="", repr=False)
    """The signing secret; empty means that no signature is asked for."""
    keyword: str = ""
    """A word that each message must contain; empty means none."""


@dataclass(frozen=True)
class ApiSettings:
    """An HTTP API of a company that exists in the local cloud from the start."""

    path: str
    token: str = field(repr=False)
    """What a caller sends as ``Authorization: Bearer <token>``."""


DEFAULT_RESOURCE_GROUP = "rg-default"
"""The resource group of everything that names no other; those of real accounts end in random."""


@dataclass(frozen=True)
class ExtensionSettings:
    """An extension that is brought along (:mod:`localcloud.extension`)."""

    create: str
    """``package.module:function``."""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class CloudSettings:
    """The settings of one local cloud."""

    port: int = endpoints.DEFAULT_PORT
    data: Path | None = None
    """The folder of the state; if None, it is in memory, for tests."""
    region: str = "cn-hangzhou"
    account_id: str = "1234567890123456"
    access_key: AccessKey = field(default_factory=AccessKey.random)
    access_key_file: Path | None = None
    """Where clients on this machine find the key; None if it is not in a file."""
    instances: int = 2
    instance_tags: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """The tags of new instances, by their number from 1."""
    without_agent: frozenset[int] = frozenset()
    """Which new instances have no agent of Cloud Assistant, by their number from 1."""
    isolation: str = "auto"
    """How instances are kept apart from the machine: ``auto`` takes the strongest there is."""
    packages: str = "stand-in"
    """``stand-in``: dnf and rpm keep a list; ``machine``: the machine's own package manager."""
    chats: Mapping[str, ChatSettings] = field(default_factory=dict)
    chat_rate_limit: bool = True
    """Whether the chats limit messages a minute, as the real ones do."""
    apis: Mapping[str, ApiSettings] = field(default_factory=dict)
    extensions: Mapping[str, ExtensionSettings] = field(default_factory=dict)
    labels: Mapping[str, Label] = field(default_factory=dict)
    account_files: tuple[str, ...] = ()
    """What else is shown of an account of an instance: paths with ``{account}`` in them."""
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Event source -> the body with which the page's form begins."""
    dry_run: bool = False
    """Whether every run on an instance succeeds at once and runs nothing."""
    readings: Readings = field(default_factory=Readings)
    """What it does where the documentation leaves two readings."""

    @property
    def endpoint(self) -> str:
        """The address that clients use."""
        return endpoints.of_port(self.port)
