"""The folders are the architecture: imports point one way."""

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {
    **{
        name: ROOT / name
        for name in ("components", "demo", "functions", "ops", "policies", "scripts", "stacks")
    },
    "localcloud": ROOT / "localcloud/src/localcloud",
}
"""Package -> its folder."""
PACKAGES = set(SOURCES) | {"provisioning_policies"}
PULUMI = {"pulumi", "pulumi_alicloud", "pulumi_policy"}
COMMANDLINE = "localcloud.commandline"
"""How commands start, fail and read files: below everything else."""
RUNNING = ("localcloud.client", "localcloud.running")
"""How a local cloud is started and asked from outside."""

DECLARATIONS = {
    "functions.platforms.base",
    "functions.receive_approval.declared",
    "functions.report.outcome",
    "functions.request.deployment",
    "functions.request.fields",
}
"""What the functions declare for their deployment: platforms, languages, fields, types of events.

The functions are packed into archives without anything around them, so the declaration is theirs.
"""

ALLOWED = {
    "stacks": {"stacks", "components", "scripts", COMMANDLINE, *DECLARATIONS} | PULUMI,
    # What the functions can write to and read is declared once, by them.
    "components": {"components", "scripts", COMMANDLINE, *DECLARATIONS} | PULUMI,
    "scripts": {"scripts", COMMANDLINE, *DECLARATIONS},
    "policies": {"provisioning_policies"} | PULUMI,
    "functions": {"functions"},
    "demo": {
        "demo",
        "functions.report.outcome",
        "localcloud.deploy",
        "localcloud.tables",
        *RUNNING,
        COMMANDLINE,
    },
    # Served by a local cloud, at its own address.
    "demo/platforms": {
        "demo.platforms",
        "localcloud.environment",
        "localcloud.extension",
        "localcloud.http",
        "localcloud.inspection",
        "localcloud.strict_json",
    },
    # Shows as little in a comment as the functions show in a chat.
    "ops": {"ops", "functions", "localcloud.dryrun.project", "localcloud.client", COMMANDLINE},
    "ops/behaviour": {"ops", "functions", *RUNNING, COMMANDLINE},
    # Checks what it writes as the program will.
    "ops/init": {
        "ops",
        "stacks",
        "components.names",
        "scripts",
        "localcloud.dryrun.project",
        COMMANDLINE,
    },
    # Speak to the cloud with the functions' own clients.
    # Its function is packed as the loop's are.
    "ops/rehearse": {"ops", "functions", "components.function_archive", COMMANDLINE},
    "ops/replay": {"ops", "functions", COMMANDLINE},
    "ops/smoke": {"ops", "functions", COMMANDLINE},
    # Hides in a comment what the functions hide in a chat.
    "ops/review": {"ops", "functions", *RUNNING, COMMANDLINE},
    # Judges what a stack declares by the rules of the policy pack.
    "ops/policy": {"ops", "localcloud.dryrun", "provisioning_policies", COMMANDLINE} | PULUMI,
    "ops/stack": {"ops", "localcloud.dryrun.project", *RUNNING, COMMANDLINE},
    "localcloud": {"localcloud"},
    "localcloud/commandline": {COMMANDLINE},
    # A program runs under Pulumi's mock monitor.
    "localcloud/dryrun": {"localcloud.dryrun", COMMANDLINE} | PULUMI,
    "localcloud/deploy": {
        "localcloud.deploy",
        "localcloud.dryrun",
        "localcloud.client",
        "localcloud.settings",
        "localcloud.signing",
        COMMANDLINE,
    }
    | PULUMI,
    # Speaks to the provider's plugin as the engine does.
    "localcloud/conformance/provider": {"localcloud"} | PULUMI,
    "localcloud/eventbridge/matching": {
        "localcloud.eventbridge.matching",
        "localcloud.strict_json",
    },
    "localcloud/ram/access": {"localcloud.ram.access", "localcloud.strict_json"},
}
"""For a folder: the packages of this project, and Pulumi's, that its modules may import."""


