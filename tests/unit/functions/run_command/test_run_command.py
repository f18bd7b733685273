"""What run-command does with an event: start once, tell the chat, or ask to be tried again."""

import json
import re
from typing import Any

import pytest

from functions.cloud.errors import FunctionError, TemporaryError
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError
from functions.report import notes
from functions.request import tags as names
from functions.run_command.act import RunCommand
from functions.run_command.clients import Clients
from functions.run_command.launch import CommandGoneError
from functions.run_command.noise import Noise
from tests.unit.functions.samples import (
    LOOP,
    NOW,
    FakeBus,
    FakeCommands,
    FakeHosts,
    FakeQueues,
    detail,
    http_event,
    invocation,
    loop_with,
    run,
    settings,
)


class Stage:
    """The function with stand-ins around it."""

    def __init__(self, *earlier: Any, **changes: str) -> None:
        self.commands = FakeCommands(*earlier)
        self.bus = FakeBus()
        self.hosts = FakeHosts()
        self.now = NOW
        self.queues = FakeQueues(lambda: self.now)
        clients = Clients(self.commands, self.hosts, self.bus, self.queues)
        self.function = RunCommand(settings(**changes), clients, Noise(), lambda: self.now)

    def serve(self, payload: bytes) -> list[dict[str, Any]]:
        """Serve an event; give the lines that were logged."""
        return [json.loads(line) for line in self.function.serve(payload).splitlines()]

    @property
    def told(self) -> dict[str, Any]:
        """The one result event that was published."""
        (event,) = self.bus.events
        return event


def test_an_approved_request_starts_the_command() -> None:
    """The command runs with the request's parameters and the stack's time limit."""
    stage = Stage()
    (line,) = stage.serve(http_event(detail()))
    (call,) = stage.commands.started
    assert call["parameters"] == {
        "emp_id": "E123",
        "role": "devops",
        "moment": "1767225540000",
        "expires": "",
        "ssh_key": "",
        "request_hash": "d0c01bdf2fe54c63",
    }
    assert (
        call["command_id"],
        call["timeout_seconds"],
        call["instance_ids"],
    ) == ("c-provision", 300, ("i-1",))
    assert stage.bus.events == []
    expected = {
        "function": "run-command",
        "decision": "started",
        "event_id": "event-1",
        "source": "dingtalk.approval",
        "request_id": "20261122-0001",
        "action": "provision",
        "chat": "ops",
        "invoke_id": "t-1",
        "part": "1/1",
    }
    assert line == expected


def test_a_rejection_is_published_for_the_chat() -> None:
    """A refused request becomes a result event with the reason and a finished message."""
    stage = Stage()
    (line,) = stage.serve(http_event(detail(emp_id="E1;id")))
    assert (line["decision"], line["reason"]) == ("rejected", "malformed")
    assert stage.commands.started == []
    event = stage.told
    expected = ("ecs.provisioning", "provisioning:InvocationResult")
    assert (event["source"], event["type"]) == expected
    assert re.fullmatch(r"[0-9a-f]{32}", event["id"])
    assert event["aliyuneventbusname"] == "provisioning-test"
    told = event["data"]["detail"]
    assert (
        told["InvocationStatus"],
        told["ReasonCode"],
        told["emp_id"],
    ) == ("Rejected", "malformed", "")
    assert told["origin"] == {
        "source": "dingtalk.approval",
        "chat": "ops",
        "wanted_chat": "",
        "event": "event-1",
    }
    assert "E1;id" in event["data"]["message"]["markdown"]["text"]


def test_what_is_no_event_is_told_to_the_default_chat() -> None:
    """Not even a payload that is no event makes the function fail."""
    stage = Stage()
    for payload in (b"", b"\xff\xfe", b"[]", b"null"):
        stage.serve(payload)
    assert [d["ReasonCode"] for d in stage.bus.details] == ["unreadable-event"] * 4
    assert {d["origin"]["chat"] for d in stage.bus.details} == {"audit"}
    assert len({event["id"] for event in stage.bus.events}) == 4


def test_the_same_event_delivered_twice_starts_one_command() -> None:
    """The second delivery finds the first one's invocation and only logs."""
    stage = Stage()
    stage.serve(http_event(detail()))
    (line,) = stage.serve(http_event(detail()))
    assert (line["decision"], len(stage.commands.started)) == ("already-started", 1)
    assert stage.bus.events == []


def test_a_repeat_while_the_first_is_running_only_logs() -> None:
    """The first one's completion will tell the chat, so the repeat says nothing."""
    stage = Stage()
    stage.serve(http_event(detail()))
    (line,) = stage.serve(http_event(detail(), event_id="event-2"))
    assert (line["decision"], len(stage.commands.started)) == ("repeat-of-running", 1)
    assert stage.bus.events == []


