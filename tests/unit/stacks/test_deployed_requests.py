"""The requests that stack ``local`` becomes when ``localcloud deploy`` applies it."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from demo.play import CONFIGURATION, PROJECT
from lab.recording_cloud import KEY, RecordingCloud, Seen
from localcloud.configuration import read
from localcloud.deploy import run

CHATS = read(CONFIGURATION).chats


def apply(cloud: RecordingCloud) -> dict[str, Any]:
    """Deploy with the cloud's key."""
    return run(cloud.endpoint, access_key_id=KEY.id, access_key_secret=KEY.secret, folder=PROJECT)


@pytest.fixture(scope="module")
def deployed() -> Iterator[tuple[RecordingCloud, dict[str, Any]]]:
    """Deploy stack local once for all tests that only look."""
    cloud = RecordingCloud()
    yield cloud, apply(cloud)
    cloud.close()


def test_outputs_are_the_stacks_own(deployed: tuple[RecordingCloud, dict[str, Any]]) -> None:
    """What the program exports is printed, webhooks as the cloud lists them."""
    cloud, outputs = deployed
    assert outputs["bus_name"] == "provisioning-local"
    assert outputs["instance_ids"] == ["i-local0001"]
    assert outputs["webhooks"] == {
        name: f"{cloud.endpoint}/webhook/putEvents?token={name}"
        for name in ("dingtalk.approval", "lark.approval", "dingtalk.member")
    }
    ids = {c["Name"].split("-")[2]: c["CommandId"] for c in cloud.commands}
    assert outputs["command_id"] == ids["provision"]
    assert outputs["deprovision_command_id"] == ids["deprovision"]
    assert json.loads(json.dumps(outputs)) == outputs


def test_a_rule_is_sent_as_the_provider_sends_it(
    deployed: tuple[RecordingCloud, dict[str, Any]],
) -> None:
    """Targets travel as JSON text; what a form has no use for is left out."""
    cloud, outputs = deployed
    (seen,) = cloud.asked("CreateRule", RuleName="provision", EventBusName="provisioning-local")
    assert (seen.version, seen.said["EventBusName"]) == ("2020-04-01", "provisioning-local")
    assert seen.said["FilterPattern"] == '{"source":["dingtalk.approval","lark.approval"]}'
    function = outputs["functions"]["run-command"]
    account = "cn-hangzhou:1234567890123456"
    assert json.loads(seen.said["EventTargets"]) == [
        {
            "Id": "run-command",
            "Type": "acs.fc.function",
            "Endpoint": f"acs:fc:{account}:functions/{function}",
            "DeadLetterQueue": {
                "Arn": f"acs:mns:{account}:/queues/provisioning-local-dead-letters"
            },
            "PushRetryStrategy": "EXPONENTIAL_DECAY_RETRY",
            "ParamList": [
                {"ResourceKey": "functionName", "Form": "CONSTANT", "Value": function},
                {"ResourceKey": "Qualifier", "Form": "CONSTANT", "Value": "LATEST"},
                {"ResourceKey": "InvocationType", "Form": "CONSTANT", "Value": "Async"},
                {"ResourceKey": "DataFormat", "Form": "CONSTANT", "Value": "Object"},
                {"ResourceKey": "Body", "Form": "ORIGINAL"},
            ],
        }
    ]


def test_secrets_reach_the_cloud_in_clear(
    deployed: tuple[RecordingCloud, dict[str, Any]],
) -> None:
    """A provider sees what a secret is; so does the local cloud."""
    cloud, _ = deployed
    (seen,) = cloud.asked("CreateRule", RuleName="completed-audit")
    (target,) = json.loads(seen.said["EventTargets"])
    assert target["Endpoint"].endswith("access_token=audit-token")
    assert {p["ResourceKey"]: (p["Form"], p["Value"]) for p in target["ParamList"]} == {
        "URL": ("CONSTANT", target["Endpoint"]),
        "SecretKey": ("CONSTANT", CHATS["audit"].secret),
        "Body": ("JSONPATH", "$.data.message"),
    }
    (made,) = [
        s
        for s in cloud.asked("POST /2023-03-30/functions")
        if s.said["functionName"].endswith("post-to-chat")
    ]
    chats = json.loads(made.said["environmentVariables"]["CHATS"])
    assert chats["people"]["secret"] == "locallarksecretpeople"


