"""Dead letters go back onto their bus and end in the chat."""

import base64
import json
import subprocess
import sys

import pytest
from mns.account import Account
from mns.queue import Message

from demo.loop import Loop
from functions.cloud.dead_letters import letter
from lab.running_cloud import RunningCloud
from localcloud.eventbridge.delivery.dead_letter import dead_letter_body
from localcloud.eventbridge.delivery.journal import Attempt, Delivery
from localcloud.eventbridge.delivery.target import Target
from ops.replay import letters
from tests.e2e.deployed import ROOT

QUEUE = "provisioning-local-dead-letters"


def _approval(number: str, **attributes: object) -> dict[str, object]:
    return {
        "id": f"replayed-{number}",
        "source": "dingtalk.approval",
        "specversion": "1.0",
        "type": "eventbridge:Events:HTTPEvent",
        "datacontenttype": "application/json",
        "subject": "acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/provisioning-local",
        "aliyuneventbusname": "provisioning-local",
        "aliyunpublishtime": "2020-01-01T00:00:00.000Z",
        "data": {
            "headers": {"X-Provisioning-Token": "never-shown"},
            "body": {
                "detail-type": "ProvisionRequest",
                "detail": {
                    "emp_id": f"E9{number}",
                    "role": "devops",
                    "request_id": f"ord-{number}",
                },
            },
        },
        **attributes,
    }


def _bury(cloud: RunningCloud, *texts: str) -> None:
    """Put messages into the queue as the official SDK does, without its own base64."""
    queue = Account(cloud.endpoint, *cloud.key).get_queue(QUEUE)
    queue.set_encoding(encoding=False)
    for text in texts:
        queue.send_message(Message(text))


def _replay(cloud: RunningCloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ops", "replay", "--endpoint", cloud.endpoint, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_replay(cloud: RunningCloud, loop: Loop) -> None:
    """Dead letters are listed without their content, then published, run, and deleted."""
    reason = {"ruleName": "provision", "errorCode": "Throttling"}
    _bury(cloud, json.dumps({"reason": reason, "event": _approval("01")}))
    _bury(cloud, "no event at all")

    listed = _replay(cloud)
    assert listed.returncode == 0
    assert "replayed-01" in listed.stdout
    assert "employee E901  request ord-01" in listed.stdout
    assert "rule provision: Throttling" in listed.stdout
    assert "never-shown" not in listed.stdout + listed.stderr
    assert "2 dead letters" in listed.stderr

    before = loop.last_message("ops")
    replayed = _replay(cloud, "--yes")
    assert replayed.returncode == 1
    assert "1 published again, 1 left" in replayed.stderr
    assert "it stays in the queue" in replayed.stderr
    loop.settle()
    assert "E901" in json.dumps(loop.messages("ops", before), ensure_ascii=False)
    loop.settle()
    assert "replayed-01" not in _replay(cloud).stdout


@pytest.mark.parametrize(
    "wrap",
    [
        lambda event: event,
        lambda event: {"event": event},
        lambda event: {"event": json.dumps(event)},
    ],
    ids=["bare", "wrapped", "wrapped as text"],
)
def test_forms(wrap) -> None:  # type: ignore[no-untyped-def]
    """An event is found bare or wrapped, as it is or in base64, and loses what the bus adds."""
    text = json.dumps(wrap(_approval("02")))
    for form in (text, base64.b64encode(text.encode()).decode()):
        letter = letters.read(form)
        assert letter.bus == "provisioning-local"
        assert letter.event == {
            name: value for name, value in _approval("02").items() if name != "aliyunpublishtime"
        }


def test_own_form() -> None:
    """The local cloud's own dead letters are read, with the rule and the error."""
    target = Target("run-command", "acs.fc.function", "acs:fc:::functions/f", ())
    delivery = Delivery(1, 1, "provisioning-local", "provision", "run-command", failed=4)
    last = Attempt(0.0, ok=False, status="Throttling", milliseconds=1.0, message="later")
    found = letters.read(dead_letter_body(delivery, target, json.dumps(_approval("03")), last))
    assert (found.bus, found.place, found.reason) == (
        "provisioning-local",
        "rule provision",
        "Throttling: later",
    )
    assert found.event["id"] == "replayed-03"


def test_record_of_a_failed_call() -> None:
    """Function Compute's destination holds the payload as text, and who failed how."""
    record = {
        "timestamp": 1764000000000,
        "requestContext": {
            "requestId": "1-69",
            "functionArn": "acs:fc:cn-hangzhou:1234567890123456:functions/loop-run-command",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 4,
        },
        "requestPayload": json.dumps(_approval("04")),
        "responseContext": {"statusCode": 200, "functionError": "FunctionUnhandledError"},
        "responsePayload": json.dumps({"errorMessage": "bad\nday"}),
    }
    found = letters.read(json.dumps(record))
    assert (found.bus, found.place) == ("provisioning-local", "loop-run-command")
    assert found.reason == "FunctionUnhandledError: bad day"
    assert (found.employee, found.request) == ("E904", "ord-04")


def test_letter_of_a_function() -> None:
    """What a function of the loop buries itself is a letter as well."""
    text = letter(
        json.dumps({"id": "r-1", "source": "ecs.provisioning", "type": "t", "data": {}}),
        "provisioning-local",
        function="post-to-chat",
        code="310000",
        message="keywords not in content",
    )
    found = letters.read(text)
    assert (found.place, found.reason) == ("post-to-chat", "310000: keywords not in content")


def test_a_letter_does_not_write_to_the_terminal() -> None:
    """Whoever fills the queue could clear somebody's screen."""
    event = {"id": "e\x1b[2J", "source": "s\r", "type": "t\n", "time": 5, "data": []}
    text = json.dumps({"reason": {"eventBusName": "b", "errorMessage": "x\x07"}, "event": event})
    assert str(letters.read(text)).isprintable()


@pytest.mark.parametrize(
    "text",
    ["", "no", "[]", '{"event": 1}', '{"requestPayload": "x"}', '{"event": {"id": "a"}}'],
)
def test_what_is_no_letter_is_named(text: str) -> None:
    """It stays in the queue, with what is wrong with it."""
    with pytest.raises(letters.Unreadable):
        letters.read(text)


def test_one_of_many(cloud: RunningCloud, loop: Loop) -> None:
    """More letters than a peek shows are listed, and one of them can be chosen."""
    dead = [
        json.dumps({"reason": {"ruleName": "provision"}, "event": _approval(f"{n}")})
        for n in range(20, 40)
    ]
    _bury(cloud, *dead)
    listed = _replay(cloud)
    assert sum("replayed-" in line for line in listed.stdout.splitlines()) == 20
    done = _replay(cloud, "--yes", "--only", "ord-33")
    assert "1 published again, 0 left" in done.stderr
    loop.settle()
    assert "replayed-33" not in _replay(cloud).stdout
    done = _replay(cloud, "--yes", "--only", "E921", "--only", "ord-22")
    assert "2 published again, 0 left" in done.stderr
    loop.settle()


def test_no_key() -> None:
    """Without a key in the environment a real stack's queue is not even asked for."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", "replay", "--stack", "dev"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={},
    )
    assert done.returncode == 1
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in done.stderr
