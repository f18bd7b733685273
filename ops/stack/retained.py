"""Lets the engine leave the commands of an old state where they are.

Whether what goes is deleted in the cloud as well, the engine reads from the state, not from the
program: a command that the first version of this project made is not marked there as one that
stays (``retainOnDelete``). Its deletion is refused while it is being run, and would end the update
with an error.
"""

import copy
from collections.abc import Mapping
from typing import Any

COMMAND = "alicloud:ecs/command:Command"
_MARK = "retainOnDelete"


def commands(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the commands in a stack's state (``pulumi stack export``)."""
    resources = (state.get("deployment") or {}).get("resources") or []
    return [resource for resource in resources if resource.get("type") == COMMAND]


def marked(state: dict[str, Any]) -> dict[str, Any] | None:
    """Return a stack's state in which every command stays in the cloud; None if it is so.

    Args:
        state: as ``pulumi stack export`` writes it.
    """
    changed = copy.deepcopy(state)
    deleted = [command for command in commands(changed) if not command.get(_MARK)]
    for command in deleted:
        command[_MARK] = True
    return changed if deleted else None
