"""The components as a package for other Pulumi languages."""

import inspect
import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pulumi
import pytest
import yaml
from pulumi.errors import InputPropertiesError

import components
from components import ProvisioningLoop, ProvisioningLoopArgs, package, reference, schema
from tests.unit.fake_engine import FakeEngine

ROOT = Path(components.__file__).parents[1]
README = (ROOT / "components" / "README.md").read_text()
LOOP = "provisioning:index:ProvisioningLoop"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Return the package's schema."""
    return schema.document()


def example(language: str) -> str:
    """Return the example of the README in one language."""
    found = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def camel(name: str) -> str:
    """Write a Python name as the schema does."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_the_committed_schema_is_the_packages() -> None:
    """A change of the interface shows in a review: as a change of this file."""
    committed = (ROOT / "components" / "schema.json").read_text()
    assert schema.text() == committed, "write it with python -m components.schema"


def test_the_readme_lists_every_argument() -> None:
    """An argument that is added, removed or described anew must reach the README."""
    assert README.endswith(reference.tables() + "\n")


def test_what_stands_alone_is_public_and_nothing_else(document: dict[str, Any]) -> None:
    """The parts of the loop are nobody's interface."""
    assert [token.rpartition(":")[2] for token in document["resources"]] == [
        "DeploymentProvider",
        "DeploymentRole",
        "ProvisioningLoop",
    ]


def test_the_package_says_whose_and_which_version_it_is(document: dict[str, Any]) -> None:
    """Name, namespace and version make the SDK's name; the version is the project's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = [document[key] for key in ("namespace", "name", "version")]
    assert found == ["ecs-provisioning-loop", "provisioning", project["version"]]


def test_only_what_has_no_default_is_required(document: dict[str, Any]) -> None:
    """Everything else has a default that makes sense."""
    required = document["resources"][LOOP]["requiredInputs"]
    assert sorted(required) == ["accountId", "chats", "region", "roles", "sources"]


def test_generated_names_do_not_say_args_twice(document: dict[str, Any]) -> None:
    """An SDK puts Args behind the name of each nested type by itself."""
    assert [token for token in document["types"] if token.endswith("Args")] == []


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("region", False),
        ("accountId", False),
        ("tags", False),
        ("catalogue", False),
        ("staleAfterSeconds", False),
        ("namePrefix", True),
        ("serviceLinkedRoles", True),
    ],
)
def test_only_what_decides_is_plain(document: dict[str, Any], path: str, plain: bool) -> None:
    """Values may come from other resources, unless resources depend on them."""
    assert document["resources"][LOOP]["inputProperties"][path].get("plain", False) == plain


def test_everything_explains_itself(document: dict[str, Any]) -> None:
    """Each component, type, argument and output has a description."""
    described = {**document["resources"], **document["types"]}
    silent = [token for token, found in described.items() if not found["description"]]
    for token, found in described.items():
        for kind in ("inputProperties", "properties"):
            properties = found.get(kind, {})
            silent += [f"{token}.{k}" for k, v in properties.items() if not v.get("description")]
    assert silent == []


@pytest.mark.parametrize("path", sorted((ROOT / "components").glob("*.py")), ids=lambda p: p.stem)
def test_a_component_registers_the_outputs_it_declares(path: Path) -> None:
    """Each annotated output is given to register_outputs under its own name."""
    module = sys.modules.get(f"components.{path.stem}")
    for found in vars(module).values() if module else ():
        if not (inspect.isclass(found) and issubclass(found, pulumi.ComponentResource)):
            continue
        registered = inspect.getsource(found).rpartition("register_outputs(")[2]
        for output in found.__annotations__:
            assert f'"{output}": self.{output}' in registered


def test_all_that_is_exported_can_be_imported() -> None:
    """``__all__`` lists every public name of the package, in order."""
    assert components.__all__ == sorted(components.__all__)
    assert [name for name in components.__all__ if not hasattr(components, name)] == []
    hosted = {component.__name__ for component in package.COMPONENTS}
    assert hosted <= set(components.__all__)


def test_annotations_are_evaluated() -> None:
    """Pulumi reads annotations as they are, and cannot read postponed ones."""
    postponed = "from __future__ import annotations"
    folder = ROOT / "components"
    assert [p.name for p in folder.glob("*.py") if postponed in p.read_text()] == []


def test_plugin_and_project_use_the_same_environment() -> None:
    """Both find the virtual environment that ``make venv`` makes."""
    plugin = yaml.safe_load((ROOT / "components" / "PulumiPlugin.yaml").read_text())
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    paths = {
        (ROOT / "components" / plugin["runtime"]["options"]["virtualenv"]).resolve(),
        (ROOT / project["runtime"]["options"]["virtualenv"]).resolve(),
    }
    assert paths == {(ROOT / ".venv").resolve()}


def from_python() -> None:
    """Run the README's Python example; its SDK hands on to the component, as a generated one."""
    pulumi.runtime.set_all_config({f"{PROJECT}:webhook": "https://chat.example"})
    sdk = ModuleType("ecs_provisioning_loop_provisioning")

    def make(name: str, **args: Any) -> ProvisioningLoop:
        return ProvisioningLoop(name, cast("ProvisioningLoopArgs", args))

    sdk.ProvisioningLoop = make  # type: ignore[attr-defined]  # made here
    sys.modules[sdk.__name__] = sdk
    try:
        exec(example("python"), {})
    finally:
        del sys.modules[sdk.__name__]


