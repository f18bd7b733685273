"""Each function's entry point, as Function Compute calls it, against servers on loopback."""

import base64
import importlib
import json
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from functions.cloud.errors import FunctionError
from functions.post_to_chat import handler as post_to_chat
from tests.unit.functions import samples
from tests.unit.functions.loopback import Loopback, Reply, Seen

CONTEXT = SimpleNamespace(
    request_id="r-1", region="cn-hangzhou", account_id="1234567890123456", credentials=None
)


class Cloud:
    """ECS, EventBridge, two chats and an API behind one address."""

    def __init__(self, loopback: Loopback) -> None:
        self.loopback = loopback
        self.invocations: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.chat: list[Reply] = []
        self.api: list[Reply] = []
        """The next answers of the company's API."""
        self.queues: dict[str, list[str]] = {}
        self.received: Counter[str] = Counter()
        loopback.answer = self.answer

    def answer(self, seen: Seen) -> Reply:
        """Answer as the service would that the request is for."""
        if seen.path == "/openapi/putEvents":
            self.events += json.loads(seen.body)
            return json_reply({"RequestId": "R", "FailedEntryCount": 0})
        if seen.path.startswith("/queues/"):
            return self.mns(seen)
        if "x-acs-action" in seen.headers:
            return self.ecs(seen)
        if seen.path == "/api/employees" and self.api:
            return self.api.pop(0)
        if self.chat:
            return self.chat.pop(0)
        return json_reply({"errcode": 0, "errmsg": "ok"})

    def mns(self, seen: Seen) -> Reply:
        """Answer as the message queues do; what was received stays until it is deleted."""
        queue = self.queues.setdefault(seen.path.split("/")[2], [])
        if seen.method == "POST":
            body = seen.body.decode().split("<MessageBody>")[1].split("<")[0]
            queue.append(base64.b64decode(body).decode())
            return Reply(201, b"<Message><MessageId>m</MessageId></Message>")
        if seen.method == "DELETE":
            count = seen.body.count(b"<ReceiptHandle>")
            del queue[:count]
            self.received[seen.path] -= count
            return Reply(204, b"")
        if seen.method == "PUT":
            return Reply(200, b"<ChangeVisibility/>")
        if len(queue) <= self.received[seen.path]:
            return Reply(404, b"<Error><Code>MessageNotExist</Code></Error>")
        now = int(time.time() * 1000)
        body = base64.b64encode(queue[self.received[seen.path]].encode()).decode()
        self.received[seen.path] += 1
        row = (
            f"<Message><MessageBody>{body}</MessageBody><EnqueueTime>{now}</EnqueueTime></Message>"
        )
        return Reply(200, f"<Messages>{row}</Messages>".encode())

    def ecs(self, seen: Seen) -> Reply:
        """Answer as Cloud Assistant does."""
        query = seen.query
        assert query["RegionId"] == "cn-hangzhou"
        if seen.headers["x-acs-action"] == "InvokeCommand":
            tags = [
                {"TagKey": query[f"Tag.{n}.Key"], "TagValue": query[f"Tag.{n}.Value"]}
                for n in range(1, 21)
                if f"Tag.{n}.Key" in query
            ]
            run = {
                "InstanceId": query["InstanceId.1"],
                "InvocationStatus": "Success",
                "ExitCode": 0,
                "StartTime": "2026-01-01T00:00:00Z",
                "FinishTime": "2026-01-01T00:00:03Z",
                "Output": base64.b64encode(b"done\n").decode(),
            }
            self.invocations.append(
                {
                    "InvokeId": "t-1",
                    "CommandId": query["CommandId"],
                    "CommandName": "provisioning-test-provision-5eed5eed5eed",
                    "Parameters": query["Parameters"],
                    "Tags": {"Tag": tags},
                    "InvokeInstances": {"InvokeInstance": [run]},
                }
            )
            return json_reply({"InvokeId": "t-1", "RequestId": "R"})
        if seen.headers["x-acs-action"] == "DescribeInstances":
            running = [
                {
                    "InstanceId": i,
                    "InstanceName": "web-1",
                    "Status": "Running",
                    "VpcAttributes": {"PrivateIpAddress": {"IpAddress": ["10.0.0.5"]}},
                }
                for i in json.loads(query["InstanceIds"])
            ]
            return json_reply({"Instances": {"Instance": running}})
        if seen.headers["x-acs-action"] == "DescribeCloudAssistantStatus":
            agent = {"InstanceId": query["InstanceId.1"], "CloudAssistantStatus": "true"}
            listed = {"InstanceCloudAssistantStatus": [agent]}
            return json_reply({"InstanceCloudAssistantStatusSet": listed})
        if (
            seen.headers["x-acs-action"] == "DescribeInstances"
            and query["InstanceIds"] == '["i-1"]'
        ):
            network = {"PrivateIpAddress": {"IpAddress": ["10.0.0.5"]}}
            found = {"InstanceId": "i-1", "InstanceName": "web-1", "VpcAttributes": network}
            return json_reply({"Instances": {"Instance": [found]}})
        if seen.headers["x-acs-action"] == "DescribeCommands":
            return json_reply({"Commands": {"Command": []}})
        assert seen.headers["x-acs-action"] == "DescribeInvocations"
        return json_reply({"Invocations": {"Invocation": self.invocations}, "NextToken": ""})


