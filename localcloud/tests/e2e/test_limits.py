"""Quotas, required parameters, formats and unknown names, each refused with the cloud's code."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from lab.running_cloud import RunningCloud
from lab.sdks import archive, policy
from localcloud.deploy.client import Client, RefusedError

EVENTBRIDGE, ECS, RAM, STS, MNS = (
    "2020-04-01",
    "2014-05-26",
    "2015-05-01",
    "2015-04-01",
    "2022-01-19",
)
ACCOUNT = "1234567890123456"
INSTANCE = "i-local0001"
KIBIBYTE = 1024
Call = Callable[[Client], Any]


def rpc(version: str, action: str, **parameters: Any) -> Call:
    """Return a call of an RPC action."""
    return lambda client: client.rpc(version, action, parameters)


def target(name: str, kind: str = "acs.mns.queue") -> dict[str, Any]:
    """Return a rule's target."""
    parameters = [
        {"ResourceKey": "queue", "Form": "CONSTANT", "Value": "q"},
        {"ResourceKey": "Body", "Form": "ORIGINAL"},
    ]
    return {
        "Id": name,
        "Type": kind,
        "Endpoint": f"acs:mns:cn-hangzhou:{ACCOUNT}:queues/q",
        "ParamList": parameters,
    }


def rule(name: str, **more: Any) -> dict[str, Any]:
    """Return the parameters of a rule on the bus of these tests."""
    return {
        "EventBusName": "limits",
        "RuleName": name,
        "FilterPattern": "{}",
        "EventTargets": [target("t")],
        **more,
    }


def script(size: int) -> str:
    """Return a script of that many bytes, in the form of the API."""
    return base64.b64encode(b"#" * size).decode()


def events(count: int, size: int = 1) -> str:
    """Return a batch of events with that much data each."""
    event = {"Source": "s", "Type": "t", "SpecVersion": "1.0", "Data": json.dumps("x" * size)}
    return json.dumps([{**event, "Id": str(number)} for number in range(count)])


def new_command(**more: Any) -> Call:
    """Return a call that makes a command."""
    return rpc(
        ECS,
        "CreateCommand",
        **{"Name": "c", "Type": "RunShellScript", "CommandContent": script(1), **more},
    )


def run(**more: Any) -> Call:
    """Return a call that runs a script."""
    given = {"Type": "RunShellScript", "CommandContent": script(1), "InstanceId.1": INSTANCE}
    return rpc(ECS, "RunCommand", **{**given, **more})


def new_function(**more: Any) -> Call:
    """Return a call that makes a function."""
    given = {
        "functionName": "f",
        "handler": "index.handler",
        "runtime": "python3.12",
        "code": {"zipFile": archive("")},
    }
    return lambda client: client.fc("POST", "/functions", {**given, **more})


TRUST = policy("sts:AssumeRole", Principal={"Service": ["fc.aliyuncs.com"]})