def from_yaml() -> None:
    """Make what the README's YAML example asks for, as the engine does for YAML."""
    program = yaml.safe_load(example("yaml"))
    ((name, resource),) = program["resources"].items()
    assert resource["type"] == "provisioning:ProvisioningLoop"
    inputs = json.loads(json.dumps(resource["properties"]))
    for chat in inputs["chats"]:
        assert program["config"][chat["webhook"].strip("${}")]["secret"]
        chat["webhook"] = pulumi.Output.secret("https://chat.example")
    package.Package().construct(name, LOOP, inputs)


PROJECT = "ecs-provisioning-loop"


def test_both_examples_make_the_same_loop() -> None:
    """The smallest program, in Python and in YAML: 41 resources, with the same inputs."""
    made = []
    for program in cast("list[Callable[[], None]]", [from_python, from_yaml]):
        engine = FakeEngine()
        engine.run(program)
        made.append({resource.urn: resource.inputs for resource in engine.resources})
    assert made[0] == made[1]
    assert len(made[0]) == 41


def test_a_hosted_loop_takes_words_and_whole_numbers() -> None:
    """From another language, words come as texts and numbers with a decimal point."""
    inputs = {
        "region": "cn-hangzhou",
        "accountId": "1234567890123456",
        "sources": [{"name": "lark.approval", "platform": "lark"}],
        "chats": [
            {
                "name": "board",
                "platform": "lark",
                "delivery": "webhook",
                "webhook": "https://chat.example/board",
            }
        ],
        "roles": [{"role": "dba", "instanceTags": {"role": "db"}}],
        "command": {"timeoutSeconds": 120.0, "maxParallelRequests": 5.0},
        "onboarding": {
            "source": "lark.member",
            "endpoint": "https://hr.example",
            "timeoutSeconds": 7.0,
        },
    }

    def program() -> dict[str, Any]:
        known_later = {"retention": {"archiveDays": pulumi.Output.from_input(3.0)}}
        found = package.Package().construct("loop", LOOP, {**inputs, **known_later})
        return {"state": found.state}

    engine = FakeEngine()
    made = engine.run(program)
    assert made["state"][0]["busName"] == "loop"
    variables = engine.one("V3Function", functionName="loop-run-command").inputs[
        "environmentVariables"
    ]
    assert variables["Timeout"] == "120"
    assert [command.inputs["timeout"] for command in engine.all("Command")] == [120, 120]
    assert (
        engine.one("V3ConcurrencyConfig", functionName="loop-run-command").inputs[
            "reservedConcurrency"
        ]
        == 5
    )
    assert engine.one("V3Function", functionName="loop-call-http-api").inputs["timeout"] == 254
    assert engine.one("Store", logstoreName="events").inputs["retentionPeriod"] == 3


def test_a_slip_in_another_language_is_no_fault_of_the_component() -> None:
    """The engine is given the line for people; a traceback would name files of the package."""
    inputs = {
        "region": "cn-hangzhou",
        "accountId": "1234567890123456",
        "sources": [{"name": "lark.approval", "platform": "lark", "chat": "bord"}],
        "chats": [{"name": "board", "platform": "lark", "webhook": "https://chat.example"}],
        "roles": [{"role": "dba", "instanceTags": {"role": "db"}}],
    }
    with pytest.raises(InputPropertiesError) as caught:
        FakeEngine().run(lambda: package.Package().construct("loop", LOOP, inputs))
    assert caught.value.message == (
        "ProvisioningLoop 'loop': argument 'sources[0].chat' is 'bord'; "
        "did you mean 'board'? accepted: board"
    )
