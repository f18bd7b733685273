"""The scripts that Cloud Assistant runs: rendered from a catalogue of roles, or given as text."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi

from components.arguments import ArgumentError
from localcloud.commandline.errors import UserError
from scripts.provision import catalogue, render


class Scripts(TypedDict):
    """Scripts of the caller's own, instead of those that a catalogue of roles is rendered into."""

    provision: NotRequired[pulumi.Input[str]]
    """The script that grants a role. Parameters are written {{emp_id}} and {{role}}."""
    deprovision: NotRequired[pulumi.Input[str]]
    """The script that takes it back."""


def scripts(
    loop: str, given: Scripts, roles: Sequence[str], catalogue_text: pulumi.Input[str] | None
) -> dict[render.Action, pulumi.Output[str]]:
    """Return both scripts; those that are not given know these roles of the catalogue only."""
    text = catalogue_text or catalogue.DEFAULT_PATH.read_text(encoding="utf-8")

    def script(action: render.Action) -> pulumi.Output[str]:
        if action in given:
            return pulumi.Output.from_input(given[action])
        if isinstance(text, str):  # at once, so that a mistake stops before anything is made
            return pulumi.Output.from_input(_rendered(loop, action, text, roles))
        return pulumi.Output.all(text).apply(lambda known: _rendered(loop, action, known[0], roles))

    actions: tuple[render.Action, ...] = ("provision", "deprovision")
    return {action: script(action) for action in actions}


def _rendered(loop: str, action: render.Action, catalogue_text: str, roles: Sequence[str]) -> str:
    try:
        found = catalogue.parse(catalogue_text, "the catalogue of roles")
        return render.render(found, action, roles=roles).text
    except (UserError, render.RenderError) as error:
        raise ArgumentError(f"ProvisioningLoop '{loop}': {error}") from None
