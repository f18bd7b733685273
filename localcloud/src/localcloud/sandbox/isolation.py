"""How the instances of a cloud are isolated from the machine, in words for people."""

from dataclasses import dataclass

from localcloud.commandline.errors import UserError
from localcloud.sandbox.level import Level


@dataclass(frozen=True)
class Isolation:
    """The isolation level in use, and why it is not a stronger one."""

    level: Level
    reasons: tuple[str, ...] = ()
    """One sentence for each stronger level that does not work here, and for each limitation."""

    def __str__(self) -> str:
        return "; ".join((self.level.value, *self.reasons))


class SandboxUnavailableError(UserError):
    """No instance can run on this machine; the message says what is missing."""
