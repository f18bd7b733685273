"""What each function may do: the calls that it makes, on the things it makes them on, no more.

Actions and resources are those of ECS, "RAM authorization", and of EventBridge, "Event target
parameters" (RuleARN). The wildcards that are needed are read-only; each says why.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi

from components.names import (
    Text,
    bus_arn,
    command_arn,
    instance_arn,
    log_store_arn,
    messages_arn,
)


class Permission(TypedDict):
    """One statement that allows something."""

    actions: list[str]
    """The actions, such as ecs:InvokeCommand."""
    resources: list[pulumi.Input[str]]
    """The resource names on which they are allowed."""
    condition: NotRequired[dict[str, dict[str, pulumi.Input[str]]]]
    """When they are allowed: operator -> key -> value. Always if left out."""


def policy_document(permissions: Sequence[Permission]) -> pulumi.Output[str]:
    """Write a RAM policy that allows these and nothing else."""
    return pulumi.Output.json_dumps(
        {"Version": "1", "Statement": [_statement(permission) for permission in permissions]}
    )


def _statement(permission: Permission) -> dict[str, object]:
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Action": permission["actions"],
        "Resource": permission["resources"],
    }
    if "condition" in permission:
        statement["Condition"] = permission["condition"]
    return statement


def write_logs(
    region: Text, account_id: Text, project: pulumi.Input[str], store: pulumi.Input[str]
) -> Permission:
    """Allow writing to one log store."""
    return {
        "actions": ["log:PostLogStoreLogs"],
        "resources": [log_store_arn(region, account_id, project, store)],
    }


def read_logs(
    region: Text, account_id: Text, project: pulumi.Input[str], store: pulumi.Input[str]
) -> Permission:
    """Allow searching one log store."""
    return {
        "actions": ["log:GetLogStoreLogs"],
        "resources": [log_store_arn(region, account_id, project, store)],
    }


def put_events(region: Text, account_id: Text, bus: pulumi.Input[str]) -> Permission:
    """Allow publishing on one bus."""
    return {
        "actions": ["eventbridge:PutEvents"],
        "resources": [bus_arn(region, account_id, bus)],
    }


def send_messages(region: Text, account_id: Text, *queues: Text) -> Permission:
    """Allow putting messages into queues."""
    return {
        "actions": ["mns:SendMessage"],
        "resources": [messages_arn(region, account_id, queue) for queue in queues],
    }


def peek_at_messages(region: Text, account_id: Text, *queues: Text) -> Permission:
    """Allow seeing the messages of queues, without any effect on them."""
    return {
        "actions": ["mns:PeekMessage"],
        "resources": [messages_arn(region, account_id, queue) for queue in queues],
    }


def look_at_messages(region: Text, account_id: Text, *queues: Text) -> Permission:
    """Allow receiving the messages of queues, which come again to whoever asks later.

    Batches have a name of their own on one page of the documentation and none on another, so both
    are given.
    """
    return {
        "actions": ["mns:ReceiveMessage", "mns:BatchReceiveMessage"],
        "resources": [messages_arn(region, account_id, queue) for queue in queues],
    }


def take_messages(region: Text, account_id: Text, *queues: Text) -> Permission:
    """Allow receiving and deleting the messages of queues."""
    looking = look_at_messages(region, account_id, *queues)
    deleting = ["mns:DeleteMessage", "mns:BatchDeleteMessage"]
    return {"actions": [*looking["actions"], *deleting], "resources": looking["resources"]}


def receive_messages(region: Text, account_id: Text, *queues: Text) -> Permission:
    """Allow receiving and deleting the messages of queues, and putting off the next receipt."""
    taking = take_messages(region, account_id, *queues)
    actions = [*taking["actions"], "mns:ChangeMessageVisibility"]
    return {"actions": actions, "resources": taking["resources"]}


def invoke_commands(
    region: Text,
    account_id: Text,
    command_ids: Sequence[Text],
    instance_ids: Sequence[Text],
    tag_groups: Sequence[Mapping[str, Text]],
) -> list[Permission]:
    """Allow running these commands on these instances, or on instances that carry these tags.

    InvokeCommand is checked on the command and on each instance, so a command alone allows nothing.
    """
    commands = [command_arn(region, account_id, command_id) for command_id in command_ids]
    instances = [instance_arn(region, account_id, instance_id) for instance_id in instance_ids]
    action = "ecs:InvokeCommand"
    return [
        {"actions": [action], "resources": [*commands, *instances]},
        *(
            Permission(
                actions=[action],
                # Which instances carry the tags is known only at the run: the condition narrows it.
                resources=[instance_arn(region, account_id, "*")],
                condition={"StringEquals": {f"acs:ResourceTag/{k}": v for k, v in tags.items()}},
            )
            for tags in tag_groups
        ),
    ]


def read_commands(region: Text, account_id: Text) -> Permission:
    """Allow looking a command up by its name.

    The wildcard is read-only and needed: the command that pauses a stack is none of its resources,
    and its id is another one each time.
    """
    return {
        "actions": ["ecs:DescribeCommands"],
        "resources": [command_arn(region, account_id, "*")],
    }


def read_instances(region: Text, account_id: Text) -> Permission:
    """Allow looking at which instances there are and whether they run.

    The wildcard is read-only and needed: which instances carry a role's tags is known only at the
    run, and whether the API accepts single ids is not documented.
    """
    return {
        "actions": ["ecs:DescribeInstances", "ecs:DescribeCloudAssistantStatus"],
        "resources": [instance_arn(region, account_id, "*")],
    }


def locate_instances(region: Text, account_id: Text) -> Permission:
    """Allow looking up an instance's name and address, for the message that names it.

    The wildcard is read-only and needed: a run may be on an instance that has left the settings,
    and whether the API accepts single ids is not documented.
    """
    return {
        "actions": ["ecs:DescribeInstances"],
        "resources": [instance_arn(region, account_id, "*")],
    }


def read_invocations(region: Text, account_id: Text) -> Permission:
    """Allow looking at past runs and what they printed.

    The wildcards are read-only and needed: a run may have begun under an earlier version of the
    script, whose command has another id by now, and its instance may have left the settings.
    """
    return {
        "actions": ["ecs:DescribeInvocations"],
        "resources": [command_arn(region, account_id, "*"), instance_arn(region, account_id, "*")],
    }
