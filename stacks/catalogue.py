"""The catalogue of roles that a stack's settings name."""

from pathlib import Path

import pulumi

from localcloud.commandline import files
from localcloud.commandline.errors import UserError
from scripts.provision import catalogue
from stacks.remedies import Problem, dotted, report, set_command
from stacks.settings import Settings

_PROJECT = Path(__file__).resolve().parent.parent


def text(settings: Settings) -> str:
    """Read the stack's catalogue, or the one that comes with the project."""
    key = ("roles_file",)
    try:
        return files.read_text(_path(settings))
    except UserError as error:
        # Another file, or this one in another form: the command names one.
        raise _unusable(str(error), set_command(key, "<path>")) from None


def roles(settings: Settings) -> frozenset[str]:
    """Name the roles of the stack's catalogue."""
    try:
        return frozenset(catalogue.parse(text(settings), str(_path(settings))).roles)
    except UserError as error:
        raise _unusable(str(error)) from None


def _path(settings: Settings) -> Path:
    return _PROJECT / settings.roles_file if settings.roles_file else catalogue.DEFAULT_PATH


def _unusable(reason: str, *commands: str) -> pulumi.RunError:
    problem = Problem(dotted(("roles_file",)), reason, commands)
    return pulumi.RunError(report(pulumi.get_stack(), [problem]))
