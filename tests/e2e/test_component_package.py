"""The component package in the real engine: a program in YAML, and two loops in one program."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.running_cloud import RunningCloud
from tests.e2e.deployed import ROOT
from tests.e2e.pulumi_project import ENGINE, Project

pytestmark = ENGINE

README = (ROOT / "components" / "README.md").read_text()
CHAT = "http://oapi.dingtalk.localcloud.invalid/robot/send?access_token=ops-token"


def example(language: str) -> str:
    """Return the README's example, with a checkout and an instance that exist."""
    (text,) = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return str(
        text.replace("../ecs-provisioning-loop/components", str(ROOT / "components")).replace(
            "i-bp1example0jump", "i-local0001"
        )
    )


def provider_settings() -> dict[str, Any]:
    """Return what stack ``local`` says about the provider."""
    config = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())["config"]
    return {key: value for key, value in config.items() if key.startswith("alicloud:")}


class Consumer(Project):
    """Somebody else's project, whose provider is pointed at the local cloud."""

    def be(self, project: dict[str, Any]) -> None:
        """Become another project with a stack of its own."""
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
        self.file.write_text(yaml.safe_dump({"config": provider_settings()}))
        self.run("stack", "init", self.stack)


def made_by(consumer: Consumer) -> Counter[str]:
    """Return how many resources of the cloud each provider has made, by the provider's name."""
    state = json.loads(consumer.run("stack", "export").stdout)["deployment"]["resources"]
    return Counter(
        resource["provider"].split("::")[-2]
        for resource in state
        if resource["type"].startswith("alicloud:")
    )


@pytest.fixture(scope="module")
def consumer(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    """Return the README's YAML program, with its secrets."""
    consumer = Consumer(tmp_path_factory.mktemp("consumer") / "project", cloud.endpoint)
    consumer.be(yaml.safe_load(example("yaml")))
    consumer.set_secrets({"webhook": CHAT})
    return consumer


def changed(consumer: Consumer, **properties: Any) -> dict[str, Any]:
    """Return the YAML program with other arguments."""
    program: dict[str, Any] = yaml.safe_load(example("yaml"))
    program["resources"]["approvals"]["properties"].update(properties)
    return program


def preview_of(consumer: Consumer, program: dict[str, Any]) -> str:
    """Preview another program in the place of the README's, and return what the engine says."""
    file = consumer.folder / "Pulumi.yaml"
    before = file.read_text()
    file.write_text(yaml.safe_dump(program, sort_keys=False))
    try:
        done = consumer.run("preview", check=False)
    finally:
        file.write_text(before)
    return done.stdout + done.stderr


def test_a_slip_in_yaml_is_one_line(consumer: Consumer) -> None:
    """The engine shows the component's own words, and no traceback."""
    source = {"name": "dingtalk.approval", "platform": "dingtalk", "chat": "opps"}
    said = preview_of(consumer, changed(consumer, sources=[source]))
    assert "argument 'sources[0].chat' is 'opps'; did you mean 'ops'? accepted: ops" in said
    assert "Traceback" not in said
    assert "arguments.py" not in said


def test_an_instance_of_the_same_program_can_be_provisioned(consumer: Consumer) -> None:
    """Its id is not known in a preview, and still every resource of the loop is planned."""
    roles = [{"role": "devops", "instanceIds": ["${jump.id}"]}]
    program = changed(consumer, roles=roles, staleAfterSeconds=600)
    program["resources"]["jump"] = {
        "type": "alicloud:ecs:Instance",
        "properties": {
            "imageId": "aliyun_3_x64",
            "instanceType": "ecs.t6-c1m1.large",
            "securityGroups": ["sg-1"],
            "vswitchId": "vsw-1",
        },
    }
    assert "+ 60 to create" in preview_of(consumer, program)


def test_a_program_in_yaml_makes_the_loop(consumer: Consumer) -> None:
    """``up`` makes it, a second one finds nothing to do, and the webhooks are outputs."""
    consumer.up()
    assert sum(made_by(consumer).values()) == 41
    assert consumer.up() == {}
    assert list(consumer.outputs()["webhooks"]) == ["dingtalk.approval"]


_TWO_LOOPS = f"""
import sys

sys.path.append({str(ROOT)!r})

import pulumi
import pulumi_alicloud as alicloud

from components import ProvisioningLoop

config = pulumi.Config("alicloud")
for name in ("east", "west"):
    provider = alicloud.Provider(
        name,
        region="cn-hangzhou",
        protocol="HTTP",
        account_type="Domestic",
        account_id="1234567890123456",
        endpoints=config.require_object("endpoints"),
    )
    ProvisioningLoop(
        name,
        {{
            "region": "cn-hangzhou",
            "account_id": "1234567890123456",
            "sources": [{{"name": f"dingtalk.{{name}}", "platform": "dingtalk"}}],
            "chats": [{{"name": "ops", "platform": "dingtalk", "webhook": {CHAT!r}}}],
            "roles": [{{"role": "devops", "instance_ids": ["i-local0001"]}}],
        }},
        pulumi.ResourceOptions(providers=[provider]),
    )
"""


def test_two_loops_have_a_provider_each(cloud: RunningCloud, tmp_path: Path) -> None:
    """Everything of a loop is made by the provider that it was given: 37 resources each."""
    consumer = Consumer(tmp_path / "project", cloud.endpoint)
    project = yaml.safe_load((consumer.folder / "Pulumi.yaml").read_text())
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").write_text(_TWO_LOOPS)
    consumer.be({**project, "name": "two", "main": str(tmp_path / "program")})
    consumer.up()
    assert made_by(consumer) == {"east": 41, "west": 41}
