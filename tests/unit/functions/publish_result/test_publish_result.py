"""What publish-result tells of a finished run."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own.

import json
import re
from typing import Any

import pytest

from functions.cloud.errors import PermanentError
from functions.cloud.rpc import ApiTroubleError
from functions.publish_result.act import PublishResult
from functions.publish_result.decide import NotYetVisibleError
from functions.report import notes
from functions.report.notes import Notes, Published
from functions.request import tags as names
from functions.request.deployment import read
from tests.unit.functions.samples import (
    CHAT,
    ENVIRONMENT,
    NOW,
    FakeBus,
    FakeCommands,
    FakeHosts,
    FakeQueues,
    invocation,
    run,
)

LOOP = read(ENVIRONMENT)
NOBODY = Notes("publish-result", FakeQueues(lambda: NOW), "", lambda: NOW)
"""Nobody watches."""


def completed(**changes: Any) -> bytes:
    """Return Cloud Assistant's event ("... subscribe to Cloud Assistant events")."""
    data = {
        "commandId": "c-provision",
        "commandName": "provisioning-test-provision-5eed5eed5eed",
        "exitCode": "0",
        "finishTime": "2026-01-01T00:00:42Z",
        "instanceId": "i-1",
        "invocationStatus": "Success",
        "invokeId": "t-1",
        "repeatMode": "Once",
        "startTime": "2026-01-01T00:00:00Z",
        **changes,
    }
    return json.dumps(
        {
            "id": "45ef4dewdwe1-7c35-447a-bd93-fab****",
            "source": "acs.ecs",
            "type": "ecs:CloudAssistant:TaskCompleted",
            "time": "2026-01-01T00:00:43Z",
            "data": data,
        }
    ).encode()


def published(*earlier: Any, payload: bytes = b"") -> dict[str, Any]:
    """Return the event that a completion becomes."""
    (event,) = told(*earlier, payload=payload)
    return event


def told(
    *earlier: Any, payload: bytes = b"", now: float = NOW, bus: FakeBus | None = None
) -> list[dict[str, Any]]:
    """Return the events that a completion becomes."""
    bus = bus or FakeBus()
    commands, hosts = FakeCommands(*earlier), FakeHosts()
    PublishResult(LOOP, commands, hosts, bus, NOBODY, lambda: now).serve(payload or completed())
    return bus.events


def test_a_success_is_published_with_everything_the_archive_wants() -> None:
    """The result event has the contract's keys, and its id names the run and its end."""
    event = published(invocation())
    assert re.fullmatch("[0-9a-f]{32}", event["id"])
    expected = {
        "InvocationStatus": "Success",
        "action": "provision",
        "expires": "",
        "ssh_key": "",
        "emp_id": "E123",
        "role": "devops",
        "request_id": "20261122-0001",
        "requested_by": "li.lei",
        "approved_by": "韩梅梅",
        "requested_at": "",
        "origin": {
            "source": "dingtalk.approval",
            "chat": "ops",
            "wanted_chat": "",
            "event": "event-0",
        },
        "InvokeId": "t-1",
        "CommandId": "c-provision",
        "InstanceId": "i-1",
        "Host": {"name": "host-i-1", "address": "10.0.0.1"},
        "Instances": {},
        "Runs": [],
        "Unreached": [],
        "ExitCode": 0,
        "StartTime": "2026-01-01T00:00:00Z",
        "FinishTime": "2026-01-01T00:00:42Z",
        "Dropped": 0,
        "OutputTail": 'creating user\n{"status":"created","user":"e123","uid":1001}',
        "Result": {"status": "created", "user": "e123", "uid": "1001"},
        "ReasonCode": "",
        "Reason": "",
        "Error": "",
        "script_sha256": "5eed" * 16,
        "repeat": False,
    }
    assert event["data"]["detail"] == expected


def test_a_dingtalk_chat_gets_markdown() -> None:
    """The message of the loop's English DingTalk chat, as it is sent."""
    event = published(invocation())
    text = (
        "### [ECS] ✅ Provisioned E123\n\n"
        "- **Employee**: E123 as devops\n"
        "- **Account**: e123 on host-i-1 (10.0.0.1, i-1)\n"
        "- **First login**: ssh -l e123 10.0.0.1\n"
        "- **Valid until**: no end date\n"
        "- **Requested by**: li.lei, approved by 韩梅梅\n"
        "- **Request**: 20261122-0001\n\n"
        "###### Invocation t-1 · Source dingtalk.approval"
    )
    expected = {
        "msgtype": "markdown",
        "markdown": {"title": "[ECS] Provisioned E123", "text": text},
        "at": {"isAtAll": False},
        "msgUuid": event["id"],
    }
    assert event["data"]["message"] == expected