def test_a_repeat_is_answered_with_the_first_result() -> None:
    """Hours later the same request gets the first run's result, marked as a repeat."""
    stage = Stage(invocation())
    stage.serve(http_event(detail(chat="people", requested_by="wang.wu")))
    assert stage.commands.started == []
    told = stage.told["data"]["detail"]
    assert (
        told["repeat"],
        told["InvocationStatus"],
        told["InvokeId"],
        told["InstanceId"],
        told["ExitCode"],
        told["origin"]["chat"],
        told["requested_by"],
    ) == (True, "Success", "t-1", "i-1", 0, "ops", "li.lei")
    assert "creating user" in told["OutputTail"]
    assert "This is the first run's result" in json.dumps(
        stage.told["data"]["message"], ensure_ascii=False
    )


def test_each_repeat_is_answered_once() -> None:
    """A repeat's answer has an id of its own, the same however often the repeat is delivered."""
    stage = Stage(invocation())
    for event_id in ("event-2", "event-2", "event-3"):
        stage.serve(http_event(detail(), event_id=event_id))
    ids = [event["id"] for event in stage.bus.events]
    assert ids[0] == ids[1] != ids[2]
    assert all(re.fullmatch(r"[0-9a-f]{32}", i) for i in ids)


def test_a_repeat_of_a_split_request_is_one_answer() -> None:
    """However many instances there were, a repeat puts one message into the chat."""
    roles = {**LOOP["roles"], "devops": {"instances": [f"i-{n}" for n in range(150)]}}
    first = invocation(*(run(f"i-{n}") for n in range(100)), tags={names.PART: "1/2"})
    second = invocation(
        *(run(f"i-{n}") for n in range(100, 149)),
        run("i-149"),
        invoke_id="t-2",
        tags={names.PART: "2/2"},
    )
    stage = Stage(first, second, LOOP=loop_with(roles=roles))
    stage.serve(http_event(detail()))
    told = stage.told["data"]["detail"]
    assert (
        told["InvocationStatus"],
        told["InvokeId"],
        told["InstanceId"],
    ) == ("Success", "t-1", "i-0")
    assert told["Instances"] == {"Success": 150}


def test_an_id_that_was_used_for_somebody_else_blocks_nobody() -> None:
    """The request runs, and nothing of the other one is told."""
    stage = Stage(invocation(parameters={"emp_id": "E007", "role": "devops"}))
    (line,) = stage.serve(http_event(detail()))
    assert (line["decision"], stage.bus.events) == ("started", [])


def test_what_failed_is_made_again() -> None:
    """A new event of the same request is another attempt."""
    stage = Stage(invocation(run("i-1", "Failed", exit_code=7)))
    (line,) = stage.serve(http_event(detail(), event_id="event-2"))
    assert (line["decision"], stage.bus.events) == ("started", [])
    assert stage.commands.started[0]["tags"][names.ATTEMPT] == "2"


def test_what_cloud_assistant_has_forgotten_is_known_to_the_host() -> None:
    """It runs again, as old as its new event; the hash is what tells the host how old it is."""
    stage = Stage()
    stage.serve(http_event(detail()))
    stage.commands.earlier.clear()
    late = http_event(detail(), event_id="event-2", time="2026-01-01T07:59:59.000+08:00")
    assert stage.serve(late)[0]["decision"] == "started"
    first, second = (call["parameters"] for call in stage.commands.started)
    assert first["moment"] < second["moment"]
    assert first["request_hash"] == second["request_hash"]


def test_giving_and_removing_with_the_same_id_do_not_collide() -> None:
    """A removal is no repeat of the request that gave the account."""
    stage = Stage(invocation())
    (line,) = stage.serve(http_event(detail(), kind="DeprovisionRequest"))
    assert (line["decision"], line["action"]) == ("started", "deprovision")


def test_another_environments_request_is_not_ours() -> None:
    """Two stacks in one account and region do not see each other's requests."""
    stage = Stage(invocation(tags={names.PREFIX: "provisioning-other"}))
    (line,) = stage.serve(http_event(detail()))
    assert line["decision"] == "started"


def test_a_split_request_goes_on_where_it_was_throttled() -> None:
    """The retry starts what is missing, and nothing twice."""
    roles = {**LOOP["roles"], "devops": {"instances": [f"i-{n}" for n in range(250)]}}
    stage = Stage(LOOP=loop_with(roles=roles))
    stage.commands.failures = [None, ApiTroubleError("InvokeCommand", "Throttling.User")]
    with pytest.raises(ApiTroubleError, match="Throttling"):
        stage.serve(http_event(detail()))
    assert len(stage.commands.started) == 1
    lines = stage.serve(http_event(detail()))
    assert [line["part"] for line in lines] == ["2/3", "3/3"]
    ids = [i for call in stage.commands.started for i in call["instance_ids"]]
    assert ids == [f"i-{n}" for n in range(250)]


