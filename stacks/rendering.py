"""Renders the scripts of a stack from its catalogue of roles."""

from pathlib import Path
from typing import NamedTuple

import pulumi

from cli.errors import UserError
from scripts.provision import catalogue, render
from stacks.mending import Problem, dotted, report, set_command
from stacks.settings import Settings

_PROJECT = Path(__file__).resolve().parent.parent


class Scripts(NamedTuple):
    """What Cloud Assistant runs."""

    provision: str
    deprovision: str


def roles(settings: Settings) -> frozenset[str]:
    """Name the roles of the stack's catalogue."""
    return frozenset(_catalogue(settings).roles)


def rendered(settings: Settings) -> Scripts:
    """Render both scripts with the roles that this stack provisions, and no others."""
    found = _catalogue(settings)
    try:
        return Scripts(
            render.render(found, "provision", roles=settings.roles).text,
            render.render(found, "deprovision", roles=settings.roles).text,
        )
    except render.RenderError as error:
        raise _unusable(str(error)) from None


def _catalogue(settings: Settings) -> catalogue.Catalogue:
    path = _PROJECT / settings.roles_file if settings.roles_file else catalogue.DEFAULT_PATH
    try:
        return catalogue.load(path)
    except UserError as error:
        raise _unusable(str(error)) from None


def _unusable(reason: str) -> pulumi.RunError:
    key = ("roles_file",)
    problem = Problem(dotted(key), reason, (set_command(key, "<path>"),))
    return pulumi.RunError(report(pulumi.get_stack(), [problem]))
