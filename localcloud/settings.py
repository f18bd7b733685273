"""What one local cloud is: its region, account, address and where it keeps its state."""

from dataclasses import dataclass, field
from pathlib import Path

from localcloud.access_key import AccessKey

SUFFIX = ".localcloud.invalid"
"""Host names below it never resolve; the local cloud answers them as an HTTP proxy."""


@dataclass(frozen=True)
class ChatSettings:
    """A chat that exists in the local cloud from the start."""

    platform: str
    """``dingtalk`` or ``lark``."""
    webhook: str
    secret: str = field(default="", repr=False)
    """The signing secret; empty means that no signature is asked for."""
    keyword: str = ""
    """A word that each message must contain; empty means none."""


CHATS: dict[str, ChatSettings] = {
    "ops": ChatSettings(
        "dingtalk",
        f"http://oapi.dingtalk{SUFFIX}/robot/send?access_token=ops-token",
        "SEClocalops000000000000000000000000000000000000000000000000000000",
    ),
    "people": ChatSettings(
        "lark",
        f"http://open.lark{SUFFIX}/open-apis/bot/v2/hook/people-hook",
        "locallarksecretpeople",
    ),
    "audit": ChatSettings(
        "dingtalk",
        f"http://oapi.dingtalk{SUFFIX}/robot/send?access_token=audit-token",
        "SEClocalaudit0000000000000000000000000000000000000000000000000000",
    ),
    "board": ChatSettings(
        "lark", f"http://open.lark{SUFFIX}/open-apis/bot/v2/hook/board-hook", keyword="ECS"
    ),
}
"""The chats of stack ``local``; their secrets guard nothing."""


@dataclass(frozen=True)
class CloudSettings:
    """The settings of one local cloud."""

    port: int = 8642
    data: Path | None = None
    """The folder of the state; nothing: in memory, for tests."""
    region: str = "cn-hangzhou"
    account_id: str = "1234567890123456"
    access_key: AccessKey = field(default_factory=AccessKey.random)
    access_key_file: Path | None = None
    """Where clients on this machine find the key; nothing: only who is told it has it."""
    instances: int = 2
    isolation: str = "auto"
    """How instances are kept apart from the machine: ``auto`` takes the strongest there is."""
    packages: str = "stand-in"
    """``stand-in``: dnf and rpm keep a list; ``machine``: the machine's own package manager."""
    chats: dict[str, ChatSettings] = field(default_factory=lambda: dict(CHATS))
    chat_rate_limit: bool = True
    """Whether the chats limit messages a minute, as the real ones do."""
    hr_token: str = field(default="local-hr-token", repr=False)
    dry_run: bool = False
    """Whether every run on an instance succeeds at once and runs nothing."""

    @property
    def endpoint(self) -> str:
        """The address that clients use."""
        return f"http://127.0.0.1:{self.port}"