@pytest.mark.parametrize("code", ["InvalidCmdId.NotFound", "InvalidCommandId.NotFound"])
def test_a_command_that_has_just_vanished_is_tried_again(code: str) -> None:
    """While the stack replaces the command, requests wait instead of failing."""
    stage = Stage()
    stage.commands.failures = [ApiRefusedError("InvokeCommand", code, "does not exist")]
    with pytest.raises(CommandGoneError, match=code):
        stage.serve(http_event(detail()))
    assert stage.bus.events == []
    assert stage.serve(http_event(detail()))[0]["decision"] == "started"


def test_two_at_the_same_moment_start_one_command() -> None:
    """Whoever loses the race for the client token is tried again, and is then a repeat."""
    stage = Stage()
    stage.commands.failures = [ApiRefusedError("InvokeCommand", "IdempotentParameterMismatch")]
    with pytest.raises(TemporaryError):
        stage.serve(http_event(detail()))
    stage.commands.earlier = [invocation()]
    assert stage.serve(http_event(detail()))[0]["decision"] == "repeated"
    assert stage.commands.started == []


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("NoPermission", "The RAM user is not authorized"),
        ("InvalidInstance.NotFound", "The specified instance does not exist."),
        ("InvalidInstance.NotMatch", "The specified instance type does not match the command."),
        ("InvalidResourceTag.InstanceNotFound", "InstanceIds are not found"),
        ("Invocation.ExceedQuota", "The invocation quota has been reached for today."),
        ("InvalidParameter.Parameters", "not valid"),
    ],
)
def test_what_the_cloud_refuses_for_good_is_told_to_the_chat(code: str, message: str) -> None:
    """A permanent failure is a result with action and code, not an exception that is repeated."""
    stage = Stage()
    stage.commands.failures = [ApiRefusedError("InvokeCommand", code, message)]
    (line,) = stage.serve(http_event(detail()))
    assert (line["decision"], line["code"]) == ("refused", code)
    told = stage.told["data"]["detail"]
    assert (
        told["InvocationStatus"],
        told["ReasonCode"],
        told["InstanceId"],
    ) == ("Failed", "refused", "i-1")
    assert told["Reason"] == f"InvokeCommand was refused by the cloud: {code} {message}"


def test_a_look_up_that_is_refused_starts_nothing() -> None:
    """Without knowing whether it is a repeat, the function does not run a command."""
    stage = Stage()

    def refuse(tags: object, *, running: bool = False) -> Any:
        raise ApiRefusedError("DescribeInvocations", "NoPermission", "not authorized")

    stage.commands.find = refuse  # type: ignore[method-assign]
    stage.serve(http_event(detail()))
    assert stage.commands.started == []
    assert "DescribeInvocations" in stage.told["data"]["detail"]["Reason"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [("dingtalk.approval", "provisioning is paused"), ("lark.approval", "开通已暂停")],
)
def test_a_paused_stack_refuses_with_the_reason(source: str, shown: str) -> None:
    """In the chat's language, not green; nothing runs, and the request may be made again."""
    stage = Stage()
    stage.commands.descriptions["provisioning-test-paused"] = "audit till noon <at id=all></at>"
    event = http_event(detail(), source=source, headers={"X-Provisioning-Token": "right-token"})
    (line,) = stage.serve(event)
    assert (line["decision"], line["reason"], stage.commands.started) == ("rejected", "paused", [])
    told = stage.told["data"]["detail"]
    assert (told["InvocationStatus"], told["ReasonCode"]) == ("Rejected", "paused")
    assert told["Reason"].startswith(shown)
    assert "audit till noon" in told["Reason"]
    assert "<at" not in json.dumps(stage.told["data"]["message"])

    stage.commands.descriptions.clear()
    (line,) = stage.serve(event)
    assert (line["decision"], len(stage.commands.started)) == ("started", 1)


def test_another_stacks_pause_is_not_ours() -> None:
    """The command's name holds the stack's own."""
    stage = Stage()
    stage.commands.descriptions["provisioning-prod-paused"] = "audit"
    (line,) = stage.serve(http_event(detail()))
    assert line["decision"] == "started"


def test_a_pause_without_a_reason_is_one() -> None:
    """Somebody may have created the command in the console."""
    stage = Stage()
    stage.commands.descriptions["provisioning-test-paused"] = ""
    stage.serve(http_event(detail()))
    assert stage.told["data"]["detail"]["Reason"] == "provisioning is paused: -"


def test_taking_away_goes_on_while_a_stack_is_paused() -> None:
    """A leaver waits for nobody's incident."""
    stage = Stage()
    stage.commands.descriptions["provisioning-test-paused"] = "audit"
    (line,) = stage.serve(http_event(detail(), kind="DeprovisionRequest"))
    assert (line["decision"], stage.bus.events) == ("started", [])


