"""Reads a Pulumi project and the configuration of one of its stacks, as the engine does."""

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.commandline.errors import UserError
from localcloud.commandline.files import read_mapping


class ProjectError(UserError):
    """The project or the stack has no usable file."""


@dataclass(frozen=True)
class Stack:
    """A stack of a project: its program, and what the program is told."""

    name: str
    project: str
    program: Path
    """The folder of the program."""
    config: dict[str, str]
    """Every value as text, structured ones as JSON, as the engine hands them over."""
    encrypted: frozenset[str] = frozenset()
    """The keys whose values only the engine can read; they are missing from ``config``."""


def path_of(folder: Path, name: str) -> Path:
    """Return the file of a stack.

    Raises:
        ProjectError: if the folder holds no project, or the project no such stack.
    """
    if not (folder / "Pulumi.yaml").exists():
        raise ProjectError(f"{folder} holds no Pulumi.yaml; run in a project or say --project")
    known = sorted(path.name.split(".")[1] for path in folder.glob("Pulumi.*.yaml"))
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"; did you mean '{near[0]}'?" if near else ""
        raise ProjectError(f"there is no stack '{name}'; there are {', '.join(known)}{meant}")
    return folder / f"Pulumi.{name}.yaml"


def read(folder: Path, name: str) -> Stack:
    """Read ``Pulumi.yaml`` and ``Pulumi.<stack>.yaml`` of a project's folder."""
    file = path_of(folder, name)
    project = read_mapping(folder / "Pulumi.yaml")
    if not isinstance(project.get("name"), str):
        raise ProjectError(f"{folder / 'Pulumi.yaml'} has no 'name'")
    values = {
        key if ":" in key else f"{project['name']}:{key}": value
        for key, value in stack_config(file).items()
    }
    encrypted = frozenset(key for key, value in values.items() if _is_encrypted(value))
    return Stack(
        name=name,
        project=project["name"],
        program=folder / str(project.get("main", ".")),
        config={key: _text(value) for key, value in values.items() if key not in encrypted},
        encrypted=encrypted,
    )


def stack_config(file: Path) -> dict[str, Any]:
    """Return the configuration in a stack's file, as it stands there."""
    found = read_mapping(file).get("config") or {}
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise ProjectError(f"{file} must hold 'key: value' lines below config")
    return found


def _is_encrypted(value: Any) -> bool:
    """Return whether a value, or one inside it, is encrypted: the engine takes it as a secret."""
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(map(_is_encrypted, value.values()))
    return isinstance(value, list) and any(map(_is_encrypted, value))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
