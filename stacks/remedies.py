"""One thing that is wrong with a stack's configuration, and the command that mends it.

A message names the key, says what is wrong and what is accepted, and ends with the command to type.
Values of secrets are never shown.
"""

import os
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

PROJECT = "ecs-provisioning-loop"
_ROOT = FilePath(__file__).resolve().parents[1]

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and what to type."""

    key: str
    reason: str
    commands: tuple[str, ...]

    def text(self, stack: str) -> str:
        """Return the lines that the user sees; each command names the stack."""
        commands = [f"      {typed(command, stack)}" for command in self.commands]
        return "\n".join([f"  {self.key}: {self.reason}", *commands])


def typed(command: str, stack: str) -> str:
    """Write a command as it is typed, whichever stack is selected."""
    return re.sub(
        r"^pulumi (config \w+)", lambda found: f"{_pulumi()} {found[1]} --stack {stack}", command
    )


def _pulumi() -> str:
    """Return the ``pulumi`` that can be typed: the one that only this project has, by its path."""
    own = _ROOT / ".engine" / "bin" / "pulumi"
    # `make up` runs the program with the project's own first on PATH; a shell does not.
    is_own = os.path.realpath(shutil.which("pulumi") or own) == os.path.realpath(own)
    return os.path.relpath(own, _ROOT) if is_own and own.exists() else "pulumi"


def report(stack: str, problems: Sequence[Problem]) -> str:
    """Say everything that is wrong with a stack's configuration."""
    return "\n".join(
        [f"the configuration of stack '{stack}' cannot be used, nothing was changed:"]
        + [problem.text(stack) for problem in problems]
    )


def dotted(path: Path) -> str:
    """Write a path as ``pulumi config --path`` reads it."""
    text = "settings"
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z0-9_-]+", step):
            text += f".{step}"
        else:
            text += f'["{step}"]'
    return text


def set_command(path: Path, value: str) -> str:
    """Write the command that sets one value of the structured settings."""
    return f"pulumi config set --path {shlex.quote(f'{PROJECT}:{dotted(path)}')} {value}"


def remove_command(path: Path) -> str:
    """Write the command that removes one value of the structured settings."""
    return f"pulumi config rm --path {shlex.quote(f'{PROJECT}:{dotted(path)}')}"


def secret_command(key: str) -> str:
    """Write the command that asks for a secret and stores it encrypted."""
    return f"pulumi config set --secret {shlex.quote(f'{PROJECT}:{key}')}"


def wrong_setting(path: Path, reason: str, value: str) -> Problem:
    """Describe a setting that needs another value."""
    return Problem(dotted(path), reason, (set_command(path, value),))
