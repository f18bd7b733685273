"""The targets of rules, in the form of EventBridge's page "Event target parameters"."""

import pytest

from components import targets
from components.targets import TargetArgs
from tests.unit.fake_engine import FakeEngine

WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=t"


def parameters(target: TargetArgs) -> dict[str, tuple[str, object]]:
    """Return what a target is given: key -> form and value."""
    return {p["key"]: (p["form"], p.get("value")) for p in target["parameters"]}


def test_a_function_gets_the_complete_event_and_is_waited_for(engine: FakeEngine) -> None:
    """Synchronous: only so does EventBridge see a failure and try again."""
    found: dict[str, object] = {}

    def program() -> dict[str, object]:
        target = targets.function_target("run", "cn-hangzhou", "1", "loop-run-command")
        found.update(parameters(target), id=target["id"], type=target["type"])
        return {"endpoint": target["endpoint"]}

    endpoint = engine.run(program)["endpoint"][0]
    assert endpoint == "acs:fc:cn-hangzhou:1:functions/loop-run-command"
    assert found == {
        "id": "run",
        "type": "acs.fc.function",
        "functionName": ("CONSTANT", "loop-run-command"),
        "Qualifier": ("CONSTANT", "LATEST"),
        "InvocationType": ("CONSTANT", "Sync"),
        "DataFormat": ("CONSTANT", "Object"),
        "Body": ("ORIGINAL", None),
    }


def test_a_function_can_be_woken_without_being_waited_for(engine: FakeEngine) -> None:
    """Asynchronous, with a constant: what the event says does not matter to a wake."""
    found: dict[str, object] = {}

    def program() -> None:
        target = targets.function_target(
            "wake", "cn-hangzhou", "1", "loop-post-to-chat", invocation="Async", body="{}"
        )
        found.update(parameters(target))

    engine.run(program)
    assert found["InvocationType"] == ("CONSTANT", "Async")
    assert found["Body"] == ("CONSTANT", "{}")


def test_a_queue_gets_the_complete_event_in_base64(engine: FakeEngine) -> None:
    """Endpoint and parameters as in every example that was applied."""
    found: dict[str, object] = {}

    def program() -> dict[str, object]:
        target = targets.queue_target("queue", "cn-hangzhou", "1", "loop-chats")
        found.update(parameters(target), type=target["type"])
        return {"endpoint": target["endpoint"]}

    endpoint = engine.run(program)["endpoint"][0]
    assert endpoint == "acs:mns:cn-hangzhou:1:queues/loop-chats"
    assert found == {
        "type": "acs.mns.queue",
        "queue": ("CONSTANT", "loop-chats"),
        "Body": ("ORIGINAL", None),
        "IsBase64Encode": ("CONSTANT", "true"),
    }


def test_a_log_store_gets_the_complete_event(engine: FakeEngine) -> None:
    """The endpoint names the service ``sls``, and a role says under whose rights is written."""
    found: dict[str, object] = {}

    def program() -> dict[str, object]:
        target = targets.log_store_target("log", "cn-hangzhou", "1", "p", "events", "writer")
        found.update(parameters(target), type=target["type"])
        return {"endpoint": target["endpoint"]}

    endpoint = engine.run(program)["endpoint"][0]
    assert endpoint == "acs:sls:cn-hangzhou:1:project/p/logstore/events"
    assert found == {
        "type": "acs.sls",
        "Project": ("CONSTANT", "p"),
        "LogStore": ("CONSTANT", "events"),
        "Topic": ("JSONPATH", "$.source"),
        "ContentType": ("CONSTANT", "JSON"),
        "RoleName": ("CONSTANT", "writer"),
        "Body": ("ORIGINAL", None),
    }


def test_dingtalk_is_signed_for_and_gets_a_part_of_the_event() -> None:
    """URL and secret are constants; the message is a part of the event, never a template."""
    target = targets.dingtalk_target("chat", WEBHOOK, "SEC1", "$.data.message")
    assert (target["type"], target["endpoint"]) == ("acs.dingtalk", WEBHOOK)
    assert parameters(target) == {
        "URL": ("CONSTANT", WEBHOOK),
        "SecretKey": ("CONSTANT", "SEC1"),
        "Body": ("JSONPATH", "$.data.message"),
    }


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        pytest.param("https://open.feishu.cn/hook/1", "https", id="https"),
        pytest.param("http://open.lark.localcloud.invalid/hook/1", "http", id="http"),
    ],
)
def test_a_plain_target_gets_a_part_of_the_event(engine: FakeEngine, url: str, kind: str) -> None:
    """The kind follows the URL's scheme; the public network is where the URL leads."""
    found: dict[str, object] = {}

    def program() -> dict[str, object]:
        target = targets.http_target("chat", url, "$.data.message")
        found.update(parameters(target), endpoint=target["endpoint"])
        return {"type": target["type"]}

    assert engine.run(program)["type"] == (kind, False)
    assert found == {
        "endpoint": url,
        "url": ("CONSTANT", url),
        "Body": ("JSONPATH", "$.data.message"),
        "Network": ("CONSTANT", "PublicNetwork"),
    }