def modules() -> list[Path]:
    """Return every Python module of the project's own packages."""
    return sorted(
        path
        for folder in SOURCES.values()
        for path in folder.rglob("*.py")
        if not {"__pycache__", ".venv"} & set(path.parts)
    )


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the names that a module imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: import absolutely"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def folder_of(path: Path) -> str:
    """Return the narrowest folder that has a rule."""
    relative = path.relative_to(ROOT).as_posix().removeprefix("localcloud/src/")
    return max((f for f in ALLOWED if relative.startswith(f + "/")), key=len)


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    """A module imports only what its folder may know."""
    allowed = ALLOWED[folder_of(path)]
    guarded = {
        name
        for name in imported(path)
        if name.split(".")[0] in PACKAGES | PULUMI
        # `from a import b` names a, too, which is no more than a folder on the way.
        and not any(
            name == a or name.startswith(a + ".") or a.startswith(name + ".") for a in allowed
        )
    }
    assert guarded == set()


SERVICES = {"ecs", "eventbridge", "fc", "location", "mns", "ram", "sls"}
"""The services of the local cloud, by folder."""


@pytest.mark.parametrize(
    "path",
    [p for p in modules() if SERVICES & set(p.relative_to(ROOT).parts[3:4])],
    ids=lambda p: p.relative_to(SOURCES["localcloud"]).as_posix(),
)
def test_services_know_nothing_of_how_they_are_asked(path: Path) -> None:
    """A service sees API calls and plain HTTP values: no gateway, framework or other service."""
    own = path.relative_to(SOURCES["localcloud"]).parts[0]
    others = {f"localcloud.{name}." for name in SERVICES - {own}}
    forbidden = ("localcloud.app", "localcloud.gateway", "starlette", "uvicorn", *others)
    assert [name for name in imported(path) if name.startswith(forbidden)] == []


def test_the_gateway_knows_products_only_as_styles() -> None:
    """What is particular to a product is in its folder, or in its wire style."""
    names = "|".join(SERVICES - {"location"})
    named = {
        path.name: found
        for path in (SOURCES["localcloud"] / "gateway").glob("*.py")
        if (found := re.findall(rf"[\"'.]({names})\b", path.read_text()))
    }
    assert named == {}


def test_no_module_imports_itself_through_others() -> None:
    """There is no circle of imports, whichever function or ``TYPE_CHECKING`` hides it."""
    paths = {module_name(path): path for path in modules()}
    imports = {name: modules_among(imported(path), set(paths)) for name, path in paths.items()}
    while free := {name for name, others in imports.items() if not others & set(imports)}:
        imports = {name: others for name, others in imports.items() if name not in free}
    assert {name: sorted(others & set(imports)) for name, others in imports.items()} == {}


def module_name(path: Path) -> str:
    """Return the name by which a module is imported."""
    package = next(name for name, folder in SOURCES.items() if path.is_relative_to(folder))
    parts = path.relative_to(SOURCES[package]).with_suffix("").parts
    # The policy pack is a package inside its folder.
    if parts[0] not in PACKAGES:
        parts = (package, *parts)
    return ".".join(parts).removesuffix(".__init__")


def modules_among(names: frozenset[str], known: set[str]) -> set[str]:
    """Return the modules that are imported; ``from a import b`` means ``a.b`` if that is one."""
    found = names & known
    return {name for name in found if not any(other.startswith(name + ".") for other in found)}


SHIPPED = {"aes.py": {"cryptography"}}
"""A module of the functions -> what Function Compute's runtime has for it ("Python", runtimes)."""


def test_functions_use_the_standard_library_only() -> None:
    """What runs in Function Compute needs nothing that neither archive nor runtime holds."""
    foreign = {
        (path.name, name)
        for path in modules()
        if path.is_relative_to(ROOT / "functions")
        for name in imported(path)
        if name.split(".")[0]
        not in set(sys.stdlib_module_names) | {"functions"} | SHIPPED.get(path.name, set())
    }
    assert foreign == set()


def test_test_files_have_names_of_their_own() -> None:
    """Test files are imported by their name alone: two of one name would stop the run."""
    folders = (ROOT / "tests", ROOT / "localcloud/tests")
    names = [path.name for folder in folders for path in folder.rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("folder", ["components", "stacks"])
def test_no_module_hides_a_package(folder: str) -> None:
    """Pulumi runs these folders by their path, so their modules come first when one is imported."""
    names = {path.stem for path in (ROOT / folder).glob("*.py")}
    assert names & PACKAGES == set()