def test_a_lark_chat_gets_a_card() -> None:
    """The message of the loop's Chinese Lark chat, as it is sent but for the signature."""
    message = published(invocation(tags={CHAT: "people"}))["data"]["message"]
    assert message["msg_type"] == "interactive"
    card = message["card"]
    assert card["header"] == {
        "template": "green",
        "title": {"tag": "plain_text", "content": "[ECS] 开通成功 E123"},
    }
    fields = [field["text"]["content"] for field in card["elements"][0]["fields"]]
    assert fields == [
        "**员工**\nE123，角色 devops",
        "**账号**\ne123，位于 host-i-1（10.0.0.1，i-1）",
        "**首次登录**\nssh -l e123 10.0.0.1",
        "**有效期至**\n长期有效",
        "**申请人**\nli.lei，审批人 韩梅梅",
        "**申请单**\n20261122-0001",
    ]
    assert card["elements"][1:] == [
        {
            "tag": "note",
            "elements": [{"tag": "plain_text", "content": "执行 t-1 · 来源 dingtalk.approval"}],
        }
    ]


@pytest.mark.parametrize(
    ("status", "template", "headline"),
    [
        ("Success", "green", "开通成功"),
        ("Failed", "red", "开通失败"),
        ("Timeout", "carmine", "开通超时"),
        ("Aborted", "red", "开通失败"),
        ("Invalid", "red", "开通失败"),
        ("Error", "red", "开通失败"),
        ("Cancelled", "grey", "开通已取消"),
        ("Terminated", "grey", "开通已终止"),
    ],
)
def test_a_cards_colour_says_the_status(status: str, template: str, headline: str) -> None:
    """Each end of a run has its colour and its words."""
    event = published(invocation(run(status=status), tags={CHAT: "people"}))
    header = event["data"]["message"]["card"]["header"]
    assert header["template"] == template
    assert headline in header["title"]["content"]
    assert event["data"]["detail"]["InvocationStatus"] == status


def test_a_removal_has_words_of_its_own() -> None:
    """The message of a removal does not speak of giving."""
    event = published(invocation(tags={names.ACTION: "deprovision"}))
    assert "Deprovisioned" in event["data"]["message"]["markdown"]["title"]


def test_a_manual_run_is_told_to_the_default_chat() -> None:
    """A run that somebody started by hand has no tags, and is as visible as an approved one."""
    event = published(invocation()._replace(tags={}))
    told = event["data"]["detail"]
    assert told["origin"] == {"source": "manual", "chat": "audit", "wanted_chat": "", "event": ""}
    assert (told["emp_id"], told["request_id"]) == ("E123", "")
    assert "开通成功" in event["data"]["message"]["markdown"]["text"]


def test_a_manual_removal_is_known_by_the_commands_name() -> None:
    """Which of the two commands ran can be told without tags."""
    name = "provisioning-test-deprovision-0123456789ab"
    event = published(invocation()._replace(tags={}, command_name=name))
    told = event["data"]["detail"]
    assert (told["action"], told["script_sha256"]) == ("deprovision", "0123456789ab")


def test_a_chat_that_is_gone_falls_back() -> None:
    """A tag that names no chat of the stack's cannot send a result anywhere else."""
    event = published(invocation(tags={CHAT: "https://evil.example"}))
    assert event["data"]["detail"]["origin"]["chat"] == "ops"


def test_a_run_under_an_earlier_script_says_which() -> None:
    """The hash is that of the script that ran, not of the one that the stack has now."""
    event = published(invocation()._replace(command_name="x-provision-0123456789ab"))
    assert event["data"]["detail"]["script_sha256"] == "0123456789ab"


def test_why_a_command_could_not_be_sent_is_told() -> None:
    """Cloud Assistant's own explanation is the reason."""
    aborted = run(
        status="Aborted", exit_code=None, error="InstanceNotRunning The instance stopped."
    )
    event = published(invocation(aborted))
    told = event["data"]["detail"]
    assert told["Reason"] == "the command did not reach the instance"
    assert told["Error"] == "InstanceNotRunning The instance stopped."
    text = event["data"]["message"]["markdown"]["text"]
    assert "did not reach the instance: InstanceNotRunning The instance stopped." in text
    assert "**Who acts**: an administrator of the instance" in text
    assert "exit code" not in text


