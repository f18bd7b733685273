"""Reads a stack's configuration as the engine hands it to the program."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class StackFileError(Exception):
    """The project or the stack has no usable file."""


@dataclass(frozen=True)
class Stack:
    """A project's program and one stack's configuration."""

    project: str
    program: Path
    config: dict[str, str]
    """Every value as text, structured ones as JSON; so does the engine."""


def read(folder: Path, stack: str) -> Stack:
    """Read ``Pulumi.yaml`` and ``Pulumi.<stack>.yaml`` of a project folder."""
    project = _yaml(folder / "Pulumi.yaml")
    values = _yaml(folder / f"Pulumi.{stack}.yaml").get("config") or {}
    return Stack(
        project=project["name"],
        program=folder / project.get("main", "."),
        config={key: _text(key, value) for key, value in values.items()},
    )


def _yaml(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StackFileError(f"cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise StackFileError(f"{path} is not YAML: {error}") from error
    if not isinstance(found, dict):
        raise StackFileError(f"{path} holds no settings")
    return found


def _text(key: str, value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"secure"}:
        raise StackFileError(
            f"{key} is encrypted, which only the engine can read; use a stack without encrypted "
            "values, or 'pulumi up'"
        )
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
