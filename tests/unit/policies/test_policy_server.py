"""The pack as a process that the engine asks, from a copy of its folder alone."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from provisioning_policies import rules

ROOT = Path(__file__).parents[3]
PACKAGES = {
    "google": "protobuf",
    "grpc": "grpcio",
    "pulumi_policy": "pulumi-policy",
    "yaml": "pyyaml",
}
"""Which package of the index an import comes from."""

_LOADED_FROM_ELSEWHERE = """
import sys
sys.path.insert(0, ".")
import pulumi_policy
pulumi_policy.PolicyPack = lambda **given: None
import runpy
runpy.run_path(".")
print(*(m.__file__ for m in sys.modules.values() if getattr(m, "__file__", None)), sep="\\n")
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the pack's folder, and nothing else, to where nothing of the project is near."""
    target = tmp_path_factory.mktemp("elsewhere") / "pack"
    ignored = shutil.ignore_patterns("__pycache__", ".venv")
    return Path(shutil.copytree(ROOT / "policies", target, ignore=ignored))


@pytest.fixture(scope="module")
def analyzer(copy: Path) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """Start the pack as the engine does and return a client for it."""
    with subprocess.Popen(
        [sys.executable, str(copy)],
        # As the language host does: the port must not wait in a buffer.
        env={**os.environ, "PULUMI_STACK": "prod", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        process.terminate()


def request(name: str, **properties: object) -> analyzer_pb2.ConfigureAnalyzerRequest:
    """Return what the engine sends for one policy of --policy-pack-config."""
    given = analyzer_pb2.ConfigureAnalyzerRequest()
    given.policyConfig[name].properties.update(properties)
    return given


def test_a_copy_offers_every_rule(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    """The engine hears of all policies, by their names."""
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "alicloud-event-driven-provisioning"
    assert [policy.name for policy in info.policies] == [rule.name for rule in rules.ALL]


def test_a_copy_needs_nothing_of_the_project(copy: Path) -> None:
    """Every module that it loads lies in the copy, in the standard library or in a package."""
    run = subprocess.run(
        [sys.executable, "-c", _LOADED_FROM_ELSEWHERE],
        cwd=copy,
        env={**os.environ, "PULUMI_STACK": "prod"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = [Path(line) for line in run.stdout.splitlines()]
    assert [p for p in loaded if p.is_relative_to(copy / "provisioning_policies")]
    near = [p for p in loaded if p.is_relative_to(ROOT) and not p.is_relative_to(sys.prefix)]
    assert near == []


def test_its_requirements_are_what_it_imports(copy: Path) -> None:
    """Whoever installs the pack's requirements has all that its modules import."""
    names = {
        name.split(".")[0]
        for path in copy.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported(node)
    }
    foreign = names - set(sys.stdlib_module_names) - {"provisioning_policies"}
    lines = (copy / "requirements.txt").read_text().splitlines()
    assert sorted(PACKAGES[name] for name in foreign) == [line.split(">=")[0] for line in lines]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_a_configuration_that_is_right_is_taken(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    """Levels for all rules and options of one are accepted."""
    analyzer.Configure(request("all"))
    analyzer.Configure(request("log-retention", minimumDays=100))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (request("log-retenton", minimumDays=1), "did you mean 'log-retention'?"),
        (request("rules"), "there is no rule 'rules'"),
        (request("log-retention", minimumDay=1), "did you mean 'minimumDays'?"),
    ],
    ids=["rule", "the form of configuration.yaml", "option"],
)
def test_a_misspelt_configuration_is_refused(
    analyzer: analyzer_pb2_grpc.AnalyzerStub,
    given: analyzer_pb2.ConfigureAnalyzerRequest,
    message: str,
) -> None:
    """The engine would pass over a name that no policy has, and the rule would stay as it was."""
    with pytest.raises(grpc.RpcError) as caught:
        analyzer.Configure(given)
    assert message in caught.value.details()
