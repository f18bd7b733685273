"""The pack in the real engine: ``pulumi preview --policy-pack policies``."""

import contextlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.policy.command import run
from tests.e2e.deployed import running_cloud
from tests.e2e.pulumi_project import ENGINE, Project
from tests.unit.stacks.conftest import PROJECT, fake_secrets, settings_of

SETTINGS = f"{PROJECT}:settings"

ROOT = Path(__file__).parents[3]

pytestmark = ENGINE


def own(directory: Path, endpoint: str, stack: str) -> Project:
    """Return a stack of this project with made-up secrets."""
    project = Project(directory, endpoint, stack=stack)
    project.set_secrets(fake_secrets(stack))
    return project


def somebody_elses(directory: Path, endpoint: str) -> Project:
    """Return a stack of another program."""
    (directory / "program").mkdir()
    (directory / "program" / "__main__.py").write_text(_PROGRAM)
    return Project(directory / "p", endpoint, directory / "program", "prod")


def preview(
    project: Project, *arguments: str, pack: Path = ROOT / "policies"
) -> subprocess.CompletedProcess[str]:
    """Preview the stack with the pack."""
    return project.run("preview", "--policy-pack", str(pack), *arguments, check=False)


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return, for each stack, a local cloud that is the stack's account."""
    with contextlib.ExitStack() as clouds:
        yield {
            stack: clouds.enter_context(
                running_cloud(
                    tmp_path_factory.mktemp(stack), "--account", settings_of(stack).account_id
                )
            ).endpoint
            for stack in ("dev", "prod")
        }


def findings(output: str) -> list[str]:
    """Return the heads of what the pack reported, without rules that met an unknown value."""
    lines = output.splitlines()
    return [
        line.strip().removeprefix("- ")
        for number, line in enumerate(lines)
        if line.strip().startswith(("- [mandatory]", "- [advisory]"))
        and not any("can't run policy" in near for near in lines[number : number + 3])
    ]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_pack_finds_nothing_in_a_preview(
    tmp_path: Path, endpoints: dict[str, str], stack: str
) -> None:
    """A new stack of the project passes in the engine; its secrets are seen as secrets."""
    done = preview(own(tmp_path / "p", endpoints[stack], stack))
    assert (done.returncode, findings(done.stdout)) == (0, []), done.stdout
    assert "alicloud-event-driven-provisioning" in done.stdout


def test_a_violation_stops_a_production_preview(tmp_path: Path, endpoints: dict[str, str]) -> None:
    """A mandatory rule fails the preview and names the resource."""
    project = own(tmp_path / "p", endpoints["prod"], "prod")
    project.change(lambda c, _: c[SETTINGS]["retention"].update(function_logs_days=3))
    done = preview(project)
    assert done.returncode != 0
    (found,) = findings(done.stdout)
    assert all(part in found for part in ("[mandatory]", "log-retention", "loop-logs-functions"))
    assert "entries are kept for 3 days; at least 90 are needed" in done.stdout


def test_the_engine_and_the_command_find_the_same(
    tmp_path: Path, endpoints: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One file with levels, options and no exemption makes both report the same things."""
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "all": "advisory",
                "rule-pattern-narrow": {"exemptions": []},
                "log-retention": {"minimumDays": 100},
                "resource-tags": {"required": ["cost-centre"]},
                "chat-hears-both-outcomes": {"prefixes": ["completed-", "failed-", "late-"]},
                "bus-rules-quota": {"maximum": 3},
            }
        )
    )
    project = own(tmp_path / "p", endpoints["prod"], "prod")
    done = preview(project, "--policy-pack-config", str(config))
    assert done.returncode == 0, done.stdout
    found = re.findall(
        r"\[advisory\] +(\S+) +\(\S+ (\S+)\)$", "\n".join(findings(done.stdout)), re.MULTILINE
    )
    assert run("prod", ROOT, config, as_json=True) == 0
    report = json.loads(capsys.readouterr().out)["findings"]
    expected = sorted((finding["rule"], finding["resource"]) for finding in report)
    assert len(expected) > 5
    assert sorted(found) == expected


def test_a_copy_of_the_pack_judges_somebody_elses_project(
    tmp_path: Path, endpoints: dict[str, str]
) -> None:
    """The folder alone, with an environment that has its requirements, is a pack."""
    project = somebody_elses(tmp_path, endpoints["prod"])
    ignored = shutil.ignore_patterns("__pycache__", ".venv")
    pack = Path(shutil.copytree(ROOT / "policies", tmp_path / "pack", ignore=ignored))
    (pack / ".venv").symlink_to(sys.prefix)
    (found,) = findings(preview(project, pack=pack).stdout)
    assert "secret-in-environment" in found


def test_a_misspelt_rule_stops_the_engine(tmp_path: Path, endpoints: dict[str, str]) -> None:
    """A level for a rule that does not exist is refused, with the rule that was meant."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"log-retenton": "disabled"}))
    project = own(tmp_path / "p", endpoints["prod"], "prod")
    done = preview(project, "--policy-pack-config", str(config))
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "there is no rule 'log-retenton'; did you mean 'log-retention'?" in said


_PROGRAM = """
import pulumi
import pulumi_alicloud as alicloud

alicloud.fc.V3Function(
    "clerk",
    function_name="clerk",
    handler="index.handler",
    runtime="python3.12",
    timeout=10,
    log_config={"project": "p", "logstore": "s"},
    environment_variables={
        "PLAIN_TOKEN": "not-hidden",
        "HIDDEN_TOKEN": pulumi.Output.secret("hidden"),
    },
    tags={"app": "orders", "environment": "prod"},
)
"""


def test_the_engine_tells_a_secret_from_plain_text(
    tmp_path: Path, endpoints: dict[str, str]
) -> None:
    """Of two variables called a token the one that is no Pulumi secret is found."""
    done = preview(somebody_elses(tmp_path, endpoints["prod"]))
    (found,) = findings(done.stdout)
    assert "secret-in-environment" in found
    assert "variable PLAIN_TOKEN holds" in done.stdout
    assert "HIDDEN_TOKEN" not in done.stdout
    assert "not-hidden" not in done.stdout