def test_the_scripts_own_error_is_the_reason() -> None:
    """A run that failed says what its exit code means, and why in the script's words."""
    line = '{"status":"failed","user":"","uid":null,"exit_code":7,"error":"dnf: no space left"}'
    failed = run(status="Failed", exit_code=7, output=f"log\n{line}\n", error="ExitCodeNonzero")
    event = published(invocation(failed))
    told = event["data"]["detail"]
    assert (told["Reason"], told["Error"]) == (
        "a package could not be installed",
        "dnf: no space left",
    )
    text = event["data"]["message"]["markdown"]["text"]
    assert "**What went wrong**: a package could not be installed: dnf: no space left" in text
    assert "**Last lines**\n\n> log" not in text.split("> dnf")[0]
    assert '{"status"' not in text
    assert {k: v for k, v in event["data"]["detail"]["Result"].items() if v} == {"status": "failed"}


def test_output_that_was_not_kept_is_mentioned() -> None:
    """People see that Cloud Assistant threw output away."""
    event = published(invocation(run(status="Failed", exit_code=1, dropped=2048)))
    assert "2048 more bytes" in event["data"]["message"]["markdown"]["text"]


@pytest.mark.parametrize("earlier", [[], [invocation(run(status="Running"))]])
def test_an_end_that_is_not_visible_yet_is_waited_for(earlier: list[Any]) -> None:
    """The event may be faster than the record; the next try finds it."""
    with pytest.raises(NotYetVisibleError, match="t-1 on i-1"):
        published(*earlier)


@pytest.mark.parametrize("changes", [{"invokeId": ""}, {"instanceId": 7}, {"invokeId": None}])
def test_an_event_about_nothing_is_not_tried_in_silence(changes: dict[str, Any]) -> None:
    """An event that names no run is raised, so that the dead-letter queue keeps it."""
    with pytest.raises(PermanentError, match="has no invokeId"):
        published(invocation(), payload=completed(**changes))


def test_trouble_with_the_bus_is_raised() -> None:
    """A result that could not be published is tried again."""
    bus = FakeBus()
    bus.failure = ApiTroubleError("PutEvents", "Throttling")
    with pytest.raises(ApiTroubleError):
        told(invocation(), bus=bus)


def test_the_same_end_twice_is_the_same_event() -> None:
    """A second delivery publishes the same id, by which it can be dropped."""
    assert published(invocation()) == published(invocation())


def test_the_log_has_no_output(capsys: pytest.CaptureFixture[str]) -> None:
    """What a command printed is in the chat and in the archive, not in the function's log."""
    published(invocation(run(output="top secret output")))
    out = capsys.readouterr().out
    assert json.loads(out)["decision"] == "published"
    assert "secret" not in out


def test_what_a_newer_word_has_overtaken_is_superseded() -> None:
    """Cloud Assistant only knows that it failed; the script's own code says why."""
    event = published(invocation(run("i-1", "Failed", exit_code=12)))
    assert event["data"]["detail"]["InvocationStatus"] == "Superseded"


def test_a_request_on_many_instances_is_told_once_when_the_last_has_ended() -> None:
    """In between nothing is said; then one message has the totals and says where it failed."""
    runs = [run(f"i-{n}") for n in range(1, 26)]
    runs[6] = run("i-7", "Failed", exit_code=7)
    pending = [*runs[:-1], run("i-25", "Running")]
    assert told(invocation(*pending)) == []
    event = published(invocation(*runs), payload=completed(instanceId="i-25"))
    detail = event["data"]["detail"]
    assert detail["Instances"] == {"Success": 24, "Failed": 1}
    assert (detail["InstanceId"], len(detail["Runs"])) == ("", 25)
    assert detail["Runs"][0] == {
        "InstanceId": "i-7",
        "status": "Failed",
        "exit_code": 7,
        "reason": "the script ended with exit code 7",
    }
    title = event["data"]["message"]["markdown"]["title"]
    assert title == "[ECS] Provisioned on 24 of 25 E123"


def test_whichever_end_comes_last_the_result_is_the_same() -> None:
    """Several completions may see the request whole; equal ids are told once."""
    whole = invocation(run("i-1"), run("i-2"))
    ids = {published(whole, payload=completed(instanceId=i))["id"] for i in ("i-1", "i-2")}
    assert len(ids) == 1


def parts(*last: Any) -> list[Any]:
    """Return the three calls of a request on 250 instances."""
    groups = [[run(f"i-{n}") for n in range(first, first + 100)] for first in (0, 100)]
    return [
        invocation(*runs, invoke_id=f"t-{number}", tags={names.PART: f"{number}/3"})
        for number, runs in enumerate([*groups, list(last)], 1)
    ]


def test_several_calls_of_one_request_are_one_result() -> None:
    """More than 100 instances are several calls; all of them must have ended."""
    payload = completed(instanceId="i-5")
    assert told(*parts(run("i-200", "Running")), payload=payload) == []
    assert told(*parts(run("i-200"))[:2], payload=payload) == []
    event = published(*parts(run("i-200")), payload=payload)
    assert event["data"]["detail"]["Instances"] == {"Success": 201}


