"""What the stack tells this function: which commands run where, and who may ask for them."""

from collections.abc import Mapping
from typing import NamedTuple

from functions.cloud.errors import SettingError
from functions.request import deployment, environment, token
from functions.request.deployment import Deployment


class Settings(NamedTuple):
    """Which command runs where for whom, and who may ask for it."""

    deployment: Deployment
    command_id: str
    deprovision_command_id: str
    instance_ids: tuple[str, ...]
    timeout_seconds: int
    tokens: Mapping[str, str]
    """The secret of each source that has one."""
    later_queue: str = ""
    """Where removals wait that have not reached every host; nowhere if it is empty."""
    dead_letter_queue: str = ""
    watch_queue: str = ""
    """The watcher's queue; nobody watches if it is empty."""

    def __repr__(self) -> str:
        """Return nothing of the values: the tokens are secret."""
        return "Settings(...)"


def read(environ: Mapping[str, str]) -> Settings:
    """Read the environment; a missing secret stops the function, it never opens a source.

    Raises:
        SettingError: with the variable's name.
    """
    stack = deployment.read(environ)
    tokens = token.read(environ)
    for name, source in stack.sources.items():
        if source.token_required and name not in tokens:
            raise SettingError("SOURCE_TOKENS", f"has no token for {name}, which requires one")
    return Settings(
        deployment=stack,
        command_id=environment.text(environ, "CommandId"),
        deprovision_command_id=environ.get("DeprovisionCommandId", ""),
        instance_ids=tuple(environment.json_strings(environ, "InstanceIds", "[]")),
        timeout_seconds=int(environment.number(environ, "Timeout", 10, 86_400)),
        tokens=tokens,
        later_queue=environ.get("LATER_QUEUE", ""),
        dead_letter_queue=environ.get("DEAD_LETTER_QUEUE", ""),
        watch_queue=environ.get("WATCH_QUEUE", ""),
    )