def test_a_function_is_sent_whole(deployed: tuple[RecordingCloud, dict[str, Any]]) -> None:
    """Archive, role, limits and log travel in one request, tags once more by themselves."""
    cloud, _ = deployed
    (seen,) = [
        s
        for s in cloud.asked("POST /2023-03-30/functions")
        if s.said["functionName"].endswith("run-command")
    ]
    assert base64.b64decode(seen.said["code"]["zipFile"]).startswith(b"PK")
    shown = {k: v for k, v in seen.said.items() if k not in {"code", "environmentVariables"}}
    tags = [
        {"Key": "app", "Value": "ecs-provisioning-loop"},
        {"Key": "environment", "Value": "local"},
    ]
    assert shown == {
        "functionName": "provisioning-local-run-command",
        "description": "Starts the command that an approval asks for",
        "handler": "index.handler",
        "runtime": "python3.12",
        "role": "acs:ram::1234567890123456:role/provisioning-local-run-command",
        "timeout": 240,
        "memorySize": 256,
        "cpu": 0.2,
        "diskSize": 512,
        "logConfig": {
            "project": "provisioning-local-logs",
            "logstore": "functions",
            "enableRequestMetrics": True,
            "enableInstanceMetrics": False,
            "logBeginRule": "None",
        },
        "Tags": tags,
    }
    (tagged,) = [
        s
        for s in cloud.asked("POST /2023-03-30/tags-v2")
        if s.said["ResourceId"][0].endswith("run-command")
    ]
    assert tagged.said["Tag"] == tags


def test_numbers_and_truth_values_travel_as_text(
    deployed: tuple[RecordingCloud, dict[str, Any]],
) -> None:
    """RPC knows only text: 300 and true, not 300.0 and True."""
    cloud, _ = deployed
    command = cloud.asked("CreateCommand")[0].said
    assert (command["Timeout"], command["EnableParameter"]) == ("300", "true")
    queues = [seen.said for seen in cloud.asked("CreateQueue")]
    queue = next(said for said in queues if said["QueueName"].endswith("-dead-letters"))
    assert queue["MessageRetentionPeriod"] == "345600"
    assert (queue["Tag.1.Key"], queue["Tag.1.Value"]) == ("app", "ecs-provisioning-loop")
    store = next(s for s in cloud.asked("POST /logstores") if s.said["logstoreName"] == "events")
    assert store.said == {"logstoreName": "events", "ttl": 30, "shardCount": 1, "appendMeta": True}


def test_a_log_project_is_a_label_of_its_host(
    deployed: tuple[RecordingCloud, dict[str, Any]],
) -> None:
    """The project is made at the bare host; its stores are made at its own."""
    cloud, _ = deployed
    assert cloud.asked("POST /")[0].host == "http.sls.localcloud.invalid"
    hosts = {seen.host for seen in cloud.asked("POST /logstores")}
    assert hosts == {"provisioning-local-logs.http.sls.localcloud.invalid"}


def test_nothing_is_used_before_it_exists(
    deployed: tuple[RecordingCloud, dict[str, Any]],
) -> None:
    """The order of the requests follows the program's dependencies."""
    cloud, _ = deployed
    names = [(seen.name, json.dumps(seen.said)) for seen in cloud.seen]

    def place(name: str, holds: str = "") -> int:
        return next(i for i, (n, said) in enumerate(names) if n == name and holds in said)

    bus, role = place("CreateEventBus"), place("CreateRole", "run-command")
    policy = place("AttachPolicyToRole", "run-command")
    function = place("POST /2023-03-30/functions", "run-command")
    rule = place("CreateRule", '"RuleName": "provision"')
    assert bus < place("CreateEventSource") < len(names)
    assert role < policy < function < rule
    assert place("POST /") < place("POST /logstores") < function
    assert place("CreateCommand") < function


@pytest.fixture(scope="module")
def later() -> Iterator[list[Seen]]:
    """Deploy twice, with one policy changed in between; give what the second time asked for."""
    cloud = RecordingCloud()
    first = apply(cloud)
    before = len(cloud.seen)
    cloud.policies["provisioning-local-archive"] = '{"Version":"1","Statement":[]}'
    assert apply(cloud) == first
    yield cloud.seen[before:]
    cloud.close()


def test_a_second_deploy_updates_what_exists(later: list[Seen]) -> None:
    """It gives the same outputs, updates what has a state, and makes no second command."""
    updates = {seen.name for seen in later}
    assert {
        "UpdateEventBus",
        "UpdateEventSource",
        "UpdateRule",
        "PutTargets",
        "UpdateRole",
        "SetQueueAttributes",
        "PUT /",
        "PUT /logstores/events",
        "PUT /2023-03-30/functions/provisioning-local-run-command",
    } <= updates
    assert "CreateCommand" not in updates


def test_an_update_of_a_source_empties_what_it_does_not_use(later: list[Seen]) -> None:
    """The provider sends every other kind of parameter as an empty object."""
    seen = next(seen for seen in later if seen.name == "UpdateEventSource")
    kinds = ("Kafka", "MNS", "RabbitMQ", "RocketMQ", "ScheduledEvent")
    assert {seen.said[f"Source{kind}Parameters"] for kind in kinds} == {"{}"}


def test_only_a_changed_policy_becomes_a_new_version(later: list[Seen]) -> None:
    """Another document is made the default; the same one, however written, is left alone."""
    (seen,) = [seen for seen in later if seen.name == "CreatePolicyVersion"]
    assert (seen.said["PolicyName"], seen.said["SetAsDefault"]) == (
        "provisioning-local-archive",
        "true",
    )
