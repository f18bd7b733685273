"""The actions that describe instances, and what belongs to them."""

from typing import TYPE_CHECKING, Any

from localcloud.api import Answer, ApiCall
from localcloud.ecs.instances import InstanceRow
from localcloud.ecs.invocations import Search, Slice
from localcloud.ecs.parameters import (
    arn,
    check_region,
    cut,
    ids,
    json_list,
    listed_tags,
    page,
    tags,
)
from localcloud.environment import iso_utc

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

_AGENT_VERSION = "2.2.3.857"


async def describe_instances(cloud: "Cloud", call: ApiCall) -> Answer:
    """List instances by id; unknown ids are left out."""
    check_region(cloud, call)
    wanted, wanted_tags = json_list(call, "InstanceIds"), tags(call)
    found = [
        row
        for row in _by_id(cloud)
        if (not wanted or row.instance_id in wanted)
        and call.params.get("InstanceName", "") in {"", row.name}
        and call.params.get("Status", "") in {"", "Running"}
        and all(row.tags.get(key) == value for key, value in wanted_tags.items())
    ]
    part, fields = cut(page(call, 100), found)
    return {"Instances": {"Instance": [_instance(cloud, row) for row in part]}, **fields}


async def describe_instance_ram_role(cloud: "Cloud", call: ApiCall) -> Answer:
    """List the role of each instance: none has one."""
    check_region(cloud, call)
    wanted = json_list(call, "InstanceIds")
    found = [row for row in _by_id(cloud) if not wanted or row.instance_id in wanted]
    roles = [{"InstanceId": row.instance_id, "RamRoleName": ""} for row in found]
    return {
        "InstanceRamRoleSets": {"InstanceRamRoleSet": roles},
        "RegionId": cloud.settings.region,
        "TotalCount": len(roles),
    }


async def describe_disks(cloud: "Cloud", call: ApiCall) -> Answer:
    """List disks: instances of the local cloud have none."""
    check_region(cloud, call)
    part, fields = cut(page(call, 500), list[dict[str, Any]]())
    return {"Disks": {"Disk": part}, **fields}


async def describe_regions(cloud: "Cloud", call: ApiCall) -> Answer:  # noqa: ARG001
    """List the one region that there is."""
    region = cloud.settings.region
    listed = {"RegionId": region, "LocalName": region, "RegionEndpoint": cloud.settings.endpoint}
    return {"Regions": {"Region": [{**listed, "Status": "available"}]}}


async def describe_cloud_assistant_status(cloud: "Cloud", call: ApiCall) -> Answer:
    """Tell that Cloud Assistant answers on each instance, and how busy it is."""
    check_region(cloud, call)
    wanted = ids(call, "InstanceId")
    found = [row for row in _by_id(cloud) if not wanted or row.instance_id in wanted]
    part, fields = cut(page(call), found)
    listed = [_agent(cloud, row) for row in part]
    return {
        "InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": listed},
        **fields,
    }


def instance_resources(cloud: "Cloud", call: ApiCall) -> list[str]:
    """Name the instances that a request is about, or all of them."""
    given = json_list(call, "InstanceIds") or ids(call, "InstanceId") or ["*"]
    return [arn(cloud, "instance", instance_id) for instance_id in given]


def disk_resources(cloud: "Cloud", call: ApiCall) -> list[str]:  # noqa: ARG001
    """Name all disks."""
    return [arn(cloud, "disk", "*")]


def _by_id(cloud: "Cloud") -> list[InstanceRow]:
    return sorted(cloud.ecs.hosts, key=lambda row: row.number)


def _agent(cloud: "Cloud", row: InstanceRow) -> dict[str, Any]:
    last, total = cloud.ecs.history.search(Search(instance_id=row.instance_id), Slice(1))
    return {
        "InstanceId": row.instance_id,
        "CloudAssistantStatus": "true",
        "CloudAssistantVersion": _AGENT_VERSION,
        "OSType": "Linux",
        "SupportSessionManager": False,
        "ActiveTaskCount": cloud.ecs.dispatcher.running(row.instance_id),
        "InvocationCount": total,
        "LastInvokedTime": iso_utc(last[0].created) if last else "",
        "LastHeartbeatTime": iso_utc(cloud.sources.clock.now()),
    }


def _instance(cloud: "Cloud", row: InstanceRow) -> dict[str, Any]:
    return {
        "InstanceId": row.instance_id,
        "InstanceName": row.name,
        "HostName": row.name,
        "Status": "Running",
        "RegionId": cloud.settings.region,
        "ZoneId": f"{cloud.settings.region}-a",
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
