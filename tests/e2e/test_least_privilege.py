"""Each right that the loop's roles have is needed, and missing it is said by name.

The roles' policies are read back from the cloud. One resource of one statement after the other is
taken out; somewhere the loop then fails, and says which action on which resource is not allowed.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from demo.loop import Loop
from lab.running_cloud import RunningCloud
from lab.waiting import wait_for
from localcloud.deploy.client import RefusedError
from tests.e2e.deployed import running_cloud

RAM = "2015-05-01"
NAMES = "provisioning-local-"
REGION, ACCOUNT = "cn-hangzhou", "1234567890123456"
BUS = f"acs:eventbridge:{REGION}:{ACCOUNT}:eventbus/provisioning-local"
ECS = f"acs:ecs:{REGION}:{ACCOUNT}"
QUEUES = f"acs:mns:{REGION}:{ACCOUNT}:/queues/provisioning-local"
CHATS, SENT = f"{QUEUES}-chats/messages", f"{QUEUES}-sent/messages"
LATER, LETTERS = f"{QUEUES}-later/messages", f"{QUEUES}-dead-letters/messages"
WATCH = f"{QUEUES}-watch/messages"
EVENT_QUEUES = {
    "run-command": "requests",
    "publish-result": "completions",
    "call-http-api": "members",
    "receive-approval": "approvals",
}
STORES = f"acs:log:{REGION}:{ACCOUNT}:project/provisioning-local-logs/logstore"


class Right(NamedTuple):
    """One resource of one statement of a role's policy; ids of commands written as words."""

    role: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.role}: {self.action} on {self.resource.rpartition(':')[2]}"


Story = Callable[[Loop], object]


def approve(role: str) -> Story:
    """Return the story of an approval for a role."""
    return lambda loop: loop.post("lark.approval", request("ProvisionRequest", role))


def leave(loop: Loop) -> None:
    """Tell the story of somebody who leaves."""
    loop.post("lark.approval", request("DeprovisionRequest", "devops"))


def join(loop: Loop) -> None:
    """Tell the story of a new member."""
    loop.post("dingtalk.member", b'{"userId": ["0153"]}')


def approve_natively(loop: Loop) -> None:
    """Tell the story of an approval of DingTalk's own, which is pushed."""
    at = "platforms/dingtalk"
    loop.inspector.post(f"{at}/callback", {"url": loop.outputs["approval_urls"]["dingtalk.oa"]})
    form = {"employee": "N1", "role": "auditor"}
    asked = {"definition": "PROC-LOCAL-ACCESS", "by": "lilei", "form": form}
    instance = loop.inspector.post(f"{at}/approvals", asked)["instance"]
    loop.inspector.post(f"{at}/approvals/{instance}/approve", {"by": "boss01"})


def look_for_lost_pushes(loop: Loop) -> None:
    """Tell the story of the timer that asks the platforms."""
    loop.call_by_timer("receive-approval", "find-lost")


def request(kind: str, role: str) -> bytes:
    """Return what an approval flow posts."""
    detail = {"emp_id": "E1", "role": role}
    return json.dumps({"source": "lark.approval", "detail-type": kind, "detail": detail}).encode()


