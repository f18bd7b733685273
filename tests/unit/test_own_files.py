"""The project's own files are what they ask of others."""

from pathlib import Path

import pytest

from localcloud.commandline import files
from localcloud.conformance.behaviour import FOLDER, Loader

ROOT = Path(__file__).parents[2]


def yaml_files() -> list[Path]:
    """Return every YAML file of the project."""
    # What lies in an environment or in the engine's folder is others', and much.
    folders = [
        path
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith((".venv", ".engine"))
    ]
    return [
        path
        for end in ("*.yaml", "*.yml")
        for path in [*ROOT.glob(end), *(found for folder in folders for found in folder.rglob(end))]
    ]


@pytest.mark.parametrize("path", yaml_files(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_the_projects_own_files_have_no_key_twice(path: Path) -> None:
    """Also those that only the engine or a workflow reads."""
    files.read_yaml(path, Loader if path.parent == FOLDER else None)
