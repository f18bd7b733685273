"""The actions of ECS (2014-05-26) and what their callers must be allowed to do.

Permissions and resources are those of the tables "RAM authorization" on the pages of the actions,
and of "Grant permissions on Cloud Assistant to a RAM user" where such a table names no resource.
"""

from localcloud.api import Action, Product, WireStyle
from localcloud.ecs import (
    command_actions,
    instance_actions,
    invocation_actions,
    power_actions,
    tag_actions,
)
from localcloud.ecs.service import Ecs

_ONCE = "only RepeatMode Once; no Launcher, containers, OSS output or OOS parameters"

ACTIONS: dict[str, Action[Ecs]] = {
    "CreateCommand": Action(
        command_actions.create_command,
        "ecs:CreateCommand",
        command_actions.command_resources,
        partial="no Launcher, resource groups or OOS parameters",
    ),
    "DescribeCommands": Action(
        command_actions.describe_commands,
        "ecs:DescribeCommands",
        command_actions.command_resources,
        partial="no common commands (Provider)",
    ),
    "ModifyCommand": Action(
        command_actions.modify_command,
        "ecs:ModifyCommand",
        command_actions.command_resources,
    ),
    "DeleteCommand": Action(
        command_actions.delete_command,
        "ecs:DeleteCommand",
        command_actions.command_resources,
    ),
    "InvokeCommand": Action(
        invocation_actions.invoke_command,
        "ecs:InvokeCommand",
        invocation_actions.invocation_targets,
        partial=_ONCE,
    ),
    "RunCommand": Action(
        invocation_actions.run_command,
        "ecs:RunCommand",
        invocation_actions.script_targets,
        partial=_ONCE,
    ),
    "StopInvocation": Action(
        invocation_actions.stop_invocation,
        "ecs:StopInvocation",
        invocation_actions.stop_targets,
    ),
    "DescribeInvocations": Action(
        invocation_actions.describe_invocations,
        "ecs:DescribeInvocations",
        invocation_actions.read_targets,
        partial="no resource groups; RepeatMode and Timed do not narrow",
    ),
    "DescribeInvocationResults": Action(
        invocation_actions.describe_invocation_results,
        "ecs:DescribeInvocationResults",
        invocation_actions.read_targets,
        partial="no resource groups; IncludeHistory changes nothing, as runs happen once",
    ),
    "DescribeInstances": Action(
        instance_actions.describe_instances,
        "ecs:DescribeInstances",
        instance_actions.instance_resources,
        partial="filters InstanceIds, InstanceName, Status and Tag only",
    ),
    "DescribeInstanceRamRole": Action(
        instance_actions.describe_instance_ram_role,
        "ecs:DescribeInstanceRamRole",
        instance_actions.instance_resources,
        partial="no instance has a role",
    ),
    "DescribeDisks": Action(
        instance_actions.describe_disks,
        "ecs:DescribeDisks",
        instance_actions.disk_resources,
        partial="no instance has a disk",
    ),
    "DescribeRegions": Action(
        instance_actions.describe_regions,
        "ecs:DescribeRegions",
        partial="one region",
    ),
    "DescribeCloudAssistantStatus": Action(
        instance_actions.describe_cloud_assistant_status,
        "ecs:DescribeCloudAssistantStatus",
        instance_actions.instance_resources,
    ),
    "StopInstance": Action(
        power_actions.stop_instance,
        "ecs:StopInstance",
        power_actions.power_target,
        partial="at once; no hibernation, StoppedMode or DryRun",
    ),
    "StartInstance": Action(
        power_actions.start_instance,
        "ecs:StartInstance",
        power_actions.power_target,
        partial="at once; no DryRun",
    ),
    "DeleteInstance": Action(
        power_actions.delete_instance,
        "ecs:DeleteInstance",
        power_actions.power_target,
        partial="its files below the data folder stay",
    ),
    "TagResources": Action(
        tag_actions.tag_resources,
        "ecs:TagResources",
        tag_actions.tag_targets,
        partial="instances, commands and invocations only",
    ),
    "UntagResources": Action(
        tag_actions.untag_resources,
        "ecs:UntagResources",
        tag_actions.tag_targets,
        partial="instances, commands and invocations only",
    ),
    "ListTagResources": Action(
        tag_actions.list_tag_resources,
        "ecs:ListTagResources",
        tag_actions.tag_targets,
        partial="instances, commands and invocations only; no TagFilter",
    ),
}

_GROUP = "instances and commands are in no resource group"
_RUNS = ("OssOutputDelivery", "WindowsPasswordName")

PRODUCT = Product(
    service=Ecs,
    style=WireStyle.RPC,
    title="ECS and Cloud Assistant",
    version="2014-05-26",
    actions=ACTIONS,
    refused={
        "DescribeCommands": ("Latest",),
        "DescribeDisks": (
            "AutoSnapshotPolicyId",
            "Category",
            "DeleteAutoSnapshot",
            "DeleteWithInstance",
            "DiskChargeType",
            "DiskIds",
            "DiskName",
            "DiskType",
            "EnableAutoSnapshot",
            "EnableAutomatedSnapshotPolicy",
            "EnableShared",
            "Encrypted",
            "Filter",
            "KMSKeyId",
            "LockReason",
            "MultiAttach",
            "PerformanceLevel",
            "Portable",
            "ResourceGroupId",
            "SnapshotId",
        ),
        "DescribeInstances": (
            "DeviceAvailable",
            "EipAddresses",
            "Filter",
            "HpcClusterId",
            "HttpEndpoint",
            "HttpPutResponseHopLimit",
            "HttpTokens",
            "InnerIpAddresses",
            "InstanceChargeType",
            "InstanceTypeFamily",
            "InternetChargeType",
            "IoOptimized",
            "Ipv6Address",
            "KeyPairName",
            "LockReason",
            "NeedSaleCycle",
            "PrivateIpAddresses",
            "PublicIpAddresses",
            "RdmaIpAddresses",
            "ResourceGroupId",
        ),
        "DescribeInvocations": ("ResourceGroupId",),
        "DescribeInvocationResults": ("ResourceGroupId",),
        "DescribeRegions": ("InstanceChargeType",),
        "InvokeCommand": _RUNS,
        "ListTagResources": ("TagFilter",),
        "RunCommand": _RUNS,
        "StopInstance": ("Hibernate",),
    },
    ignored={
        "CreateCommand": {"ResourceGroupId": _GROUP},
        "DeleteInstance": {
            "ForceStop": "a release is at once",
            "TerminateSubscription": "nothing is subscribed to",
        },
        "DescribeCommands": {"ResourceGroupId": _GROUP},
        "DescribeDisks": {"AdditionalAttributes": "there are no disks"},
        "DescribeInstances": {"AdditionalAttributes": "instances have no more attributes"},
        "DescribeInvocationResults": {"IncludeHistory": "runs happen once"},
        "DescribeRegions": {"AcceptLanguage": "the only region has one name"},
        "InvokeCommand": {"ResourceGroupId": _GROUP},
        "RunCommand": {"ResourceGroupId": _GROUP},
        "StartInstance": {"InitLocalDisk": "there are no local disks"},
        "StopInstance": {
            "ConfirmStop": "it has no effect any more",
            "ForceStop": "every stop is at once",
            "StoppedMode": "nothing is charged",
        },
    },
    neighbours=("RunInstances", "SendFile", "CreateActivation", "DescribeSecurityGroups"),
)
