"""The folders are the architecture: imports point one way."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWN = {"cli", "components", "dryrun", "functions", "localcloud", "policies", "scripts", "stacks"}
PACKAGES = OWN | {"provisioning_policies"}
PULUMI = {"pulumi", "pulumi_alicloud", "pulumi_policy"}

ALLOWED = {
    # How commands start, fail and read files: below everything else.
    "cli": {"cli"},
    "stacks": {"cli", "stacks", "components", "scripts"} | PULUMI,
    "components": {"cli", "components", "scripts"} | PULUMI,
    "policies": {"provisioning_policies"} | PULUMI,
    "dryrun": {"cli", "dryrun"} | PULUMI,
    "functions": {"functions"},
    "scripts": {"cli", "dryrun.project", "scripts"},
    # Speaks to the cloud with the functions' own clients, and learns from the local cloud's which
    # key it takes.
    "scripts/behaviour": {"cli", "scripts", "functions"},
    "scripts/replay": {"cli", "scripts", "functions", "localcloud.client"},
    # Hides in a comment what the functions hide in a chat.
    "scripts/review": {"cli", "scripts", "functions"},
    "scripts/smoke": {"cli", "scripts", "functions", "localcloud.client"},
    # Judges what a stack declares by the rules of the policy pack.
    "scripts/policy": {"cli", "scripts", "dryrun", "provisioning_policies"} | PULUMI,
    # Installs the engine with Pulumi's own installer.
    "scripts/stack": {"cli", "dryrun.project", "scripts", "localcloud.client"} | PULUMI,
    "localcloud": {"cli", "localcloud"},
    # The one client that runs the stack's program: under Pulumi's mock monitor.
    "localcloud/deploy": {"cli", "localcloud", "dryrun"} | PULUMI,
    "localcloud/core": {"localcloud.core"},
}
"""For a folder: the packages of this project, and Pulumi's, that its modules may import."""


def modules() -> list[Path]:
    """Give every Python module of the project's own packages."""
    return sorted(
        path
        for package in OWN
        for path in (ROOT / package).rglob("*.py")
        if "__pycache__" not in path.parts
    )


def imported(path: Path) -> set[str]:
    """Give the names that a module imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: import absolutely"
            names.add(node.module)
    return names


def folder_of(path: Path) -> str:
    """Give the narrowest folder that has a rule."""
    relative = path.relative_to(ROOT).as_posix()
    return max((f for f in ALLOWED if relative.startswith(f + "/")), key=len)


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    """A module imports only what its folder may know."""
    allowed = ALLOWED[folder_of(path)]
    guarded = {
        name
        for name in imported(path)
        if name.split(".")[0] in PACKAGES | PULUMI
        and not any(name == a or name.startswith(a + ".") for a in allowed)
    }
    assert set() == guarded


def test_functions_use_the_standard_library_only() -> None:
    """What runs in Function Compute needs nothing that its archive does not hold."""
    foreign = {
        (path.name, name)
        for path in modules()
        if path.is_relative_to(ROOT / "functions")
        for name in imported(path)
        if name.split(".")[0] not in set(sys.stdlib_module_names) | {"functions"}
    }
    assert set() == foreign


def test_test_files_have_names_of_their_own() -> None:
    """Test files are imported by their name alone: two of one name would stop the run."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert [] == sorted({name for name in names if names.count(name) > 1})


@pytest.mark.parametrize("folder", ["components", "stacks"])
def test_no_module_hides_a_package(folder: str) -> None:
    """Pulumi runs these folders by their path, so their modules come first when one is imported."""
    names = {path.stem for path in (ROOT / folder).glob("*.py")}
    assert set() == names & PACKAGES
