"""Service-linked roles that somebody else made, under the real engine.

The program is the component alone: nothing else of the loop rests on who made the roles.
"""

from pathlib import Path

from lab.running_cloud import RunningCloud
from tests.e2e.deployed import ROOT
from tests.e2e.pulumi_project import ENGINE, Project

pytestmark = ENGINE

EVENTBRIDGE, RAM = "2020-04-01", "2015-05-01"
TO_FC = "AliyunServiceRoleForEventBridgeSendToFC"
TO_MNS = "AliyunServiceRoleForEventBridgeSendToMNS"
PROGRAM = f"""
import sys

sys.path += [{str(ROOT)!r}]
from components.service_linked_roles import ServiceLinkedRoles

ServiceLinkedRoles("linked", {{}})
"""


def roles(cloud: RunningCloud) -> set[str]:
    """Return the service-linked roles that the account has."""
    found = cloud.client().rpc(RAM, "ListRoles", {})["Roles"]["Role"]
    return {role["RoleName"] for role in found} & {TO_FC, TO_MNS}


def test_a_role_that_somebody_made_is_taken_over_and_stays(
    cloud: RunningCloud, tmp_path: Path
) -> None:
    """The other one is made; a second run finds nothing to do, and a stack that was destroyed
    comes back in the account that kept both.
    """
    cloud.client().rpc(EVENTBRIDGE, "CreateServiceLinkedRoleForProduct", {"ProductName": TO_FC})
    program = tmp_path / "program"
    program.mkdir()
    (program / "__main__.py").write_text(PROGRAM)
    project = Project(tmp_path / "project", cloud.endpoint, program)

    done = project.up()
    assert (done[f"linked-{TO_FC}"], done[f"linked-{TO_MNS}"]) == ("import", "create")
    assert roles(cloud) == {TO_FC, TO_MNS}
    assert project.up() == {}
    project.destroy()
    assert roles(cloud) == {TO_FC, TO_MNS}
    done = project.up()
    assert (done[f"linked-{TO_FC}"], done[f"linked-{TO_MNS}"]) == ("import", "import")