NEEDED: dict[Right, tuple[Story, str]] = {
    # Right -> what shows that it is needed, and the resource that the refusal names.
    Right("archive", "log:PostLogStoreLogs", f"{STORES}/events"): (join, f"{STORES}/events"),
    Right("call-http-api", "log:PostLogStoreLogs", f"{STORES}/functions"): (
        join,
        f"{STORES}/functions",
    ),
    Right("post-to-chat", "log:PostLogStoreLogs", f"{STORES}/functions"): (
        approve("devops"),
        f"{STORES}/functions",
    ),
    Right("post-to-chat", "mns:ReceiveMessage", CHATS): (approve("devops"), CHATS),
    Right("post-to-chat", "mns:BatchReceiveMessage", CHATS): (approve("devops"), CHATS),
    Right("post-to-chat", "mns:DeleteMessage", CHATS): (approve("devops"), CHATS),
    Right("post-to-chat", "mns:BatchDeleteMessage", CHATS): (approve("devops"), CHATS),
    Right("post-to-chat", "mns:SendMessage", SENT): (approve("devops"), SENT),
    Right("publish-result", "ecs:DescribeInvocations", f"{ECS}:command/*"): (
        approve("devops"),
        f"{ECS}:command/*",
    ),
    Right("publish-result", "ecs:DescribeInvocations", f"{ECS}:instance/*"): (
        approve("devops"),
        f"{ECS}:instance/*",
    ),
    # It asks for the name and the address of the one instance that has ended.
    Right("publish-result", "ecs:DescribeInstances", f"{ECS}:instance/*"): (
        approve("devops"),
        f"{ECS}:instance/i-local0001",
    ),
    # A note for the watcher: that a result was promised, and that it was published.
    Right("run-command", "mns:SendMessage", WATCH): (approve("devops"), WATCH),
    Right("publish-result", "mns:SendMessage", WATCH): (approve("devops"), WATCH),
    Right("publish-result", "eventbridge:PutEvents", BUS): (approve("devops"), BUS),
    Right("publish-result", "log:PostLogStoreLogs", f"{STORES}/functions"): (
        approve("devops"),
        f"{STORES}/functions",
    ),
    Right("run-command", "ecs:InvokeCommand", f"{ECS}:command/<provision>"): (
        approve("devops"),
        f"{ECS}:command/<provision>",
    ),
    Right("run-command", "ecs:InvokeCommand", f"{ECS}:command/<deprovision>"): (
        leave,
        f"{ECS}:command/<deprovision>",
    ),
    Right("run-command", "ecs:InvokeCommand", f"{ECS}:instance/i-local0001"): (
        approve("devops"),
        f"{ECS}:instance/i-local0001",
    ),
    # Allowed with the condition that the instance carries the group's tag.
    Right("run-command", "ecs:InvokeCommand", f"{ECS}:instance/*"): (
        approve("dba"),
        f"{ECS}:instance/i-local0002",
    ),
    Right("run-command", "ecs:DescribeInvocations", f"{ECS}:command/*"): (
        approve("devops"),
        f"{ECS}:command/*",
    ),
    Right("run-command", "ecs:DescribeInvocations", f"{ECS}:instance/*"): (
        approve("devops"),
        f"{ECS}:instance/*",
    ),
    # Whether provisioning is paused.
    Right("run-command", "ecs:DescribeCommands", f"{ECS}:command/*"): (
        approve("devops"),
        f"{ECS}:command/*",
    ),
    # It asks for the instances of the role.
    Right("run-command", "ecs:DescribeInstances", f"{ECS}:instance/*"): (
        approve("devops"),
        f"{ECS}:instance/i-local0001",
    ),
    Right("run-command", "ecs:DescribeCloudAssistantStatus", f"{ECS}:instance/*"): (
        approve("devops"),
        f"{ECS}:instance/i-local0001",
    ),
    # What a removal owes is written down before it runs.
    Right("run-command", "mns:SendMessage", LATER): (leave, LATER),
    # It publishes nothing but refusals.
    Right("run-command", "eventbridge:PutEvents", BUS): (approve("of-nobody"), BUS),
    Right("run-command", "log:PostLogStoreLogs", f"{STORES}/functions"): (
        approve("devops"),
        f"{STORES}/functions",
    ),
    Right("receive-approval", "eventbridge:PutEvents", f"{BUS}-approvals"): (
        approve_natively,
        f"{BUS}-approvals",
    ),
    # What was handed over stands in the archive.
    Right("receive-approval", "log:GetLogStoreLogs", f"{STORES}/events"): (
        look_for_lost_pushes,
        f"{STORES}/events",
    ),
}
LOGS = Right("receive-approval", "log:PostLogStoreLogs", f"{STORES}/functions")

