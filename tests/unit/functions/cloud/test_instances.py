"""Which instances there are, and on which of them a command can run."""

from typing import Any

import pytest

from functions.cloud.instances import Instance, Instances
from tests.unit.functions.cloud.test_cloud_assistant import FakeRpc

REGION = "cn-hangzhou"


def described(*given: dict[str, Any], next_token: str = "") -> dict[str, Any]:
    """Return an answer of DescribeInstances."""
    return {"Instances": {"Instance": list(given)}, "NextToken": next_token}


def agents(*ids: str, next_token: str = "", status: object = "true") -> dict[str, Any]:
    """Return an answer of DescribeCloudAssistantStatus."""
    listed = [{"InstanceId": i, "CloudAssistantStatus": status} for i in ids]
    return {
        "InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": listed},
        "NextToken": next_token,
    }


def record(instance_id: str, status: str = "Running") -> dict[str, Any]:
    """Return an instance as the API shows it."""
    return {
        "InstanceId": instance_id,
        "InstanceName": f"name of {instance_id}",
        "Status": status,
        "VpcAttributes": {"PrivateIpAddress": {"IpAddress": ["10.0.0.7", "10.0.0.8"]}},
    }


def found(rpc: FakeRpc, *ids: str) -> list[Instance]:
    """Look instances up by id."""
    return Instances(rpc, REGION).named(ids)  # type: ignore[arg-type]


def test_an_instance_is_reachable_if_it_runs_and_its_agent_answers() -> None:
    """Only of those that run the agent is asked for."""
    rpc = FakeRpc(described(record("i-1"), record("i-2", "Stopped"), record("i-3")), agents("i-1"))
    first, second, third = found(rpc, "i-1", "i-2", "i-3", "i-4")
    assert first == Instance("i-1", "name of i-1", "10.0.0.7", "Running", has_agent=True)
    assert [i.is_reachable for i in (first, second, third)] == [True, False, False]
    assert [i.state for i in (first, second, third)] == ["Running", "Stopped", "no agent"]
    assert rpc.calls[1][1]["InstanceId"] == ["i-1", "i-3"]


@pytest.mark.parametrize("status", ["false", "", None, True])
def test_an_agent_that_does_not_say_true_is_none(status: object) -> None:
    """The API gives a text."""
    (one,) = found(FakeRpc(described(record("i-1")), agents("i-1", status=status)), "i-1")
    assert not one.is_reachable


def test_many_are_asked_for_in_pages() -> None:
    """100 instances and 50 agents at a time, and every page of each answer."""
    ids = [f"i-{n}" for n in range(150)]
    rpc = FakeRpc(
        described(*map(record, ids[:60]), next_token="more"),
        described(*map(record, ids[60:100])),
        agents(*ids[:50]),
        agents(*ids[50:70], next_token="more"),
        agents(*ids[70:100]),
        described(*map(record, ids[100:])),
        agents(*ids[100:]),
    )
    assert [i.id for i in found(rpc, *ids) if i.is_reachable] == ids
    assert rpc.calls[1][1]["NextToken"] == rpc.calls[4][1]["NextToken"] == "more"
    assert rpc.answers == []


def test_nobody_is_asked_about_nothing() -> None:
    """Without ids the API would return every instance."""
    rpc = FakeRpc()
    assert (found(rpc), rpc.calls) == ([], [])


def test_tags_are_pairs() -> None:
    """As InvokeCommand had them."""
    rpc = FakeRpc(described())
    assert Instances(rpc, REGION).tagged([("role", "db")]) == []  # type: ignore[arg-type]
    assert rpc.calls[0][1]["Tag"] == [{"Key": "role", "Value": "db"}]


@pytest.mark.parametrize("given", [{}, {"Instances": None}, described({}), described({"Tags": 1})])
def test_odd_answers_are_no_hosts(given: dict[str, Any]) -> None:
    """Nothing that is missing makes it raise."""
    assert all(not i.is_reachable for i in found(FakeRpc(given), "i-1"))
