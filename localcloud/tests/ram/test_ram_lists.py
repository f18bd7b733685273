"""Lists of roles and of their policies say what the provider's data sources read in them."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from lab.base import ROOT, Lab
from localcloud.api import ApiCall
from localcloud.errors import ApiError
from localcloud.eventbridge.linked_roles import LinkedRoles
from localcloud.ram.actions import ACTIONS, RESOURCE_MANAGER_ACTIONS
from localcloud.ram.service import ManagedPolicy, Ram

TRUST = (
    '{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"Service":["fc.aliyuncs.com"]}}]}'
)
POLICY = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"ecs:*","Resource":"*"}]}'


class RamLab(Lab):
    """RAM alone."""

    def start(self) -> None:
        """Create the service."""
        linked = LinkedRoles(self.store, self.environment.clock, list)
        self.ram = Ram(self.settings, self.environment, self.store, linked)

    async def call(self, action: str, **params: str) -> Any:
        """Do an API action as the gateway does."""
        call = ApiCall("ram", action, ROOT, "REQUEST", params)
        known = {**ACTIONS, **RESOURCE_MANAGER_ACTIONS}
        return await self.perform(known[action], self.ram, call)


@pytest.fixture
async def lab() -> AsyncIterator[RamLab]:
    """Run a lab with two roles, of which one has tags."""
    async with RamLab() as lab:
        lab.ram.create_role("plain", TRUST, "", 3600, {})
        lab.ram.create_role("tagged", TRUST, "", 3600, {"For": "test", "Created": "TF"})
        lab.ram.put_policy(ManagedPolicy("runs", "2026-01-01T00:00:00Z", {"v1": POLICY}, "v1", "d"))
        yield lab


def names(answer: Any) -> Iterator[str]:
    """Return the names in a list of roles."""
    return (role["RoleName"] for role in answer["Roles"]["Role"])


async def test_a_list_of_roles_shows_their_tags_and_is_narrowed_by_them(lab: RamLab) -> None:
    """All of the tags that are asked for must be there, with their values."""
    every = await lab.call("ListRoles")
    assert [role["Tags"]["Tag"] for role in every["Roles"]["Role"]] == [
        [],
        [{"TagKey": "For", "TagValue": "test"}, {"TagKey": "Created", "TagValue": "TF"}],
    ]
    found = await lab.call("ListRoles", Tag='[{"Key": "For", "Value": "test"}]')
    assert list(names(found)) == ["tagged"]
    other = await lab.call("ListRoles", Tag='[{"Key": "For", "Value": "other"}]')
    assert list(names(other)) == []


async def test_a_roles_policies_say_when_they_were_attached(lab: RamLab) -> None:
    """As long as they are; attached again, they say the later time."""
    of_runs = {"RoleName": "plain", "PolicyType": "Custom", "PolicyName": "runs"}

    async def listed() -> list[dict[str, str]]:
        answer = await lab.call("ListPoliciesForRole", RoleName="plain")
        policies: list[dict[str, str]] = answer["Policies"]["Policy"]
        return policies

    await lab.call("AttachPolicyToRole", **of_runs)
    expected = {
        "PolicyName": "runs",
        "PolicyType": "Custom",
        "Description": "d",
        "DefaultVersion": "v1",
        "AttachDate": "2026-01-01T00:00:00Z",
    }
    assert await listed() == [expected]
    await lab.call("DetachPolicyFromRole", **of_runs)
    assert await listed() == []
    lab.clock.advance(60)
    await lab.call("AttachPolicyToRole", **of_runs)
    assert await listed() == [{**expected, "AttachDate": "2026-01-01T00:01:00Z"}]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["default"]),
        ({"Status": "OK", "Name": "default", "ResourceGroupId": "rg-default"}, ["default"]),
        ({"Name": "another"}, []),
        ({"PageNumber": "2"}, []),
    ],
)
async def test_the_default_resource_group_is_listed(
    lab: RamLab, asked: dict[str, str], found: list[str]
) -> None:
    """It is the only one, and on the first page."""
    answer = await lab.call("ListResourceGroups", **asked)
    assert [each["Name"] for each in answer["ResourceGroups"]["ResourceGroup"]] == found


async def test_a_resource_group_is_described_with_its_region(lab: RamLab) -> None:
    """One that is not there is not found."""
    answer = await lab.call("GetResourceGroup", ResourceGroupId="rg-default")
    assert answer["ResourceGroup"]["RegionStatuses"] == {
        "RegionStatus": [{"RegionId": "cn-hangzhou", "Status": "OK"}]
    }
    with pytest.raises(ApiError) as failure:
        await lab.call("GetResourceGroup", ResourceGroupId="rg-other")
    assert (failure.value.code, failure.value.status) == ("EntityNotExist.ResourceGroup", 404)
