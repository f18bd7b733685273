"""Events reach functions directly or by a queue; the same happens in all forms.

Under both readings of what a rule or a stream makes of an exception, and of how a stream calls.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from demo.loop import Loop, event
from demo.native import dingtalk_oa, members
from demo.play import CONFIGURATION
from functions.cloud.rpc import Credentials
from functions.cloud.smq import Queues
from lab.running_cloud import RunningCloud, running_cloud
from lab.waiting import wait_for
from tests.e2e.deployed import ROOT

SETTINGS = "ecs-provisioning-loop:settings"
FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "direct": ("direct", {}),
    "direct, exceptions seen": ("direct", {"exceptions": "failed"}),
    "queue": ("queue", {}),
    "queue, exceptions seen": ("queue", {"exceptions": "failed"}),
    "stream": ("stream", {}),
    "stream, called asynchronously, objects": (
        "stream",
        {"async_invocation_type": "true-is-sync", "stream_elements": "objects"},
    ),
    "stream, exceptions seen": ("stream", {"exceptions": "failed"}),
}


class Delivered:
    """A loop whose events take one of the ways."""

    def __init__(self, cloud: RunningCloud, loop: Loop) -> None:
        self.loop = loop
        self._queues = Queues(cloud.endpoint, Credentials(*cloud.key), now=time.time)

    def letters(self, count: int) -> list[dict[str, Any]]:
        """Return the dead letters, once there are so many, and delete them."""
        queue, found = "provisioning-local-dead-letters", list[dict[str, Any]]()

        def look() -> bool:
            messages = self._queues.receive(queue)
            if messages:
                self._queues.delete(queue, [message.receipt for message in messages])
            found.extend(json.loads(message.body) for message in messages)
            return len(found) >= count

        self.loop.wait(f"{count} dead letters", look)
        return found

    def waiting(self, queue: str) -> int:
        """Return how many messages are in a queue, visible or not."""
        return sum(self.loop.inspector.get("queues")[f"provisioning-local-{queue}"].values())


@pytest.fixture(scope="module", params=list(FORMS.values()), ids=list(FORMS))
def delivered(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Delivered]:
    """Return the loop of stack ``local`` in one form, under one reading."""
    form, readings = request.param
    folder = tmp_path_factory.mktemp("project")
    around = {**yaml.safe_load(CONFIGURATION.read_text()), "readings": readings}
    (folder / "cloud.yaml").write_text(yaml.safe_dump(around))
    stack = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())
    stack["config"][SETTINGS]["function_delivery"] = form
    (folder / "Pulumi.local.yaml").write_text(yaml.safe_dump(stack))
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    project["main"] = str(ROOT / "stacks")
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    with running_cloud(folder / "data", config=folder / "cloud.yaml") as cloud:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "localcloud", "deploy"),
                *("--endpoint", cloud.endpoint, "--project", str(folder)),
            ],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            cwd=ROOT,
        )
        yield Delivered(cloud, Loop(cloud.ready, json.loads(done.stdout)))


def test_an_approval_becomes_an_account_and_a_message(delivered: Delivered) -> None:
    """And nothing waits any more."""
    loop = delivered.loop
    seen = loop.last_message("ops")
    loop.post("dingtalk.approval", event("dingtalk-approval"))
    assert "E123" in loop.next_message("ops", seen)["text"]
    assert loop.account("i-local0001", "emp-e123")
    loop.settle()
    queues = ("requests", "completions", "chats")
    wait_for(lambda: not any(map(delivered.waiting, queues)), "empty queues")


def test_what_fails_for_a_moment_is_done(delivered: Delivered) -> None:
    """Throttled when the command is started, and again when its end is looked up."""
    loop = delivered.loop
    seen = loop.last_message("ops")
    body = json.loads(event("dingtalk-approval"))
    body["detail"] |= {"emp_id": "E777", "request_id": "busy-1"}
    loop.fail("action:ecs:InvokeCommand", 2, "Throttling.User")
    loop.fail("action:eventbridge:PutEvents", 2, "Throttling.User")
    loop.post("dingtalk.approval", json.dumps(body).encode())
    assert "E777" in loop.next_message("ops", seen)["text"]


def test_a_native_approval_members_and_leavers_come_through(delivered: Delivered) -> None:
    """A push wakes receive-approval for what it has put on its own bus; nothing waits any more."""
    stories = (*dingtalk_oa(delivered.loop), *members(delivered.loop))
    assert [check for check in stories if not check.is_right] == []
    delivered.loop.settle()
    wait_for(lambda: not delivered.waiting("approvals"), "an empty queue")


def test_what_is_no_request_is_refused_in_the_chat(delivered: Delivered) -> None:
    """With the reason."""
    loop = delivered.loop
    seen = loop.last_message("ops")
    body = json.loads(event("dingtalk-approval"))
    body["detail"] |= {"emp_id": "E1; id", "request_id": "bad-1"}
    loop.post("dingtalk.approval", json.dumps(body).encode())
    assert "emp_id" in loop.next_message("ops", seen)["text"]


def test_an_event_of_more_than_32_kb_is_refused_in_the_chat(delivered: Delivered) -> None:
    """As large as that it is carried out; one byte more has an answer too, in any form."""
    loop = delivered.loop
    seen = loop.last_message("ops")
    body = json.loads(event("dingtalk-approval"))
    body["detail"] |= {"emp_id": "E324", "request_id": "large-1", "note": ""}

    def post(size: int) -> str:
        """Post what becomes an event of about this size; return the message."""
        body["detail"]["note"] = "x" * size
        loop.post("dingtalk.approval", json.dumps(body).encode())
        message = loop.next_message("ops", seen)
        return str(message["text"])

    assert "E324" in post(28 * 1024)
    seen = loop.last_message("ops")
    assert "32768" in post(34 * 1024)


def test_each_member_of_an_event_is_a_call_or_a_dead_letter(delivered: Delivered) -> None:
    """One that the API refuses for good does not keep the others from it."""
    loop = delivered.loop
    before = len(loop.inspector.get("apis/hr/requests"))
    loop.fail("api:hr", 1, "422")
    body = {"EventType": "user_add_org", "userId": ["m1", "m2", "m3"]}
    loop.post("dingtalk.member", json.dumps(body).encode())
    (letter,) = delivered.letters(1)
    assert letter["reason"]["errorCode"] == "Http422"
    assert letter["event"]["data"]["body"]["userId"] == ["m1"]
    loop.wait("the others", lambda: len(loop.inspector.get("apis/hr/requests")) >= before + 2)


def test_what_no_function_can_do_anything_with_is_a_dead_letter(delivered: Delivered) -> None:
    """Not a silent delivery, though the function has returned."""
    loop = delivered.loop
    loop.post("dingtalk.member", b"hello", {"content-type": "text/plain"})
    (letter,) = delivered.letters(1)
    assert letter["reason"] == {
        "eventBusName": "",
        "targetType": "call-http-api",
        "errorCode": "NoBody",
        "errorMessage": letter["reason"]["errorMessage"],
    }
