"""The actions that describe instances, and what belongs to them."""

from typing import Any

from localcloud.api import Answer, ApiCall
from localcloud.ecs.encoding import (
    arn,
    check_region,
    cut,
    ids,
    json_list,
    listed_tags,
    page,
    tags,
)
from localcloud.ecs.instances import InstanceRow
from localcloud.ecs.invocations import Search, Slice
from localcloud.ecs.service import Ecs
from localcloud.environment import iso_utc

_AGENT_VERSION = "2.2.3.857"


async def describe_instances(ecs: Ecs, call: ApiCall) -> Answer:
    """List instances by id; unknown ids are left out."""
    check_region(ecs, call)
    wanted, wanted_tags = json_list(call, "InstanceIds"), tags(call)
    found = [
        row
        for row in _by_id(ecs)
        if (not wanted or row.instance_id in wanted)
        and call.params.get("InstanceName", "") in {"", row.name}
        and call.params.get("Status", "") in {"", row.status}
        and all(row.tags.get(key) == value for key, value in wanted_tags.items())
    ]
    part, fields = cut(page(call, 100), found)
    return {"Instances": {"Instance": [_instance(ecs, row) for row in part]}, **fields}


async def describe_instance_ram_role(ecs: Ecs, call: ApiCall) -> Answer:
    """List the role of each instance: none has one."""
    check_region(ecs, call)
    wanted = json_list(call, "InstanceIds")
    found = [row for row in _by_id(ecs) if not wanted or row.instance_id in wanted]
    roles = [{"InstanceId": row.instance_id, "RamRoleName": ""} for row in found]
    return {
        "InstanceRamRoleSets": {"InstanceRamRoleSet": roles},
        "RegionId": ecs.settings.region,
        "TotalCount": len(roles),
    }


async def describe_disks(ecs: Ecs, call: ApiCall) -> Answer:
    """List disks: instances of the local cloud have none."""
    check_region(ecs, call)
    part, fields = cut(page(call, 500), list[dict[str, Any]]())
    return {"Disks": {"Disk": part}, **fields}


async def describe_regions(ecs: Ecs, call: ApiCall) -> Answer:  # noqa: ARG001
    """List the one region that there is."""
    region = ecs.settings.region
    listed = {"RegionId": region, "LocalName": region, "RegionEndpoint": ecs.settings.endpoint}
    return {"Regions": {"Region": [{**listed, "Status": "available"}]}}


async def describe_cloud_assistant_status(ecs: Ecs, call: ApiCall) -> Answer:
    """Report that Cloud Assistant answers on each instance, and how busy it is."""
    check_region(ecs, call)
    wanted = ids(call, "InstanceId")
    found = [row for row in _by_id(ecs) if not wanted or row.instance_id in wanted]
    part, fields = cut(page(call), found)
    listed = [_agent(ecs, row) for row in part]
    return {
        "InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": listed},
        **fields,
    }


def instance_resources(ecs: Ecs, call: ApiCall) -> list[str]:
    """Name the instances that a request is about, or all of them."""
    given = json_list(call, "InstanceIds") or ids(call, "InstanceId") or ["*"]
    return [arn(ecs, "instance", instance_id) for instance_id in given]


def disk_resources(ecs: Ecs, call: ApiCall) -> list[str]:  # noqa: ARG001
    """Name all disks."""
    return [arn(ecs, "disk", "*")]


def _by_id(ecs: Ecs) -> list[InstanceRow]:
    return sorted(ecs.existing(), key=lambda row: row.number)


def _agent(ecs: Ecs, row: InstanceRow) -> dict[str, Any]:
    last, total = ecs.history.search(Search(instance_id=row.instance_id), Slice(1))
    return {
        "InstanceId": row.instance_id,
        "CloudAssistantStatus": "true" if row.is_reachable else "false",
        "CloudAssistantVersion": _AGENT_VERSION,
        "OSType": "Linux",
        "SupportSessionManager": False,
        "ActiveTaskCount": ecs.dispatcher.running(row.instance_id),
        "InvocationCount": total,
        "LastInvokedTime": iso_utc(last[0].created) if last else "",
        "LastHeartbeatTime": iso_utc(ecs.clock.now()) if row.is_reachable else "",
    }


def _instance(ecs: Ecs, row: InstanceRow) -> dict[str, Any]:
    return {
        "InstanceId": row.instance_id,
        "InstanceName": row.name,
        "HostName": row.name,
        "Status": row.status,
        "RegionId": ecs.settings.region,
        "ZoneId": f"{ecs.settings.region}-a",
        "InstanceType": "ecs.local",
        "OSType": "linux",
        "OSName": "Alibaba Cloud Linux 3 (local cloud)",
        "OSNameEn": "Alibaba Cloud Linux 3 (local cloud)",
        "ImageId": "aliyun_3_localcloud",
        "InstanceNetworkType": "vpc",
        "CreationTime": iso_utc(row.created),
        "VpcAttributes": {
            "VpcId": "vpc-local",
            "VSwitchId": "vsw-local",
            "PrivateIpAddress": {"IpAddress": [row.private_address]},
        },
        "PublicIpAddress": {"IpAddress": []},
        "InnerIpAddress": {"IpAddress": []},
        "EipAddress": {},
        "SecurityGroupIds": {"SecurityGroupId": ["sg-local"]},
        "Tags": listed_tags(row.tags),
    }