REFUSED = [
    # Quotas and sizes.
    (
        rpc(
            EVENTBRIDGE, "CreateRule", **rule("r", EventTargets=[target(str(n)) for n in range(6)])
        ),
        "EventTargetCountExceedLimit",
    ),
    (new_command(CommandContent=script(24 * KIBIBYTE)), "CmdContent.ExceedLimit"),
    (run(CommandContent=script(24 * KIBIBYTE)), "CmdContent.ExceedLimit"),
    (
        rpc(EVENTBRIDGE, "PutEvents", EventBusName="limits", EventList=events(17)),
        "PutEventsRequestBatchSizeExceed",
    ),
    (
        rpc(EVENTBRIDGE, "PutEvents", EventBusName="limits", EventList=events(16, 20 * KIBIBYTE)),
        "PutEventsRequestSizeExceed",
    ),
    (run(**{f"InstanceId.{n}": f"i-{n}" for n in range(1, 102)}), "InstanceIds.ExceedLimit"),
    (new_command(Timeout=86_401), "InvalidTimeout.ExceedLimit"),
    (new_command(Name="n" * 129), "CmdName.ExceedLimit"),
    (rpc(MNS, "CreateQueue", QueueName="q", VisibilityTimeout=43_201), "InvalidArgument"),
    (new_function(memorySize=100_000), "InvalidArgument"),
    # Required parameters.
    (rpc(EVENTBRIDGE, "CreateEventBus"), "MissingEventBusName"),
    (rpc(EVENTBRIDGE, "CreateRule", EventBusName="limits"), "MissingRuleName"),
    (rpc(ECS, "InvokeCommand"), "MissingCommandId"),
    (run(**{"InstanceId.1": None}), "MissingParam.InstanceId"),
    (rpc(RAM, "CreateRole", RoleName="r"), "MissingAssumeRolePolicyDocument"),
    (rpc(STS, "AssumeRole", RoleSessionName="s"), "MissingRoleArn"),
    (rpc(MNS, "CreateQueue"), "MissingQueueName"),
    (new_function(code=None), "InvalidArgument"),
    # Formats.
    (rpc(EVENTBRIDGE, "CreateEventBus", EventBusName="no spaces"), "EventBusNameInvalid"),
    (
        rpc(EVENTBRIDGE, "CreateRule", **rule("r", FilterPattern='{"source": "no list"}')),
        "EventRuleFilterPatternSchemaError",
    ),
    (
        rpc(EVENTBRIDGE, "CreateRule", **rule("r", EventTargets=[target("t", "acs.ecs")])),
        "EventTargetClassNotExist",
    ),
    (
        rpc(EVENTBRIDGE, "CreateRule", **rule("r", EventTargets=[target("t"), target("t")])),
        "EventRuleTargetIdDuplicate",
    ),
    (new_command(CommandContent="no base64!"), "CmdContent.DecodeError"),
    (new_command(Type="RunPerl"), "InvalidCmdType.NotFound"),
    (rpc(ECS, "DescribeInstances", RegionId="cn-nowhere"), "InvalidRegionId.NotFound"),
    (
        run(ResourceTag=None, **{"ResourceTag.1.Key": "role"}),
        "InvalidResourceTag.ConflictWithInstanceIds",
    ),
    (
        rpc(RAM, "CreateRole", RoleName="r", AssumeRolePolicyDocument="{}"),
        "MalformedPolicyDocument",
    ),
    (
        rpc(RAM, "CreateRole", RoleName="no spaces", AssumeRolePolicyDocument=TRUST),
        "InvalidParameter.RoleName",
    ),
    (new_function(functionName="no spaces"), "InvalidArgument"),
    (new_function(runtime="cobol"), "InvalidArgument"),
    # What is not there.
    (rpc(EVENTBRIDGE, "GetEventBus", EventBusName="nothing"), "EventBusNotExist"),
    (
        rpc(EVENTBRIDGE, "GetRule", EventBusName="limits", RuleName="nothing"),
        "EventRuleNotExisted",
    ),
    (
        rpc(EVENTBRIDGE, "DeleteEventSource", EventBusName="limits", EventSourceName="nothing"),
        "EventSourceNotExist",
    ),
    (
        rpc(EVENTBRIDGE, "PutEvents", EventBusName="nothing", EventList=events(1)),
        "EventBusNotExist",
    ),
    (
        rpc(ECS, "InvokeCommand", **{"CommandId": "c-nothing", "InstanceId.1": INSTANCE}),
        "InvalidCmdId.NotFound",
    ),
    (run(**{"InstanceId.1": "i-nothing"}), "InvalidInstance.NotFound"),
    (rpc(ECS, "StopInvocation", InvokeId="t-nothing"), "InvalidInvokeId.NotFound"),
    (rpc(RAM, "GetRole", RoleName="nobody"), "EntityNotExist.Role"),
    (rpc(RAM, "GetPolicy", PolicyName="nothing", PolicyType="Custom"), "EntityNotExist.Policy"),
    (rpc(MNS, "GetQueueAttributes", QueueName="nothing"), "QueueNotExist"),
    (lambda client: client.fc("GET", "/functions/nothing"), "FunctionNotFound"),
    (lambda client: client.fc("POST", "/functions/nothing/invocations"), "FunctionNotFound"),
    (lambda client: client.sls("GET", "/", project="nothing"), "ProjectNotExist"),
    # What is there already.
    (rpc(EVENTBRIDGE, "CreateEventBus", EventBusName="limits"), "EventBusAlreadyExist"),
    (rpc(EVENTBRIDGE, "DeleteEventBus", EventBusName="default"), "EventBusNameInvalid"),
]


@pytest.fixture(scope="module", autouse=True)
def bus(cloud: RunningCloud) -> None:
    """Make the bus that the calls are about."""
    cloud.client().rpc(EVENTBRIDGE, "CreateEventBus", {"EventBusName": "limits"})


@pytest.mark.parametrize(
    ("call", "code"), REFUSED, ids=[f"{n} {code}" for n, (_, code) in enumerate(REFUSED)]
)
def test_it_is_refused_by_code(cloud: RunningCloud, call: Call, code: str) -> None:
    """The answer is an error of the client, not of the server, and carries the code."""
    with pytest.raises(RefusedError) as refused:
        call(cloud.client())
    assert (refused.value.code, 400 <= refused.value.status < 500) == (code, True)


