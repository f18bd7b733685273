"""The components as a package for other Pulumi languages."""

import inspect
from pathlib import Path

import pulumi
import pytest
import yaml
from pulumi.provider.experimental.analyzer import Analyzer
from pulumi.provider.experimental.component import ComponentProvider

import components
from components import __main__ as host
from tests.unit.fake_engine import FakeEngine

ROOT = Path(components.__file__).parents[1]
CLASSES = {
    name: value
    for name, value in vars(components).items()
    if inspect.isclass(value) and issubclass(value, pulumi.ComponentResource)
}


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    """Let Pulumi infer the package's schema, as it does when it hosts the package."""
    return dict(Analyzer("provisioning").analyze(host.HOSTED))


def test_every_component_is_hosted(schema: dict[str, dict[str, object]]) -> None:
    """What can be imported here can be used from other languages too."""
    assert sorted(schema["component_definitions"]) == sorted(CLASSES)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_component_explains_itself(name: str, schema: dict[str, dict[str, object]]) -> None:
    """The component, each argument and each output have a description."""
    found: object = schema["component_definitions"][name]
    described = {
        "itself": found.description,  # type: ignore[attr-defined]  # Pulumi's own, untyped
        **{k: v.description for k, v in found.inputs.items()},  # type: ignore[attr-defined]
        **{k: v.description for k, v in found.outputs.items()},  # type: ignore[attr-defined]
    }
    assert [key for key, text in described.items() if not text] == []


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_component_registers_the_outputs_it_declares(name: str) -> None:
    """Each annotated output is given to register_outputs under its own name."""
    source = inspect.getsource(CLASSES[name])
    registered = source.rpartition("register_outputs(")[2]
    assert registered
    for output in CLASSES[name].__annotations__:
        assert f'"{output}": self.{output}' in registered


def test_all_that_is_exported_can_be_imported() -> None:
    """``__all__`` lists every public name of the package, in order."""
    assert components.__all__ == sorted(components.__all__)
    assert sorted(CLASSES) == sorted(set(components.__all__) & set(CLASSES))
    assert [name for name in components.__all__ if not hasattr(components, name)] == []


def test_annotations_are_evaluated() -> None:
    """Pulumi reads annotations as they are, and cannot read postponed ones."""
    postponed = "from __future__ import annotations"
    assert [
        p.name for p in Path(host.__file__).parent.glob("*.py") if postponed in p.read_text()
    ] == []


def test_plugin_and_project_use_the_same_environment() -> None:
    """Both find the virtual environment that ``make venv`` makes."""
    plugin = yaml.safe_load((ROOT / "components" / "PulumiPlugin.yaml").read_text())
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    paths = {
        (ROOT / "components" / plugin["runtime"]["options"]["virtualenv"]).resolve(),
        (ROOT / project["runtime"]["options"]["virtualenv"]).resolve(),
    }
    assert paths == {ROOT / ".venv"}


def test_a_hosted_loop_is_the_same_loop() -> None:
    """Called from another language, with its names and plain texts for enums, nothing changes."""
    provider = ComponentProvider(host.HOSTED, "provisioning")
    inputs = {
        "region": "cn-hangzhou",
        "accountId": "1234567890123456",
        "namePrefix": "loop",
        "busDescription": "d",
        "sources": [{"name": "lark.approval", "platform": "lark", "chat": "board"}],
        "chats": [
            {
                "name": "board",
                "platform": "lark",
                "delivery": "webhook",
                "language": "en",
                "webhook": "https://chat.example/board",
            },
            {
                "name": "ops",
                "platform": "dingtalk",
                "delivery": "function",
                "language": "en",
                "webhook": "https://chat.example/ops",
                "signingSecret": "s3cret",
            },
        ],
        "defaultChat": "board",
        "roles": [{"role": "dba", "instanceTags": {"role": "db"}}],
        "provisionScript": "a",
        "deprovisionScript": "b",
        "commandTimeoutSeconds": 300,
        "commandWorkingDirectory": "/root",
        "staleAfterSeconds": 60,
        "logProject": "logs",
        "archiveDays": 1,
        "functionLogsDays": 1,
        "deadLettersSeconds": 60,
        "retry": "BACKOFF_RETRY",
        "tags": {},
    }
    engine = FakeEngine()
    made = engine.run(
        lambda: {
            "outputs": provider.construct(
                "loop", "provisioning:index:ProvisioningLoop", dict(inputs)
            ).state
        }
    )
    assert made["outputs"][0]["busName"] == "loop"
    kinds = {t["type"] for rule in engine.all("Rule") for t in rule.inputs["targets"]}
    assert kinds == {"acs.sls", "acs.fc.function", "https"}
    (chats,) = [
        f for f in engine.all("V3Function") if f.inputs["functionName"] == "loop-post-to-chat"
    ]
    assert '"secret": "s3cret"' in chats.inputs["environmentVariables"]["CHATS"]