def test_another_attempt_is_another_result() -> None:
    """A request that failed and was made again has two results; each tells of its own runs."""
    first = invocation(run(status="Failed"))
    second = invocation(invoke_id="t-2", tags={names.ATTEMPT: "2"})
    one = published(first, second)
    two = published(first, second, payload=completed(invokeId="t-2"))
    assert one["id"] != two["id"]
    assert one["data"]["detail"]["InvocationStatus"] == "Failed"
    assert two["data"]["detail"]["InvocationStatus"] == "Success"


def test_a_host_that_was_not_reached_keeps_the_result_from_being_green() -> None:
    """The hosts are counted and named."""
    event = published(invocation(tags={names.UNREACHED: "i-8,i-9"}))
    detail = event["data"]["detail"]
    assert (detail["InvocationStatus"], detail["Unreached"]) == ("Unreached", ["i-8", "i-9"])
    assert detail["Instances"] == {"Success": 1, "Unreached": 2}
    text = event["data"]["message"]["markdown"]["text"]
    assert "Provisioned on 1 of 3 E123" in text
    assert "i-8 (not running, or without a Cloud Assistant agent)" in text


TIMER = json.dumps({"triggerTime": "t", "triggerName": "every-minute", "payload": "timer"}).encode()


@pytest.mark.parametrize(
    ("seconds", "count"), [(300 + 299, 0), (300 + 301, 1), (300 + 500, 1), (300 + 600, 0)]
)
def test_a_request_without_an_end_is_told_as_unknown(seconds: float, count: int) -> None:
    """Five minutes after its time was over, and not for ever."""
    hanging = invocation(run(status="Running"), created=NOW, timeout_seconds=300)
    done = invocation(invoke_id="t-2", created=NOW, timeout_seconds=300)
    events = told(hanging, done, payload=TIMER, now=NOW + seconds)
    assert len(events) == count
    for event in events:
        assert event["data"]["detail"]["InvocationStatus"] == "Unknown"
        assert "outcome unknown" in event["data"]["message"]["markdown"]["title"]


def test_unknown_is_told_once_and_the_end_all_the_same() -> None:
    """The timer sees a request several times, with one id; a late end has another."""
    hanging = invocation(run(status="Running"), created=NOW, timeout_seconds=60)
    ids = [told(hanging, payload=TIMER, now=NOW + 400 + s)[0]["id"] for s in (0, 60, 120)]
    assert len(set(ids)) == 1
    assert published(invocation())["id"] not in ids


def test_a_result_without_an_address_is_told_all_the_same() -> None:
    """The message then names the instance alone."""
    hosts, bus = FakeHosts(), FakeBus()
    hosts.failure = ApiTroubleError("DescribeInstances", "Throttling")
    commands = FakeCommands(invocation())
    PublishResult(LOOP, commands, hosts, bus, NOBODY, lambda: NOW).serve(completed())
    assert bus.events[0]["data"]["detail"]["Host"] == {"name": "", "address": ""}


def test_the_watcher_hears_that_a_result_was_published() -> None:
    """Once it was, and for as long as a promise may still be looked at."""
    queues = FakeQueues(lambda: NOW)
    bus, watched = FakeBus(), Notes("publish-result", queues, "watch", lambda: NOW)
    with_hash = {**invocation().parameters, "request_hash": "5eed"}
    commands = FakeCommands(invocation(parameters=with_hash, timeout_seconds=300))
    function = PublishResult(LOOP, commands, FakeHosts(), bus, watched, lambda: NOW)
    bus.failure = ApiTroubleError("PutEvents", "Timeout")
    with pytest.raises(ApiTroubleError):
        function.serve(completed())
    assert queues.receive("watch") == []
    bus.failure = None
    function.serve(completed())
    (note,) = queues.receive("watch")
    assert notes.read(note.body) == Published("5eed", NOW, NOW + 300 + 900 + 600)


def test_a_note_that_cannot_be_left_stops_no_result() -> None:
    """An alarm too many is better than a message too few."""
    queues = FakeQueues(lambda: NOW)
    queues.failure = ApiTroubleError("SendMessage", "Timeout")
    bus, watched = FakeBus(), Notes("publish-result", queues, "watch", lambda: NOW)
    commands = FakeCommands(invocation(parameters={**invocation().parameters, "request_hash": "1"}))
    PublishResult(LOOP, commands, FakeHosts(), bus, watched, lambda: NOW).serve(completed())
    assert len(bus.events) == 1
