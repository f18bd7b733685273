"""``make rehearse`` against local clouds that read the documentation in opposite ways."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import httpx
import pytest
import yaml

from demo.play import CONFIGURATION
from lab import running_cloud as lab
from lab.running_cloud import RunningCloud
from localcloud.client import Inspector
from localcloud.products import PRODUCTS
from localcloud.readings import Readings
from ops.rehearse import record
from ops.rehearse.findings import Verdict
from ops.rehearse.questions import QUESTIONS
from ops.rehearse.rules import function_target, queue_target
from ops.rehearse.stage import Names
from tests.e2e.deployed import ROOT, deploy
from tests.e2e.operators import REHEARSAL, allowing, deployers, key_of_role

YES, NO, LOOK = Verdict.YES, Verdict.NO, Verdict.LOOK
OTHER = {
    one.name: get_args(get_type_hints(Readings)[one.name])[1]
    for one in fields(Readings)
    # Without a call by a rule nothing could be asked about calls by rules: a cloud of its own.
    if one.name != "function_3_target"
}
CLOUDS = {"harder": {}, "other": OTHER, "no-target": {"function_3_target": "refused"}}
NOT_CALLED = {
    "function-target": NO,
    "constant-body": LOOK,
    "sync-exception": LOOK,
    "one-event": LOOK,
    "async-exception": LOOK,
    "outcome": LOOK,
    "sync-status": YES,
    "queue-trigger": YES,
    "queue-base64": YES,
    "headers": YES,
}
EXPECTED = {
    # Question: what it is answered under the harder readings, and under the others.
    "event-id": (NO, YES),
    "sync-exception": (NO, YES),
    "queue-trigger": (YES, YES),
    "async-invocation-type": (YES, NO),
    "stream-elements": (YES, NO),
    "published-time": (YES, YES),
    "posted-time": (YES, YES),
    "unregistered-source": (YES, YES),
    "default-bus": (YES, YES),
    "source-again": (YES, YES),
    "webhook-stranger": (YES, YES),
    "sender-address": (YES, YES),
    "http-answer": (YES, YES),
    "http-exception": (YES, YES),
    "runtime-key": (YES, YES),
    "runtime-packages": (YES, YES),
    "queue-from-function": (YES, YES),
    "empty-pattern": (YES, NO),
    "function-target": (YES, YES),
    "one-event": (YES, YES),
    "constant-body": (YES, YES),
    "async-exception": (YES, YES),
    "empty-half": (NO, NO),
    "outcome": (YES, YES),
    "dead-letter": (YES, YES),
    "queue-base64": (YES, YES),
    "linked-source": (YES, YES),
    "unlinked-source": (NO, YES),
    "headers": (YES, NO),
    "authorization-header": (NO, NO),
    "numbers": (NO, NO),
    "webhook-answer": (YES, YES),
    "webhook-refusal": (YES, YES),
    "new-role": (YES, YES),
    "sync-status": (YES, YES),
    "left-out-parameter": (YES, NO),
    "client-token": (YES, YES),
    "tag-search": (YES, YES),
    "completed-event": (YES, YES),
    "stopped-instance": (NO, YES),
    "rule-reads-back": (YES, YES),
    "function-metrics": (LOOK, LOOK),
    "msg-uuid": (LOOK, LOOK),
}


WITH_KEY = """
import json, runpy, sys

from ops import access

own, key = access._local, json.loads(sys.argv.pop(1))
access._local = lambda endpoint: own(endpoint) | key
runpy.run_module("ops", run_name="__main__", alter_sys=True)
"""
"""Runs a command with another key than that of the local cloud's account."""


def _command(cloud: RunningCloud, *arguments: str, key: dict[str, str] | None = None) -> list[str]:
    start = ["-c", WITH_KEY, json.dumps(key)] if key else ["-m", "ops"]
    return [sys.executable, *start, "rehearse", "--endpoint", cloud.endpoint, *arguments]


def _start(
    cloud: RunningCloud, *arguments: str, key: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        _command(cloud, *arguments, key=key),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        # Whoever started the tests in the background may have had it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def _resources(cloud: RunningCloud) -> Any:
    return httpx.get(f"{cloud.endpoint}/_localcloud/resources", trust_env=False).json()


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningCloud, ...]]:
    """Return a cloud for each choice of readings; in each, one of the instances is stopped."""
    folder = tmp_path_factory.mktemp("clouds")
    around = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    with ExitStack() as stack:
        running = []
        for name, readings in CLOUDS.items():
            config = folder / f"{name}.yaml"
            config.write_text(yaml.safe_dump({**around, "readings": readings}))
            data = folder / name
            cloud = stack.enter_context(lab.running_cloud(data, config=config))
            cloud.client().rpc("2014-05-26", "StopInstance", {"InstanceId": "i-local0002"})
            running.append(cloud)
        yield tuple(running)


