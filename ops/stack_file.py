"""What the commands about a deployed stack read in its file, ``Pulumi.<stack>.yaml``."""

from typing import Any

from localcloud.commandline.errors import UserError
from localcloud.dryrun.project import path_of, stack_config
from ops.project import PROJECT

_SETTINGS = "ecs-provisioning-loop:settings"


class StackFileError(UserError):
    """A stack's file lacks something."""


def config_of(stack: str) -> dict[str, Any]:
    """Return a stack's configuration as its file has it."""
    path = path_of(PROJECT, stack)
    config = stack_config(path)
    if not isinstance(config.get(_SETTINGS), dict):
        raise StackFileError(f"{path} holds no {_SETTINGS}; stacks/README.md lists the settings")
    return config


def settings_of(config: dict[str, Any], *needed: str) -> dict[str, Any]:
    """Return the settings of a configuration, in which these must stand."""
    settings: dict[str, Any] = config[_SETTINGS]
    if missing := [name for name in needed if not settings.get(name)]:
        raise StackFileError(
            f"{_SETTINGS} lacks {', '.join(missing)}; 'make preview' says all that is wrong with it"
        )
    return settings


def region_of(config: dict[str, Any]) -> str:
    """Return the region that a configuration names, which the provider's own key says."""
    if not (region := config.get("alicloud:region")):
        raise StackFileError("alicloud:region is missing; 'make preview' says what to type")
    return str(region)
