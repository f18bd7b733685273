"""Which events the rules of the loop take, judged by the local cloud's own matcher."""

from typing import Any

import pytest

from components import patterns
from localcloud.eventbridge.matching.pattern import Pattern


def result(**changes: Any) -> dict[str, Any]:
    """Return a result event as publish-result puts it."""
    event: dict[str, Any] = {
        "id": "t-1-i-1-Success",
        "source": "ecs.provisioning",
        "type": "provisioning:InvocationResult",
        "specversion": "1.0",
        "data": {
            "detail": {
                "InvocationStatus": "Success",
                "emp_id": "E123",
                "origin": {"source": "dingtalk.approval", "chat": "ops"},
            }
        },
    }
    for name, value in changes.items():
        match name:
            case "status":
                event["data"]["detail"]["InvocationStatus"] = value
            case "chat":
                event["data"]["detail"]["origin"]["chat"] = value
            case _:
                event[name] = value
    return event


def finished(**changes: Any) -> dict[str, Any]:
    """Return Cloud Assistant's event after the documented sample."""
    event: dict[str, Any] = {
        "id": "1",
        "source": "acs.ecs",
        "specversion": "1.0",
        "type": "ecs:CloudAssistant:TaskCompleted",
        "data": {"commandName": "loop-provision-0123456789ab", "invocationStatus": "Success"},
    }
    if "command" in changes:
        event["data"]["commandName"] = changes.pop("command")
    return {**event, **changes}


def matches(pattern: str, event: dict[str, Any]) -> bool:
    """Ask the matcher."""
    return bool(Pattern.compile(pattern).matches(event))


FAILURES = ["Failed", "Timeout", "Aborted", "Invalid", "Cancelled", "Terminated", "Rejected"]


def test_success_is_told_to_the_chat_of_the_request() -> None:
    """A result with status Success for chat ops is for rule completed-ops."""
    assert matches(patterns.completed("ops"), result())


@pytest.mark.parametrize("status", [*FAILURES, "SomethingNew"])
def test_all_but_success_is_a_failure(status: str) -> None:
    """Every other status, known or not, is for rule failed-ops and not for completed-ops."""
    event = result(status=status)
    assert [
        matches(patterns.completed("ops"), event),
        matches(patterns.failed("ops"), event),
    ] == [False, True]


def test_success_is_no_failure() -> None:
    """A success is not told twice."""
    assert not matches(patterns.failed("ops"), result())


@pytest.mark.parametrize("pattern", [patterns.completed("ops"), patterns.failed("ops")])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"chat": "people"}, id="another chat"),
        pytest.param({"source": "dingtalk.approval"}, id="posted to a webhook"),
        pytest.param({"type": "eventbridge:Events:HTTPEvent"}, id="another type"),
    ],
)
def test_what_is_not_a_result_for_the_chat_is_left_alone(
    pattern: str, changes: dict[str, str]
) -> None:
    """Neither rule of a chat takes another chat's results, or what only looks like a result."""
    for status in ("Success", "Failed"):
        assert not matches(pattern, result(status=status, **changes))


NOISE = "provisioning:UnauthenticatedRequests"


@pytest.mark.parametrize("status", ["Success", *FAILURES, "SomethingNew"])
@pytest.mark.parametrize("elsewhere", [[], ["audit"], ["audit", "board"]])
def test_every_result_that_no_other_rule_delivers_is_for_the_queue(
    status: str, elsewhere: list[str]
) -> None:
    """Whatever its status, and also for a chat that nobody knows: the function buries that."""
    pattern = patterns.results(elsewhere)
    assert matches(pattern, result(status=status, chat="ops"))
    assert matches(pattern, result(status=status, chat="unknown"))
    assert matches(pattern, result(status=status, chat="ops", type=NOISE))
    assert matches(pattern, result(status=status, chat="audit")) is not bool(elsewhere)


@pytest.mark.parametrize("elsewhere", [[], ["audit"]])
@pytest.mark.parametrize(
    "changes", [{"source": "dingtalk.approval"}, {"type": "eventbridge:Events:HTTPEvent"}]
)
def test_the_queue_takes_results_only(elsewhere: list[str], changes: dict[str, str]) -> None:
    """What was posted to a webhook is none, even if it says so."""
    assert not matches(patterns.results(elsewhere), result(status="Success", **changes))


def test_a_request_is_what_was_posted_to_one_of_the_sources() -> None:
    """The name of the source decides, whatever the posted JSON says its source is."""
    pattern = patterns.from_sources(["dingtalk.approval", "lark.approval"])
    posted = {"source": "lark.approval", "data": {"body": {"source": "something.else"}}}
    forged = {"source": "dingtalk.member", "data": {"body": {"source": "lark.approval"}}}
    assert [matches(pattern, posted), matches(pattern, forged)] == [True, False]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(finished(), True, id="provision"),
        pytest.param(finished(command="loop-deprovision-ffffffffffff"), True, id="deprovision"),
        pytest.param(finished(command="loop-provision-000000000000"), True, id="earlier script"),
        pytest.param(finished(command="other-provision-0123456789ab"), False, id="another loop"),
        pytest.param(finished(command="backup"), False, id="another command"),
        pytest.param(finished(source="acs.oss"), False, id="another product"),
        pytest.param(finished(type="ecs:Instance:StateChange"), False, id="another event of ECS"),
    ],
)
def test_the_end_of_a_run_is_known_by_the_name_of_its_command(
    event: dict[str, Any], expected: bool
) -> None:
    """Runs of both commands count, also under an earlier script; nothing else on the bus does."""
    pattern = patterns.task_completed(["loop-provision-", "loop-deprovision-"])
    assert matches(pattern, event) == expected


def test_a_pattern_is_compact_json() -> None:
    """The cloud stores the text as it is, so its spacing is fixed."""
    assert patterns.from_sources(["a", "b"]) == '{"source":["a","b"]}'