SELDOM = {
    # Right -> when it is needed; no story of half a minute shows it.
    LOGS: "every call; without it none begins, which only the caller is told (below)",
    Right("post-to-chat", "mns:SendMessage", CHATS): "an event of the version before is put there",
    Right("post-to-chat", "mns:ChangeMessageVisibility", CHATS): "a chat takes nothing for long",
    Right("post-to-chat", "mns:ReceiveMessage", SENT): "the first call of an instance",
    Right("post-to-chat", "mns:BatchReceiveMessage", SENT): "the first call of an instance",
    Right("run-command", "mns:ReceiveMessage", LATER): "the timer",
    Right("run-command", "mns:BatchReceiveMessage", LATER): "the timer",
    Right("run-command", "mns:DeleteMessage", LATER): "a removal that is done",
    Right("run-command", "mns:BatchDeleteMessage", LATER): "a removal that is done",
    Right("run-command", "mns:ChangeMessageVisibility", LATER): "a removal that is not done",
    Right("watch", "log:PostLogStoreLogs", f"{STORES}/functions"): "the timer",
    Right("watch", "mns:PeekMessage", LETTERS): "the timer",
    Right("watch", "mns:PeekMessage", CHATS): "the timer",
    Right("watch", "mns:ReceiveMessage", WATCH): "the timer",
    Right("watch", "mns:BatchReceiveMessage", WATCH): "the timer",
    Right("watch", "mns:DeleteMessage", WATCH): "a note that is of no more use",
    Right("watch", "mns:BatchDeleteMessage", WATCH): "a note that is of no more use",
    Right("watch", "mns:SendMessage", WATCH): "something was told",
    **{
        Right(role, "mns:SendMessage", LETTERS): "something is given up for good"
        for role in (
            *("call-http-api", "post-to-chat", "publish-result", "receive-approval"),
            "run-command",
        )
    },
    **{
        Right(role, f"mns:{action}", f"{QUEUES}-{queue}/messages"): when
        for role, queue in EVENT_QUEUES.items()
        for action, when in {
            "SendMessage": "an event has to wait",
            "ReceiveMessage": "the timer",
            "BatchReceiveMessage": "the timer",
            "DeleteMessage": "an event that waited is done",
            "BatchDeleteMessage": "an event that waited is done",
            "ChangeMessageVisibility": "an event that waited has to wait again",
        }.items()
    },
}