def json_reply(value: object, status: int = 200) -> Reply:
    """Return a reply in JSON."""
    return Reply(status, json.dumps(value).encode())


@pytest.fixture
def cloud(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Return a cloud on loopback, and the environment that points the functions at it."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(post_to_chat, "_drain", None)
    environment = {
        **samples.ENVIRONMENT,
        "LOOP": samples.loop_with(stale_after_seconds=10**10),
        "ALIBABA_CLOUD_ENDPOINT_ECS": loopback.url,
        "ALIBABA_CLOUD_ENDPOINT_EVENTBRIDGE": loopback.url,
        "ALIBABA_CLOUD_ENDPOINT_MNS": loopback.url,
        "CHAT_QUEUE": "chats",
        "SENT_QUEUE": "sent",
        "DEAD_LETTER_QUEUE": "dead",
        "EVENT_QUEUE": "events",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.id",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "role-credential",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "role-token",
        "CHATS": json.dumps(
            {
                "ops": {
                    "platform": "dingtalk",
                    "webhook": f"{loopback.url}/robot/send?access_token=hook-credential",
                    "secret": "SECcredential",
                }
            }
        ),
        "ENDPOINT": f"{loopback.url}/api/employees",
        "METHOD": "POST",
        "HEADERS": '{"Authorization":"Bearer hr-credential"}',
        "TIMEOUT_SECONDS": "5",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Cloud(loopback)


def call(function: str, event: bytes) -> str:
    """Call a function as its archive's index.py does."""
    found: str = importlib.import_module(f"functions.{function}.handler").handler(event, CONTEXT)
    return found


def test_an_approval_becomes_a_message(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    """Request, completion and chat: each function takes up what the one before left."""
    call("run_command", samples.http_event(samples.detail(requested_by="李雷")))
    assert [invocation["InvokeId"] for invocation in cloud.invocations] == ["t-1"]

    data = {"invokeId": "t-1", "instanceId": "i-1", "invocationStatus": "Success"}
    call("publish_result", json.dumps({"id": "c-1", "source": "acs.ecs", "data": data}).encode())
    (event,) = cloud.events
    assert event["data"]["detail"]["emp_id"] == "E123"
    assert event["data"]["detail"]["Host"] == {"name": "web-1", "address": "10.0.0.5"}

    # A rule of the version before calls the function with the result itself.
    call("post_to_chat", json.dumps(event).encode())
    assert cloud.queues["chats"] == []
    assert json.loads(cloud.queues["sent"][0])["chat"] == "ops"
    (sent,) = [seen for seen in cloud.loopback.seen if seen.path == "/robot/send"]
    assert set(sent.query) == {"access_token", "timestamp", "sign"}
    assert "李雷" in json.loads(sent.body)["markdown"]["text"]

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["decision"] for line in lines] == ["started", "published", "sent", "drained"]


def test_a_repeated_approval_is_answered(cloud: Cloud) -> None:
    """The second event with the same request finds the first one's result."""
    call("run_command", samples.http_event(samples.detail()))
    call("run_command", samples.http_event(samples.detail(), event_id="event-2"))
    assert len(cloud.invocations) == 1
    (event,) = cloud.events
    assert event["data"]["detail"]["repeat"]


def test_a_rejection_reaches_the_bus(cloud: Cloud) -> None:
    """A request that is not in order is published and not raised."""
    call("run_command", samples.http_event(samples.detail(emp_id="$(id)")))
    (event,) = cloud.events
    assert event["data"]["detail"]["InvocationStatus"] == "Rejected"


@pytest.mark.parametrize("function", ["run_command", "publish_result"])
def test_a_throttled_call_is_tried_again(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """Within the same invocation, after a pause."""
    monkeypatch.setattr("functions.cloud.retry._FIRST_SECONDS", 0.001)
    call("run_command", samples.http_event(samples.detail()))
    answer, throttled = cloud.loopback.answer, [json_reply({"Code": "Throttling.User"}, 400)] * 2
    cloud.loopback.answer = lambda seen: throttled.pop() if throttled else answer(seen)
    data = {"invokeId": "t-1", "instanceId": "i-1", "invocationStatus": "Success"}
    ended = json.dumps({"id": "c-1", "source": "acs.ecs", "data": data}).encode()
    again = samples.http_event(samples.detail(), event_id="event-2")
    call(function, again if function == "run_command" else ended)
    (event,) = cloud.events
    assert event["data"]["detail"]["InvocationStatus"] == "Success"


def test_what_a_chat_refuses_for_now_stays_in_the_queue(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """HTTP 200 with DingTalk's code for too many messages is no success; nothing is lost."""
    cloud.chat = [json_reply({"errcode": 130101, "errmsg": "send too fast"})]
    data = {"detail": {"origin": {"chat": "ops"}}}
    cloud.queues["chats"] = [json.dumps({"id": "e", "source": "ecs.provisioning", "data": data})]
    call("post_to_chat", b'{"wake": "chats"}')
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["decision"], line.get("code")) for line in lines] == [
        ("later", "130101"),
        ("drained", None),
    ]
    assert lines[0]["words"] == "send too fast"
    assert len(cloud.queues["chats"]) == 1
    assert "credential" not in json.dumps(lines)


def test_a_new_member_reaches_the_companys_api(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The posted body arrives with the company's header and a key for repeats."""
    monkeypatch.setenv("SOURCE_TOKENS", '{"dingtalk.member":"right-token"}')
    headers = {"X-Provisioning-Token": "right-token"}
    event = samples.http_event(body={"userId": ["1"]}, source="dingtalk.member", headers=headers)
    call("call_http_api", event)
    (seen,) = (seen for seen in cloud.loopback.seen if not seen.path.startswith("/queues/"))
    assert (seen.path, json.loads(seen.body)) == ("/api/employees", {"userId": ["1"]})
    assert (
        seen.headers["authorization"],
        seen.headers["idempotency-key"],
    ) == ("Bearer hr-credential", "event-1")


@pytest.mark.parametrize(
    ("function", "variable"),
    [
        ("post_to_chat", "CHATS"),
        ("post_to_chat", "CHAT_QUEUE"),
        ("run_command", "ALIBABA_CLOUD_ACCESS_KEY_ID"),
    ],
)
def test_a_missing_variable_is_named(
    cloud: Cloud,
    function: str,
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A wrong deployment fails with the variable's name, in the log and in the error."""
    monkeypatch.delenv(variable)
    with pytest.raises(FunctionError, match=f"environment variable {variable}"):
        call(function, samples.http_event(samples.detail()))
    assert json.loads(capsys.readouterr().out)["decision"] == "misconfigured"


@pytest.mark.parametrize(
    ("function", "variable"),
    [("run_command", "CommandId"), ("publish_result", "LOOP"), ("call_http_api", "ENDPOINT")],
)
def test_an_event_for_a_wrong_deployment_is_a_dead_letter(
    cloud: Cloud, function: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which says what is wrong with it, and can be published again once it is mended."""
    monkeypatch.delenv(variable)
    call(function, samples.http_event(samples.detail()))
    (body,) = cloud.queues["dead"]
    reason = json.loads(body)["reason"]
    assert reason["errorMessage"].startswith(f"environment variable {variable}: is missing")
    assert (reason["errorCode"], reason["targetType"]) == ("Setting", function.replace("_", "-"))


def test_three_members_in_one_event_are_three_calls(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each by itself, in the same call of the function; one that is refused stops no other."""
    monkeypatch.delenv("SOURCE_TOKENS")
    answers = [json_reply({}), json_reply({}, 422), json_reply({})]
    cloud.api = answers
    event = samples.http_event(body={"userId": ["1", "2", "3"]}, source="dingtalk.member")
    call("call_http_api", event)
    sent = [json.loads(seen.body) for seen in cloud.loopback.seen if seen.path == "/api/employees"]
    assert sent == [{"userId": ["1"]}, {"userId": ["2"]}, {"userId": ["3"]}]
    assert cloud.queues["events"] == []
    (body,) = cloud.queues["dead"]
    assert json.loads(body)["event"]["data"]["body"] == {"userId": ["2"]}
    assert json.loads(body)["reason"]["errorCode"] == "Http422"