def test_both_readings(clouds: tuple[RunningCloud, ...], tmp_path: Path) -> None:
    """Each question gets the answer of its cloud, and nothing is left of what was made.

    Nothing else is asked for than the guide's rights, and each of them is used.
    """
    keys = [key_of_role(cloud, *deployers(), allowing(REHEARSAL)) for cloud in clouds]
    before = [_resources(cloud) for cloud in clouds]
    files = [tmp_path / f"{name}.json" for name in CLOUDS]
    started = [
        _start(cloud, "--yes", "--output", str(file), key=key)
        for cloud, file, key in zip(clouds, files, keys, strict=True)
    ]
    printed = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0] * len(CLOUDS), printed
    assert [_resources(cloud) for cloud in clouds] == before
    answers = [record.read(file).answers for file in files]
    assert [list(each) for each in answers] == [list(QUESTIONS)] * len(CLOUDS)
    found = {name: tuple(each[name].verdict for each in answers[:2]) for name in EXPECTED}
    assert found == EXPECTED, json.dumps([[f"{n}: {f}" for n, f in a.items()] for a in answers])
    assert {name: answers[2][name].verdict for name in NOT_CALLED} == NOT_CALLED
    assert "function provisioning-local-rehearsal" in printed[0].replace(":", "")
    assert not any("NoPermission" in text for text in printed)
    assert not any(
        part in text + file.read_text()
        for text, file, key in zip(printed, files, keys, strict=True)
        for part in key.values()
    )
    called = Inspector(clouds[0].endpoint).get("calls")
    used = {
        action.permission
        for name, product in PRODUCTS.items()
        for kind, action in product.actions.items()
        if f"{name}:{kind}" in called
    }
    # The local cloud has no metrics; and only a run that keeps its command is stopped.
    assert REHEARSAL - used == {"cms:DescribeMetricMetaList", "ecs:StopInvocation"}


def test_without_a_yes_nothing_is_made(clouds: tuple[RunningCloud, ...]) -> None:
    """It says what it would make; without a terminal and without --yes it ends there."""
    before = _resources(clouds[0])
    done = subprocess.run(
        _command(clouds[0]), input="", capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 1
    assert "event bus: provisioning-local-rehearsal" in done.stdout
    assert done.stderr.endswith("say --yes: make rehearse STACK=… ARGS=--yes\n")
    assert _resources(clouds[0]) == before


@pytest.mark.parametrize("place", [".", "missing/r.json"])
def test_a_file_that_cannot_be_written(
    clouds: tuple[RunningCloud, ...], tmp_path: Path, place: str
) -> None:
    """It is refused before anything is made, in a line."""
    before = _resources(clouds[0])
    process = _start(clouds[0], "--yes", "--output", str(tmp_path / place))
    said, _ = process.communicate()
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert "cannot be written" in said
    assert _resources(clouds[0]) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted(clouds: tuple[RunningCloud, ...], tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C removes what was made; what a kill leaves behind, the next run removes."""
    cloud, before = clouds[0], _resources(clouds[0])
    process = _start(cloud, "--yes", "--output", str(tmp_path / "never.json"))
    while not any("rehearsal-completed" in str(each) for each in _resources(cloud).items()):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(how)
    process.communicate()
    assert process.returncode == (-how if how is signal.SIGKILL else 128 + how)
    if how is signal.SIGKILL:
        assert _resources(cloud) != before
        done = subprocess.run(
            _command(cloud, "--remove"), capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert (done.returncode, done.stdout) == (0, "")
        assert "removed: " in done.stderr
    assert _resources(cloud) == before
    assert not (tmp_path / "never.json").exists()


def test_its_targets_are_those_of_the_loop(clouds: tuple[RunningCloud, ...]) -> None:
    """What is asked is asked of the form in which the stack's rules name functions and queues."""
    deploy(clouds[0])
    client = clouds[0].client()

    def deployed(rule: str) -> dict[str, Any]:
        named = {"EventBusName": "provisioning-local", "RuleName": rule}
        found = client.rpc("2020-04-01", "GetRule", named)["Data"]["Targets"]
        return {target["Type"]: target for target in found}

    names = Names("provisioning-local", "cn-hangzhou", "1234567890123456")
    asked = (
        function_target(names, "provisioning-local-run-command", how="Async"),
        queue_target(names),
    )
    loop = (deployed("provision")["acs.fc.function"], deployed("results")["acs.mns.queue"])
    for ours, theirs in zip(asked, loop, strict=True):
        assert _form(ours) == _form(theirs)


def _form(target: dict[str, Any]) -> Any:
    """Return a target without the name of what it reaches."""
    parts = target["Endpoint"].rpartition("provisioning-local")[0]
    given = {p["ResourceKey"]: p["Form"] for p in target["ParamList"]}
    values = {
        p["ResourceKey"]: p.get("Value")
        for p in target["ParamList"]
        if p["ResourceKey"] not in {"functionName", "queue"}
    }
    arn = target["DeadLetterQueue"]["Arn"].rpartition("provisioning-local")[0]
    return target["Type"], parts, given, values, arn
