"""``make pause`` stops provisioning at once and nothing else, until ``make resume``."""

import json
import subprocess
import sys

import pytest

from demo.loop import Loop
from lab.running_cloud import RunningCloud
from tests.e2e.deployed import ROOT, deploy


def _ops(cloud: RunningCloud, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "ops", command, "--endpoint", cloud.endpoint, *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)


def _told(loop: Loop, kind: str, request_id: str, emp_id: str = "E77") -> str:
    """Post a request; return what the chat says of it."""
    detail = {"emp_id": emp_id, "role": "devops", "request_id": request_id, "chat": "ops"}
    before = loop.last_message("ops")
    loop.post("dingtalk.approval", json.dumps({"detail-type": kind, "detail": detail}).encode())
    return json.dumps(loop.next_message("ops", before), ensure_ascii=False)


def test_provisioning_is_paused_and_resumed(cloud: RunningCloud, loop: Loop) -> None:
    """Requests to provision are answered with the reason, across a deployment; removals run."""
    _told(loop, "ProvisionRequest", "p-0", "E78")
    first = _ops(cloud, "pause", "--reason", "audit")
    assert (first.returncode, first.stderr) == (0, "")
    assert "is paused: audit" in first.stdout

    refused = _told(loop, "ProvisionRequest", "p-1")
    assert "provisioning is paused: audit" in refused
    assert loop.account("i-local0001", "emp-e77") == ""
    removed = _told(loop, "DeprovisionRequest", "p-2", "E78")
    assert "emp-e78" in removed
    assert "Deprovisioned" in removed
    assert "paused" not in removed

    second = _ops(cloud, "pause", "--reason", "a bad script, until 18:00")
    assert "(before: audit)" in second.stdout
    loop = deploy(cloud)
    assert "a bad script, until 18:00" in _told(loop, "ProvisionRequest", "p-3")

    ended = _ops(cloud, "resume")
    assert "a bad script, until 18:00" in ended.stdout
    assert "was not paused" in _ops(cloud, "resume").stdout
    _told(loop, "ProvisionRequest", "p-3")
    assert loop.account("i-local0001", "emp-e77")


@pytest.mark.parametrize(
    ("reason", "said"),
    [("", "REASON"), (" \n", "REASON"), ("x" * 161, "160"), ("bell \a", "printable")],
)
def test_a_reason_is_needed(cloud: RunningCloud, reason: str, said: str) -> None:
    """One line on stderr for a mistake."""
    done = _ops(cloud, "pause", "--reason", reason)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert said in done.stderr


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_a_real_stack_needs_a_key(cloud: RunningCloud, command: str) -> None:
    """Nothing is called without one."""
    words = [sys.executable, "-m", "ops", command, "--stack", "dev"]
    words += ["--reason", "audit"] if command == "pause" else []
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, env={})
    assert done.returncode == 1
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in done.stderr
