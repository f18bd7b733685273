"""The command ``aliyun`` drives the deployed loop, told nothing but an endpoint and plain HTTP."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.loop import Loop
from demo.scenarios import manual_run
from lab.running_cloud import RunningCloud
from localcloud.commandline.environment import clean

pytestmark = pytest.mark.skipif(not shutil.which("aliyun"), reason="`aliyun` is not on PATH")

BUS = "provisioning-local"
LOGS = "http.sls.localcloud.invalid"
Aliyun = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def aliyun(cloud: RunningCloud, tmp_path: Path) -> Aliyun:
    """Return the command, with a home of its own and the account's access key."""
    key, secret = cloud.key
    environment = clean(os.environ) | {
        "HOME": str(tmp_path),
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret,
        "ALIBABA_CLOUD_REGION_ID": "cn-hangzhou",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # A log project is part of the host name, which only the local cloud as a proxy knows.
        where = (
            {"HTTP_PROXY": cloud.endpoint}
            if arguments[0] == "sls"
            else {"ALIBABA_CLOUD_ENDPOINT": cloud.address}
        )
        host = ("--endpoint", LOGS) if arguments[0] == "sls" else ()
        return subprocess.run(
            ["aliyun", *arguments, *host, "--insecure"],
            env={**environment, **where},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    """Return what the command printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("option", ["--InstanceId", "--InstanceId.1"])
def test_a_run_by_hand_is_told_in_the_default_chat(
    loop: Loop, aliyun: Aliyun, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outline's own line works as it stands, and with the list's long form too."""

    def invoke_command(parameters: dict[str, str]) -> str:
        invoked = aliyun(
            *("ecs", "InvokeCommand"),
            *("--CommandId", loop.outputs["command_id"]),
            *(option, loop.outputs["instance_ids"][0]),
            *("--Parameters", json.dumps(parameters, separators=(",", ":"))),
        )
        return str(answer(invoked)["InvokeId"])

    seen = loop.last_message("ops")
    loop.invoke_command({"emp_id": "E123", "role": "devops"})
    loop.next_message("ops", seen)
    # Checked is what the demo checks of its own second run by hand, so that this does not go stale
    # where the command is not installed.
    monkeypatch.setattr(loop, "invoke_command", invoke_command)
    assert [check for check in manual_run(loop) if not check.is_right] == []
    assert loop.account("i-local0001", "emp-e123")


READS = [
    (["sts", "GetCallerIdentity"], lambda found: found["IdentityType"], "Account"),
    (
        ["ecs", "DescribeInstances", "--Tag.1.Key", "role", "--Tag.1.Value", "db"],
        lambda found: [i["InstanceId"] for i in found["Instances"]["Instance"]],
        ["i-local0002"],
    ),
    (
        ["eventbridge", "GetRule", "--EventBusName", BUS, "--RuleName", "provision"],
        lambda found: found["Data"]["Status"],
        "ENABLE",
    ),
    (
        ["ram", "GetRole", "--RoleName", f"{BUS}-run-command"],
        lambda found: found["Role"]["Arn"],
        f"acs:ram::1234567890123456:role/{BUS}-run-command",
    ),
    (
        ["fc", "GetFunction", "--functionName", f"{BUS}-run-command"],
        lambda found: found["runtime"],
        "python3.12",
    ),
    # The command does not know the queues' API; --force sends it all the same.
    (
        ["mns-open", "GetQueueAttributes", "--QueueName", f"{BUS}-dead-letters", "--force"],
        lambda found: found["Data"]["ActiveMessages"],
        0,
    ),
    (
        ["sls", "ListLogStores", "--project", f"{BUS}-logs"],
        lambda found: found["logstores"],
        ["events", "functions"],
    ),
]


@pytest.mark.parametrize(
    ("arguments", "part", "expected"), READS, ids=[" ".join(read[0][:2]) for read in READS]
)
def test_every_product_answers_the_command(
    loop: Loop,
    aliyun: Aliyun,
    arguments: list[str],
    part: Callable[[Any], Any],
    expected: Any,
) -> None:
    """What the loop is made of can be looked at from the command line."""
    assert part(answer(aliyun(*arguments))) == expected


def test_a_function_is_invoked_and_refuses_an_event_of_nobody(loop: Loop, aliyun: Aliyun) -> None:
    """What the command prints is what the API answers: a refusal."""
    name = loop.outputs["functions"]["run-command"]
    invoked = aliyun("fc", "InvokeFunction", "--functionName", name, "--body", "{}")
    refused = json.loads(loop.api.fc_invoke(name, {}))
    assert refused["decision"] == "untrusted"
    assert answer(invoked) == refused


def test_what_is_not_there_is_an_error_of_the_command(loop: Loop, aliyun: Aliyun) -> None:
    """The command ends with 1 and prints the cloud's code."""
    done = aliyun("ecs", "DescribeVpcs")
    assert done.returncode == 1
    assert "ErrorCode: InvalidAction.NotFound" in done.stderr