class Policies:
    """The custom policies of the cloud, with the ids of the commands as words."""

    def __init__(self, cloud: RunningCloud, loop: Loop) -> None:
        self._client = cloud.client()
        self._words = {
            loop.outputs["command_id"]: "<provision>",
            loop.outputs["deprovision_command_id"]: "<deprovision>",
        }

    def names(self) -> list[str]:
        """Return the names of the roles, as they end."""
        return list(self._named())

    def _named(self) -> dict[str, str]:
        """Return each role's policy, whose name may have a hash behind the role's."""
        listed = self._client.rpc(RAM, "ListPolicies", {})["Policies"]["Policy"]
        names = (policy["PolicyName"] for policy in listed)
        return {re.sub("-[0-9a-f]{8}$", "", name).removeprefix(NAMES): name for name in names}

    def rights(self) -> list[Right]:
        """Return each single right that some statement gives."""
        return [
            Right(role, action, resource)
            for role in self.names()
            for statement in self._document(role)["Statement"]
            for action in statement["Action"]
            for resource in statement["Resource"]
        ]

    @contextmanager
    def without(self, right: Right) -> Iterator[None]:
        """Take one right away for as long as the block takes."""
        document = self._document(right.role)
        before = self.rights()
        statements = [
            {**statement, "Action": [action], "Resource": left}
            for statement in document["Statement"]
            for action in statement["Action"]
            if (
                left := [
                    resource
                    for resource in statement["Resource"]
                    if (action, resource) != (right.action, right.resource)
                ]
            )
        ]
        nothing = {"Effect": "Allow", "Action": ["none:Nothing"], "Resource": ["*"]}
        name = {"PolicyName": self._named()[right.role]}
        text = json.dumps({**document, "Statement": statements or [nothing]})
        for identity, word in self._words.items():
            text = text.replace(word, identity)
        made = self._client.rpc(
            RAM, "CreatePolicyVersion", {**name, "PolicyDocument": text, "SetAsDefault": True}
        )["PolicyVersion"]
        granted = self.rights()
        assert [one for one in before if one not in granted] == [right]
        try:
            yield
        finally:
            self._client.rpc(RAM, "SetDefaultPolicyVersion", {**name, "VersionId": "v1"})
            version = {"VersionId": made["VersionId"]}
            self._client.rpc(RAM, "DeletePolicyVersion", {**name, **version})

    def with_ids(self, text: str) -> str:
        """Return a text with the words replaced by the ids that they stand for."""
        for identity, word in self._words.items():
            text = text.replace(word, identity)
        return text

    def _document(self, role: str) -> dict[str, Any]:
        asked = {"PolicyName": self._named()[role], "PolicyType": "Custom"}
        found = self._client.rpc(RAM, "GetPolicy", asked)["DefaultPolicyVersion"]
        text = found["PolicyDocument"]
        for identity, word in self._words.items():
            text = text.replace(identity, word)
        document: dict[str, Any] = json.loads(text)
        return document


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Return a local cloud whose chats take any number of messages."""
    with running_cloud(tmp_path_factory.mktemp("cloud"), "--no-chat-rate-limit") as cloud:
        yield cloud


@pytest.fixture(scope="module")
def policies(cloud: RunningCloud, loop: Loop) -> Policies:
    """Return the policies of the deployed loop."""
    return Policies(cloud, loop)


def test_the_list_of_rights_is_complete(policies: Policies) -> None:
    """No more is granted than what is tried below and what is needed seldom."""
    assert sorted(policies.rights()) == sorted([*NEEDED, *SELDOM])


@pytest.mark.parametrize("right", list(NEEDED), ids=str)
def test_without_a_right_the_loop_fails_and_names_it(
    loop: Loop, policies: Policies, right: Right
) -> None:
    """The first attempt fails with NoPermission, its action and its resource, where people look."""
    story, resource = NEEDED[right]
    expected = f"{right.action} on {policies.with_ids(resource)}"
    role = f"{NAMES}{right.role}"
    with policies.without(right):
        before = len(refusals(loop, role, expected))
        story(loop)
        wait_for(
            lambda: len(refusals(loop, role, expected)) > before,
            f"a refusal of {expected} to {role}",
        )
    wait_for(lambda: is_done(loop), "the end of the story")


def test_without_its_log_receive_approval_is_not_called_at_all(
    loop: Loop, policies: Policies
) -> None:
    """The platform hears of it, and so does whoever calls; nothing comes on the bus."""
    with policies.without(LOGS), pytest.raises(RefusedError) as refused:
        look_for_lost_pushes(loop)
    assert f"{LOGS.action} on {LOGS.resource}" in str(refused.value)


def is_done(loop: Loop) -> bool:
    """Return whether a story is over, but for messages that wait until their chat takes more."""
    under_way = loop.inspector.get("health")["under_way"]
    return not under_way["deliveries"] and not under_way["runs"]


def refusals(loop: Loop, role: str, what: str) -> list[str]:
    """Return where a refusal is reported: trace and log of the role, the chat."""
    texts = [
        f"{attempt['status']} {attempt['message']}"
        for event in loop.events(1000)
        for rule in event["rules"]
        if rule["matched"]
        for target in rule["targets"]
        for attempt in target["attempts"]
        if not attempt["ok"] and role in attempt["message"]
    ]
    if role in loop.outputs["functions"].values():
        texts += [entry["line"] for entry in loop.inspector.get(f"logs/{role}", limit=1000)]
    # A message writes an asterisk so that it is no markup.
    told = [message["text"] for message in loop.messages("people")]
    texts += [text.replace("\N{FULLWIDTH ASTERISK}", "*") for text in told]
    return [text for text in texts if "NoPermission" in text and what in text]
