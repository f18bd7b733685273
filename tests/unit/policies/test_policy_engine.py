"""The pack in the real engine: ``pulumi preview --policy-pack policies``.

A preview of a new stack asks neither cloud nor network for anything, so made-up secrets do.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts.policy.__main__ import main

ROOT = Path(__file__).parents[3]
ROBOT = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not (shutil.which("pulumi") and shutil.which("pulumi-resource-alicloud")),
        reason="`pulumi` and the alicloud provider's plugin are not both on PATH",
    ),
]


class Project:
    """A project with a state of its own, so that a preview touches nothing."""

    def __init__(self, directory: Path, stack: str, main: Path) -> None:
        """Set up the stack; its file is already there, and its secrets are made up."""
        self.directory, self.stack = directory, stack
        self.pack = ROOT / "policies"
        (directory / "state").mkdir()
        project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
        project["main"] = str(main)
        project["backend"] = {"url": f"file://{directory / 'state'}"}
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        (directory / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        self.file = directory / f"Pulumi.{stack}.yaml"
        # Comments of a stack file name the secrets that it needs.
        secrets = [
            line.rpartition(" ")[2]
            for line in self.file.read_text().splitlines()
            if "config set --secret" in line
        ]
        provider = ["accessKey=nobody", "secretKey=nothing", "accountType=Domestic"]
        config = yaml.safe_load(self.file.read_text()).get("config", {})
        settings = config.get("ecs-provisioning-loop:settings", {})
        provider.append(f"accountId={settings.get('account_id', '1000000000000001')}")
        self.run("stack", "init", stack)
        self.run(
            "config",
            "set-all",
            *(f"--plaintext=alicloud:{value}" for value in provider),
            *(f"--secret={key}={ROBOT}" for key in secrets),
        )

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``pulumi``."""
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive"]
            + (["--stack", self.stack] if arguments[0] != "stack" else []),
            cwd=self.directory,
            env={**os.environ, "PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_SKIP_UPDATE_CHECK": "1"},
            capture_output=True,
            text=True,
            check=check,
        )

    def preview(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Preview the stack with the pack."""
        return self.run("preview", "--policy-pack", str(self.pack), *arguments, check=False)


def own(directory: Path, stack: str) -> Project:
    """Give a stack of this project."""
    shutil.copy(ROOT / f"Pulumi.{stack}.yaml", directory)
    return Project(directory, stack, ROOT / "stacks")


def findings(output: str) -> list[str]:
    """Give the heads of what the pack reported, without rules that met an unknown value."""
    lines = output.splitlines()
    return [
        line.strip().removeprefix("- ")
        for number, line in enumerate(lines)
        if line.strip().startswith(("- [mandatory]", "- [advisory]"))
        and not any("can't run policy" in near for near in lines[number : number + 3])
    ]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_pack_finds_nothing_in_a_preview(tmp_path: Path, stack: str) -> None:
    """A new stack of the project passes in the engine; its secrets are seen as secrets."""
    preview = own(tmp_path, stack).preview()
    assert (preview.returncode, findings(preview.stdout)) == (0, []), preview.stdout
    assert "alicloud-event-driven-provisioning" in preview.stdout


def test_a_violation_stops_a_production_preview(tmp_path: Path) -> None:
    """A mandatory rule fails the preview and names the resource."""
    project = own(tmp_path, "prod")
    settings = yaml.safe_load(project.file.read_text())
    settings["config"]["ecs-provisioning-loop:settings"]["retention"]["function_logs_days"] = 3
    project.file.write_text(yaml.safe_dump(settings))
    preview = project.preview()
    assert preview.returncode != 0
    (found,) = findings(preview.stdout)
    assert all(part in found for part in ("[mandatory]", "log-retention", "loop-logs-functions"))
    assert "entries are kept for 3 days; at least 90 are needed" in preview.stdout


def test_the_engine_and_the_command_find_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One file with levels, options and no exemption makes both report the same things."""
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "all": "advisory",
                "rule-pattern-narrow": {"exemptions": []},
                "log-retention": {"minimumDays": 100},
                "chat-hears-both-outcomes": {"prefixes": ["completed-", "failed-", "late-"]},
                "bus-rules-quota": {"maximum": 3},
            }
        )
    )
    preview = own(tmp_path, "prod").preview("--policy-pack-config", str(config))
    assert preview.returncode == 0, preview.stdout
    found = re.findall(
        r"\[advisory\] +(\S+) +\(\S+ (\S+)\)$", "\n".join(findings(preview.stdout)), re.MULTILINE
    )
    arguments = ["--stack", "prod", "--project", str(ROOT), "--config", str(config), "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)["findings"]
    expected = sorted((finding["rule"], finding["resource"]) for finding in report)
    assert len(expected) > 5
    assert expected == sorted(found)


def test_a_copy_of_the_pack_judges_somebody_elses_project(tmp_path: Path) -> None:
    """The folder alone, with an environment that has its requirements, is a pack."""
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").write_text(_PROGRAM)
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {alicloud:region: cn-hangzhou}\n")
    project = Project(tmp_path, "prod", tmp_path / "program")
    ignored = shutil.ignore_patterns("__pycache__", ".venv")
    project.pack = Path(shutil.copytree(ROOT / "policies", tmp_path / "pack", ignore=ignored))
    (project.pack / ".venv").symlink_to(ROOT / ".venv")
    (found,) = findings(project.preview().stdout)
    assert "secret-in-environment" in found


def test_a_misspelt_rule_stops_the_engine(tmp_path: Path) -> None:
    """A level for a rule that does not exist is refused, with the rule that was meant."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"log-retenton": "disabled"}))
    preview = own(tmp_path, "prod").preview("--policy-pack-config", str(config))
    assert preview.returncode != 0
    said = preview.stdout + preview.stderr
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


def test_the_engine_tells_a_secret_from_plain_text(tmp_path: Path) -> None:
    """Of two variables called a token the one that is no Pulumi secret is found."""
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").write_text(_PROGRAM)
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {alicloud:region: cn-hangzhou}\n")
    preview = Project(tmp_path, "prod", tmp_path / "program").preview()
    (found,) = findings(preview.stdout)
    assert "secret-in-environment" in found
    assert "variable PLAIN_TOKEN holds" in preview.stdout
    assert "HIDDEN_TOKEN" not in preview.stdout
    assert "not-hidden" not in preview.stdout
