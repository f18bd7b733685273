"""Cloud Assistant commands: what they may hold, and how parameters get into them; pure.

Source: "CreateCommand", "InvokeCommand" (ECS 2014-05-26).
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud import strict_json
from localcloud.ecs.errors import EcsError

CONTENT_LIMIT_BYTES = 24 * 1024
"""After Base64, with the parameters filled in as well."""
PARAMETER_LIMIT = 20
# guess: "InvokeCommand" says 10 and "CreateCommand" 20, and a command with 20 must be invocable.
_PARAMETER_NAME_BYTES = 64
_TYPES = ("RunShellScript", "RunBatScript", "RunPowerShellScript")
_BUILT_IN = ("RegionId", "AccountId", "InstanceId", "InstanceName", "InvokeId", "CommandId")
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Command:
    """A command as it was created; ``content`` is the Base64 text exactly as it was sent."""

    command_id: str
    name: str
    type: str
    content: str
    created: float
    timeout_seconds: int = 60
    enable_parameter: bool = False
    working_dir: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    kept: bool = True
    """Whether it is listed; RunCommand makes commands that are not."""

    @property
    def text(self) -> str:
        """The script."""
        return base64.b64decode(self.content).decode(errors="surrogateescape")

    @property
    def parameter_names(self) -> list[str]:
        """The custom parameters in the order in which they first appear."""
        return placeholders(self.text) if self.enable_parameter else []


def check(command: Command) -> None:
    """Refuse a command that the cloud would refuse."""
    if command.type not in _TYPES:
        raise EcsError("InvalidCmdType.NotFound", f"'{command.type}' is none of {_TYPES}")
    for text, limit, code in (
        (command.name, 128, "CmdName.ExceedLimit"),
        (command.description, 512, "CmdDesc.ExceedLimit"),
        (command.working_dir, 200, "InvalidParameter.WorkingDir"),
    ):
        if len(text) > limit:
            raise EcsError(code, f"It has {len(text)} characters; {limit} are allowed")
    check_timeout(command.timeout_seconds)
    check_size(command.content)
    if command.enable_parameter:
        _check_names(command.text)


def check_timeout(seconds: int) -> None:
    """Refuse a time limit that is out of range."""
    # guess: both ends are refused with the same code; the range is that of "RunCommand".
    if not 10 <= seconds <= 86_400:
        raise EcsError("InvalidTimeout.ExceedLimit", f"{seconds} is not within 10 to 86400 seconds")


def check_size(content: str) -> None:
    """Refuse Base64 text that is no Base64 or too long."""
    try:
        base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise EcsError("CmdContent.DecodeError") from None
    if len(content) > CONTENT_LIMIT_BYTES:
        detail = f"It has {len(content)} bytes after Base64; {CONTENT_LIMIT_BYTES} are allowed"
        raise EcsError("CmdContent.ExceedLimit", detail)


def encoded(text: str) -> str:
    """Write a script as Base64 text."""
    return base64.b64encode(text.encode(errors="surrogateescape")).decode()


def placeholders(text: str) -> list[str]:
    """Return the names of custom parameters, without the built-in ones, each once."""
    names: dict[str, str] = {}
    for found in _found(text):
        name = found[1].strip()
        if not name.startswith("ACS::"):
            names.setdefault(name.lower(), name)
    return list(names.values())


def bind(command: Command, parameters: str, *, needs_all: bool = False) -> dict[str, str]:
    """Check the parameters of an invocation, as JSON text, against the command's placeholders.

    ``needs_all``: a call must give every placeholder a value, not only one of them.
    """
    given = _parsed(parameters)
    if not command.enable_parameter:
        if given:
            raise EcsError("Parameter.Disabled")
        return {}
    known = {name.lower() for name in command.parameter_names}
    names = [name.lower() for name in given]
    if len(set(names)) != len(names):
        raise EcsError("ParameterKey.Duplicate", "Names are not case-sensitive")
    if unknown := sorted(set(names) - known):
        raise EcsError("Parameter.NotMatched", f"The command has no {', '.join(unknown)}")
    # "You must specify the value of the custom parameter", and the names given are "a subset" of
    # the command's ("InvokeCommand"). guess: a placeholder without a value stays as it is.
    if (known and not names) or (needs_all and known - set(names)):
        raise EcsError("Parameter.MissingValue", f"Accepted are {', '.join(sorted(known))}")
    return given


def fill(text: str, parameters: Mapping[str, str], built_in: Mapping[str, str]) -> str:
    """Put values in place of placeholders, as plain text and in one pass, as the cloud does."""
    values = {name.lower(): value for name, value in parameters.items()}

    def value_of(found: re.Match[str]) -> str:
        name = found[1].strip()
        if name.startswith("ACS::"):
            return built_in.get(name.removeprefix("ACS::"), found[0])
        return values.get(name.lower(), found[0])

    end = _end(text)
    return _PLACEHOLDER.sub(value_of, text[:end]) + text[end:]


def _found(text: str) -> Iterator[re.Match[str]]:
    return _PLACEHOLDER.finditer(text, 0, _end(text))


def _end(text: str) -> int:
    """Return where the last placeholder can end; looking on from each ``{{`` would take long."""
    return text.rfind("}}") + 2 if "}}" in text else 0


def _check_names(text: str) -> None:
    names = [found[1].strip() for found in _found(text)]
    for name in names:
        if not name:
            raise EcsError("CmdParam.EmptyKey")
        plain = name.removeprefix("ACS::")
        if plain != name and plain not in _BUILT_IN:
            raise EcsError("CmdParam.InvalidParamName", f"Built in are {', '.join(_BUILT_IN)}")
        if not _NAME.fullmatch(plain):
            raise EcsError("CmdParam.InvalidParamName", f"Given was '{name[:80]}'")
        if len(name.encode()) > _PARAMETER_NAME_BYTES:
            raise EcsError("CmdParamName.ExceedLimit", f"{_PARAMETER_NAME_BYTES} are allowed")
    if len(placeholders(text)) > PARAMETER_LIMIT:
        raise EcsError("CmdParamCount.ExceedLimit", f"{PARAMETER_LIMIT} are allowed")


def _parsed(parameters: str) -> dict[str, str]:
    if not parameters:
        return {}
    repeated: list[str] = []

    def note_repeated(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in pairs:
            if name in made:
                repeated.append(name)
            made[name] = value
        return made

    try:
        given = strict_json.read(parameters, note_repeated)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise EcsError("InvalidParameter.Parameters", "Accepted is a JSON object of texts")
    if repeated:
        raise EcsError("ParameterKey.Duplicate", f"Repeated: {', '.join(repeated)}")
    if len(given) > PARAMETER_LIMIT:
        raise EcsError("ParameterCount.ExceedLimit", f"{PARAMETER_LIMIT} are allowed")
    for name, value in given.items():
        if not name or len(name) > _PARAMETER_NAME_BYTES:
            raise EcsError("ParameterKey.ExceedLimit", "Accepted are 1 to 64 characters")
        if not isinstance(value, str):
            # guess: only texts; the reference says "key-value pairs" and shows texts.
            detail = f"The value of '{name}' is not a text"
            raise EcsError("ParameterType.NotSupported", detail)
        if "\0" in value:
            raise EcsError("InvalidParameterCharset.Parameters", f"In the value of '{name}'")
    return given