def test_a_success_is_repeated_while_a_stack_is_paused() -> None:
    """To tell what was done before starts nothing."""
    stage = Stage(invocation())
    stage.commands.descriptions["provisioning-test-paused"] = "audit"
    (line,) = stage.serve(http_event(detail()))
    assert line["decision"] == "repeated"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ApiTroubleError("DescribeCommands", "Throttling"), None),
        (ApiRefusedError("DescribeCommands", "NoPermission", "not authorized"), "DescribeCommands"),
    ],
)
def test_who_cannot_see_whether_it_is_paused_starts_nothing(
    error: FunctionError, told: str | None
) -> None:
    """An outage is tried again, a refusal is told."""
    stage = Stage()

    def fail(name: str) -> str | None:
        raise error

    stage.commands.description = fail  # type: ignore[method-assign]
    if told is None:
        with pytest.raises(TemporaryError):
            stage.serve(http_event(detail()))
    else:
        stage.serve(http_event(detail()))
        assert told in stage.told["data"]["detail"]["Reason"]
    assert stage.commands.started == []


def test_a_bus_that_is_out_of_reach_makes_the_event_come_again() -> None:
    """A chat that could not be told is told at the next try, with the same event id."""
    stage = Stage()
    stage.bus.failure = ApiTroubleError("PutEvents", "Timeout")
    with pytest.raises(TemporaryError):
        stage.serve(http_event(detail(role="unheard")))
    stage.bus.failure = None
    stage.serve(http_event(detail(role="unheard")))
    assert stage.told["data"]["detail"]["InvocationStatus"] == "Rejected"


def test_the_log_has_ids_and_no_payload(capsys: pytest.CaptureFixture[str]) -> None:
    """One line of JSON per decision, without what was posted."""
    stage = Stage()
    stage.serve(http_event(detail(note="very private", requested_by="li.lei")))
    stage.serve(http_event(detail(emp_id="private; rm")))
    out = capsys.readouterr().out
    assert len([json.loads(line) for line in out.splitlines()]) == 2
    assert "private" not in out
    assert "li.lei" not in out


def notes_of(stage: Stage) -> list[notes.Note | None]:
    """Return what was left for the watcher, whenever it becomes visible."""
    return [notes.read(message.body) for _, message in stage.queues.messages.get("watch", [])]


def test_a_result_is_promised_before_anything_is_started() -> None:
    """The watcher sees the promise when the result is overdue, and never another one."""
    stage = Stage(WATCH_QUEUE="watch")
    stage.commands.failures = [ApiTroubleError("InvokeCommand", "Throttling")]
    with pytest.raises(TemporaryError):
        stage.serve(http_event(detail()))
    subject = notes.Subject("provision", "E123", "devops", "20261122-0001", "dingtalk.approval")
    assert notes_of(stage) == [notes.Promised("d0c01bdf2fe54c63", NOW, subject)]
    ((visible, _),) = stage.queues.messages["watch"]
    assert visible == NOW + 300 + 900
    stage.serve(http_event(detail()))
    assert stage.commands.started
    stage.serve(http_event(detail()))
    assert len(notes_of(stage)) == 2, "what was started before is promised already"


def test_what_run_command_tells_by_itself_keeps_its_promise() -> None:
    """No run will have a result where the cloud refuses, or no host can be reached."""
    refused = Stage(WATCH_QUEUE="watch")
    refused.commands.failures = [ApiRefusedError("InvokeCommand", "NoPermission")]
    refused.serve(http_event(detail()))
    stopped = Stage(WATCH_QUEUE="watch")
    stopped.hosts.states["i-1"] = "Stopped"
    stopped.serve(http_event(detail()))
    for stage in (refused, stopped):
        kinds = [type(note).__name__ for note in notes_of(stage)]
        assert kinds == ["Promised", "Published"]


def test_nothing_is_promised_for_what_has_no_result_of_its_own() -> None:
    """A refusal is told at once; a repeat of a running request is told by the first one."""
    stage = Stage(WATCH_QUEUE="watch")
    stage.serve(http_event(detail(emp_id="E1;id")))
    stage.serve(http_event(detail()))
    stage.serve(http_event(detail(), event_id="event-2"))
    assert [type(note).__name__ for note in notes_of(stage)] == ["Promised"]


def test_a_watchers_queue_that_is_out_of_reach_stops_nobody() -> None:
    """What is watched goes on without its watcher."""
    stage = Stage(WATCH_QUEUE="watch")
    stage.queues.failure = ApiTroubleError("SendMessage", "Timeout")
    stage.serve(http_event(detail()))
    assert len(stage.commands.started) == 1
