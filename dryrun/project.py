"""Reads a Pulumi project and the configuration of one of its stacks, as the engine does."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class ProjectError(Exception):
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


def read(folder: Path, name: str) -> Stack:
    """Read ``Pulumi.yaml`` and ``Pulumi.<stack>.yaml`` of a project's folder."""
    if not (folder / "Pulumi.yaml").exists():
        raise ProjectError(f"{folder} holds no Pulumi.yaml; run in a project or say --project")
    file = folder / f"Pulumi.{name}.yaml"
    if not file.exists():
        known = sorted(path.name.split(".")[1] for path in folder.glob("Pulumi.*.yaml"))
        raise ProjectError(f"there is no stack '{name}'; there are: {', '.join(known)}")
    project = _mapping(folder / "Pulumi.yaml")
    values = {
        key if ":" in key else f"{project['name']}:{key}": value
        for key, value in (_mapping(file).get("config") or {}).items()
    }
    encrypted = frozenset(key for key, value in values.items() if _is_encrypted(value))
    return Stack(
        name=name,
        project=project["name"],
        program=folder / project.get("main", "."),
        config={key: _text(value) for key, value in values.items() if key not in encrypted},
        encrypted=encrypted,
    )


def _mapping(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProjectError(f"cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ProjectError(f"{path} is not YAML: {error}") from error
    if not isinstance(found, dict):
        raise ProjectError(f"{path} holds no settings")
    return found


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