def test_a_bus_has_fifty_rules(cloud: RunningCloud) -> None:
    """The fifty-first is refused; after one was deleted there is room again."""
    client = cloud.client()
    client.rpc(EVENTBRIDGE, "CreateEventBus", {"EventBusName": "full"})

    def make(number: int) -> None:
        client.rpc(EVENTBRIDGE, "CreateRule", {**rule(f"r{number}"), "EventBusName": "full"})

    for number in range(50):
        make(number)
    with pytest.raises(RefusedError, match="EventRuleCountExceedLimit"):
        make(50)
    client.rpc(EVENTBRIDGE, "DeleteRule", {"EventBusName": "full", "RuleName": "r0"})
    make(50)


def test_an_account_has_fifty_buses(cloud: RunningCloud) -> None:
    """The default bus is not one of them."""
    client = cloud.client()
    listed = client.rpc(EVENTBRIDGE, "ListEventBuses", {"Limit": 100})["Data"]["Total"]
    for number in range(listed, 51):
        client.rpc(EVENTBRIDGE, "CreateEventBus", {"EventBusName": f"bus{number}"})
    with pytest.raises(RefusedError, match="EventBusCountExceedLimit"):
        client.rpc(EVENTBRIDGE, "CreateEventBus", {"EventBusName": "one-more"})


def test_a_command_of_just_the_size_is_taken(cloud: RunningCloud) -> None:
    """24 KB in Base64 is what a command may have."""
    fits = 24 * KIBIBYTE // 4 * 3
    made = cloud.client().rpc(
        ECS,
        "CreateCommand",
        {"Name": "large", "Type": "RunShellScript", "CommandContent": script(fits)},
    )
    assert made["CommandId"].startswith("c-")


def test_one_large_event_of_a_batch_is_refused_alone(cloud: RunningCloud) -> None:
    """The others are taken, and the answer says which one was not."""
    batch = json.loads(events(2)) + json.loads(events(1, 64 * KIBIBYTE))
    answer = cloud.client().rpc(
        EVENTBRIDGE, "PutEvents", {"EventBusName": "limits", "EventList": batch}
    )
    codes = [entry.get("ErrorCode", "") for entry in answer["Data"]["EntryList"]]
    assert (answer["Data"]["FailedEntryCount"], codes) == (1, ["", "", "EventSizeExceed"])


@pytest.mark.parametrize(
    ("method", "query", "headers", "body", "status", "code"),
    [
        pytest.param("POST", "token=wrong", {}, b"{}", 403, "AccessDenied", id="unknown token"),
        pytest.param(
            "GET", "", {}, b"{}", 409, "PutEventsRequestSecurityCheckFailed", id="other method"
        ),
        pytest.param(
            "POST", "", {"referer": "b"}, b"{}", 409, "PutEventsRequestSecurityCheckFailed",
            id="other referer",
        ),
        pytest.param("POST", "", {}, b"[1]", 409, "JsonAttributeInvalid", id="no object"),
        pytest.param(
            "POST", "", {}, b'{"a": "%s"}' % (b"x" * 65_536), 409, "EventSizeExceed", id="too large"
        ),
    ],
)  # fmt: skip
def test_a_webhook_refuses_by_code(
    cloud: RunningCloud,
    method: str,
    query: str,
    headers: dict[str, str],
    body: bytes,
    status: int,
    code: str,
) -> None:
    """A platform that posts the wrong way gets an answer that says what is wrong."""
    client = cloud.client()
    source = {
        "EventBusName": "limits",
        "EventSourceName": "posted",
        "LinkedExternalSource": True,
        "SourceHttpEventParameters": {
            "Type": "HTTPS",
            "SecurityConfig": "referer",
            "Method": ["POST"],
            "Referer": ["a"],
            "Ip": [],
        },
    }
    asked = {"EventBusName": "limits"}
    found = client.rpc(EVENTBRIDGE, "ListUserDefinedEventSources", asked)["Data"]
    if not found["EventSourceList"]:
        client.rpc(EVENTBRIDGE, "CreateEventSource", source)
        found = client.rpc(EVENTBRIDGE, "ListUserDefinedEventSources", asked)["Data"]
    address = found["EventSourceList"][0]["SourceHttpEventParameters"]["PublicWebHookUrl"][0]
    if query:
        address = f"{address.partition('?')[0]}?{query}"
    answer = httpx.request(
        method,
        address,
        headers={"content-type": "application/json", "referer": "a", **headers},
        content=body,
        trust_env=False,
    )
    assert (answer.status_code, answer.json()["Code"]) == (status, code)
