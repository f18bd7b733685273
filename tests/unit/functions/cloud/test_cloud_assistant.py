"""What the functions read out of Cloud Assistant's answers."""

import base64
import json
from typing import Any

import pytest

from functions.cloud.cloud_assistant import CloudAssistant
from functions.cloud.numbers import whole_number


class FakeRpc:
    """Returns prepared answers and remembers the calls."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the next answer."""
        self.calls.append((action, params))
        return self.answers.pop(0)


def answer(*invocations: dict[str, Any], next_token: str = "") -> dict[str, Any]:
    """Return an answer of DescribeInvocations."""
    return {"NextToken": next_token, "Invocations": {"Invocation": list(invocations)}}


def record(**changes: Any) -> dict[str, Any]:
    """Return an invocation as the API shows it."""
    return {
        "InvokeId": "t-1",
        "CommandId": "c-1",
        "CommandName": "p-provision-0123456789ab",
        "Parameters": '{"emp_id":"E123","role":"devops"}',
        "InvocationStatus": "Success",
        "Tags": {"Tag": [{"TagKey": "k", "TagValue": "v"}]},
        "InvokeInstances": {
            "InvokeInstance": [
                {
                    "InstanceId": "i-1",
                    "InvocationStatus": "Success",
                    "ExitCode": 0,
                    "StartTime": "2026-01-01T00:00:00Z",
                    "FinishTime": "2026-01-01T00:00:42Z",
                    "Output": base64.b64encode("完成\n".encode()).decode(),
                    "Dropped": 7,
                    "ErrorCode": "",
                    "ErrorInfo": "",
                }
            ]
        },
        **changes,
    }


def read(*answers: dict[str, Any]) -> tuple[CloudAssistant, FakeRpc]:
    """Return a client with prepared answers."""
    rpc = FakeRpc(*answers)
    return CloudAssistant(rpc, "cn-hangzhou"), rpc  # type: ignore[arg-type]


def test_a_record_is_read_whole() -> None:
    """Parameters, tags and runs come out of their wrappings; the output is decoded."""
    client, _ = read(answer(record()))
    found = client.result("t-1", "i-1")
    assert found
    assert found.parameters == {"emp_id": "E123", "role": "devops"}
    assert found.tags == {"k": "v"}
    (run,) = found.runs
    assert (
        run.status,
        run.exit_code,
        run.output,
        run.dropped,
        run.is_finished,
    ) == ("Success", 0, "完成\n", 7, True)


@pytest.mark.parametrize(("invoke_id", "instance_id"), [("t-2", "i-1"), ("t-1", "i-2")])
def test_another_run_is_not_taken_for_this_one(invoke_id: str, instance_id: str) -> None:
    """Only the run that was asked for is given, whatever the API lists."""
    client, _ = read(answer(record()))
    assert client.result(invoke_id, instance_id) is None


def test_all_pages_are_read() -> None:
    """Requests with many parts are found on any page."""
    client, rpc = read(
        answer(record(InvokeId="t-1"), next_token="n"), answer(record(InvokeId="t-2"))
    )
    assert [found.invoke_id for found in client.find({"k": "v"})] == ["t-1", "t-2"]
    assert [params["NextToken"] for _, params in rpc.calls] == [None, "n"]


def test_records_with_other_tags_are_left_out() -> None:
    """A filter that the API did not apply is applied here."""
    client, _ = read(answer(record(Tags={"Tag": []}), record(Tags=None)))
    assert client.find({"k": "v"}) == []


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"Invocations": None},
        {"Invocations": {"Invocation": None}},
        {"Invocations": {"Invocation": ["text", None]}},
        answer({}),
        answer(record(Parameters="{", InvokeInstances=None, Tags="x")),
        answer(record(InvokeInstances={"InvokeInstance": [{}]})),
    ],
)
def test_answers_with_holes_are_read_as_far_as_they_go(broken: dict[str, Any]) -> None:
    """A field that is missing is empty, not an exception."""
    client, _ = read(json.loads(json.dumps(broken)))
    assert client.result("t-1", "i-1") is None


@pytest.mark.parametrize("status", ["", "Pending", "Running", "Scheduled", "Stopping"])
def test_what_still_runs_is_not_finished(status: str) -> None:
    """An invocation has ended when it has on every instance."""
    runs = {"InvokeInstance": [{"InstanceId": "i-1", "InvocationStatus": status}]}
    client, _ = read(answer(record(InvokeInstances=runs)))
    found = client.result("t-1", "i-1")
    assert found
    assert not found.is_finished


def test_output_that_is_not_base64_is_taken_as_it_is() -> None:
    """An API that answers in plain text is understood, too."""
    runs = {"InvokeInstance": [{"InstanceId": "i-1", "Output": "plain text!"}]}
    client, _ = read(answer(record(InvokeInstances=runs)))
    found = client.result("t-1", "i-1")
    assert found
    assert found.runs[0].output == "plain text!"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        ("0", 0),
        (12.0, 12),
        ("-1", -1),
        (None, None),
        ("", None),
        ("x", None),
        (True, None),
        ([], None),
        ("inf", None),
        (float("nan"), None),
    ],
)
def test_numbers_may_come_as_text_or_doubles(value: object, number: int | None) -> None:
    """Whoever re-writes JSON turns whole numbers into doubles or text."""
    assert whole_number(value) == number


def test_a_command_is_found_by_its_whole_name() -> None:
    """Whatever the filter lets through; one without a description has an empty one."""
    listed = [
        {"Name": "p-paused-2", "Description": "another"},
        {"Name": "p-paused", "Description": "why"},
        {"Name": "p-paused", "Description": "older"},
    ]
    client, rpc = read({"Commands": {"Command": listed}})
    assert client.description("p-paused") == "why"
    assert rpc.calls == [
        ("DescribeCommands", {"RegionId": "cn-hangzhou", "Name": "p-paused", "MaxResults": 50})
    ]
    assert read({"Commands": {"Command": [{"Name": "p"}]}})[0].description("p") == ""
    assert read({})[0].description("p") is None
