"""Instances as ECS describes them, and the resources that RAM is asked about."""

from typing import Any

import pytest

from lab.ecs import EcsLab
from localcloud.ecs.statuses import overall, overall_legacy_status
from localcloud.errors import ApiError

ARN = "acs:ecs:cn-hangzhou:1234567890123456:"


async def test_instances_are_described_as_the_provider_reads_them(lab: EcsLab) -> None:
    """Every instance has one private address and is in the list of RAM roles."""
    asked = {"InstanceIds": '["i-local0001", "i-none"]'}
    answer = await lab.call("DescribeInstances", **asked)
    (instance,) = answer["Instances"]["Instance"]
    assert answer["TotalCount"] == 1
    assert instance["InstanceId"] == "i-local0001"
    assert instance["Status"] == "Running"
    assert len(instance["VpcAttributes"]["PrivateIpAddress"]["IpAddress"]) == 1
    roles = await lab.call("DescribeInstanceRamRole", **asked)
    assert roles["InstanceRamRoleSets"]["InstanceRamRoleSet"] == [
        {"InstanceId": "i-local0001", "RamRoleName": ""}
    ]
    disks = await lab.call("DescribeDisks", **asked)
    assert disks["Disks"] == {"Disk": []}
    regions = await lab.call("DescribeRegions")
    assert regions["Regions"]["Region"][0]["RegionId"] == "cn-hangzhou"


async def test_instances_are_found_by_tag(lab: EcsLab) -> None:
    """The two first instances have the roles of the demonstration."""
    answer = await lab.call("DescribeInstances", Tag_1_Key="role", Tag_1_Value="db")
    listed = [instance["InstanceId"] for instance in answer["Instances"]["Instance"]]
    assert listed == ["i-local0002"]


async def test_list_that_is_no_list_is_refused(lab: EcsLab) -> None:
    """InstanceIds must be a JSON list of texts."""
    with pytest.raises(ApiError, match=r"InvalidParameter\.InstanceIds"):
        await lab.call("DescribeInstances", InstanceIds="i-local0001")


@pytest.mark.parametrize(
    ("action", "params", "expected"),
    [
        ("CreateCommand", {}, ["command/*"]),
        ("DeleteCommand", {"CommandId": "c-1"}, ["command/c-1"]),
        ("DescribeCommands", {}, ["command/*"]),
        (
            "InvokeCommand",
            {"CommandId": "c-1", "InstanceId_1": "i-1", "InstanceId_2": "i-2"},
            ["command/c-1", "instance/i-1", "instance/i-2"],
        ),
        (
            "InvokeCommand",
            {"CommandId": "c-1", "ResourceTag_1_Key": "role", "ResourceTag_1_Value": "db"},
            ["command/c-1", "instance/i-local0002"],
        ),
        ("InvokeCommand", {"CommandId": "c-1"}, ["command/c-1", "instance/*"]),
        ("RunCommand", {"InstanceId_1": "i-1"}, ["instance/i-1"]),
        ("RunCommand", {"InstanceId_1": "i-1", "KeepCommand": True}, ["instance/i-1", "command/*"]),
        ("DescribeInvocations", {}, ["command/*", "instance/*"]),
        (
            "DescribeInvocations",
            {"CommandId": "c-1", "InstanceId": "i-1"},
            ["command/c-1", "instance/i-1"],
        ),
        ("DescribeInvocationResults", {"InvokeId": "t-1"}, ["command/*", "instance/*"]),
        ("StopInvocation", {"InvokeId": "t-1", "InstanceId_1": "i-1"}, ["instance/i-1"]),
        ("StopInvocation", {"InvokeId": "t-1"}, ["instance/*"]),
        ("DescribeInstances", {"InstanceIds": '["i-1"]'}, ["instance/i-1"]),
        ("TagResources", {"ResourceType": "command", "ResourceId_1": "c-1"}, ["command/c-1"]),
    ],
)
async def test_permission_is_needed_on(
    lab: EcsLab, action: str, params: dict[str, Any], expected: Any
) -> None:
    """Each action names the resources of the RAM reference that its caller needs."""
    assert lab.resources(action, **params) == [ARN + name for name in expected]


async def test_tags_of_resources_are_known_for_conditions(lab: EcsLab) -> None:
    """Tags of an instance and a command can be asked for by name; unknown names have none."""
    command_id = await lab.create("x", Tag_1_Key="app", Tag_1_Value="loop")
    assert lab.ecs.resource_tags(f"{ARN}instance/i-local0002") == {"role": "db"}
    assert lab.ecs.resource_tags(f"{ARN}command/{command_id}") == {"app": "loop"}
    assert lab.ecs.resource_tags(f"{ARN}command/*") == {}
    assert lab.ecs.resource_tags("acs:ecs:cn-hangzhou:1:disk/d-1") == {}


@pytest.mark.parametrize(
    ("statuses", "state", "old"),
    [
        (["Success"], "Success", "Finished"),
        (["Success", "Terminated"], "Success", "Finished"),
        (["Success", "Failed"], "PartialFailed", "PartialFailed"),
        (["Success", "Timeout", "Cancelled"], "PartialFailed", "PartialFailed"),
        (["Failed", "Cancelled"], "Failed", "Failed"),
        (["Aborted"], "Failed", "Failed"),
        (["Invalid"], "Failed", "Failed"),
        (["Cancelled", "Terminated"], "Stopped", "Stopped"),
        (["Pending", "Failed"], "Pending", "Running"),
        (["Running", "Success"], "Running", "Running"),
        (["Stopping", "Success"], "Stopping", "Stopping"),
    ],
)
def test_state_of_an_invocation_follows_from_its_runs(
    statuses: list[str], state: str, old: str
) -> None:
    """The whole is told from its parts, in the new and in the old words."""
    assert (overall(statuses), overall_legacy_status(statuses)) == (state, old)
