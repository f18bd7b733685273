"""Whatever comes in is answered with the cloud's own words: no defect, no trace, no hang."""

import json
from http.client import HTTPConnection
from typing import Any

import pytest

from lab.running_cloud import RunningCloud
from localcloud.deploy.client import Client, RefusedError

ODD = [
    *("²", "٣", "-1", "9" * 400, "1e400", "NaN", "\0", "%00"),
    *("[1]", '["\\ud800"]', "[" * 500, '"x"'),
]
SCRIPT = {"Type": "RunShellScript", "CommandContent": "ZQ=="}
NUMBERS = [
    ("2014-05-26", "DescribeInstances", "PageSize"),
    ("2014-05-26", "DescribeInstances", "PageNumber"),
    ("2014-05-26", "DescribeInstances", "MaxResults"),
    ("2020-04-01", "ListEventBuses", "Limit"),
    ("2020-04-01", "ListEventBuses", "NextToken"),
    ("2022-01-19", "ListQueue", "PageSize"),
    ("2022-01-19", "CreateQueue", "DelaySeconds"),
    ("2015-05-01", "ListRoles", "MaxItems"),
    ("2015-04-01", "AssumeRole", "DurationSeconds"),
]
STRUCTURES = [
    ("2014-05-26", "DescribeInstances", "InstanceIds", {}),
    ("2014-05-26", "RunCommand", "Parameters", SCRIPT),
    ("2020-04-01", "PutEvents", "EventList", {"EventBusName": "default"}),
    ("2020-04-01", "CreateRule", "FilterPattern", {"EventBusName": "default", "RuleName": "r"}),
    (
        "2020-04-01",
        "CreateRule",
        "EventTargets",
        {"EventBusName": "default", "RuleName": "r", "FilterPattern": '{"source":["a"]}'},
    ),
    ("2020-04-01", "CreateEventSource", "SourceHttpEventParameters", {"EventSourceName": "s"}),
    ("2020-04-01", "CreateEventSource", "SourceMNSParameters", {"EventSourceName": "s"}),
    ("2020-04-01", "TestEventPattern", "Event", {"EventPattern": '{"source":["a"]}'}),
    ("2015-05-01", "CreateRole", "AssumeRolePolicyDocument", {"RoleName": "r"}),
    ("2015-05-01", "CreatePolicy", "PolicyDocument", {"PolicyName": "p"}),
    ("2015-05-01", "CreatePolicy", "Tag", {"PolicyName": "p", "PolicyDocument": "{}"}),
    ("2022-01-19", "CreateQueue", "DlqPolicy", {"QueueName": "q"}),
]


def code(client: Client, version: str, action: str, params: dict[str, Any]) -> str:
    """Return status and code with which a call is refused; nothing if it is not."""
    try:
        client.rpc(version, action, params)
    except RefusedError as error:
        return f"{error.status} {error.code}"
    return ""


@pytest.mark.parametrize(("version", "action", "name"), NUMBERS)
def test_what_is_no_number_is_told(
    cloud: RunningCloud, version: str, action: str, name: str
) -> None:
    """Also where Python takes it for one."""
    for odd in ODD:
        found = code(cloud.client(), version, action, {name: odd, "QueueName": "q"})
        assert found.startswith("4"), (name, odd, found)
        assert "Internal" not in found, (name, odd)


@pytest.mark.parametrize(("version", "action", "name", "rest"), STRUCTURES)
def test_what_is_no_structure_is_told(
    cloud: RunningCloud, version: str, action: str, name: str, rest: dict[str, str]
) -> None:
    """Neither nonsense nor what is too deep, too large or half a character gets further."""
    deep = '{"a":' * 50_000
    for odd in [*ODD, deep, "null", "true", '{"\\ud800": 1}', '{"a": 1e400}', '[{"Key": []}]']:
        found = code(cloud.client(), version, action, {name: odd, **rest})
        assert not found.startswith("5"), (name, odd, found)
        assert "Internal" not in found, (name, odd)


RAW = [
    ("GET", "/%ff%fe", {}),
    ("GET", "/?%ff=%ff", {}),
    ("GET", "//", {}),
    ("POST", "/2023-03-30/functions/%ff", {"authorization": "acs"}),
    ("POST", "/2023-03-30/functions", {"authorization": "acs :", "x-acs-signature-nonce": "1"}),
    ("GET", "/queues/%2F", {"authorization": "MNS ", "date": "Thu, 01 Jan 99999 00:00:00 GMT"}),
    ("GET", "/", {"authorization": "LOG :", "x-log-apiversion": "0.6.0"}),
    ("GET", "/", {"authorization": "ACS3-HMAC-SHA256 ,,=,", "x-acs-version": "2014-05-26"}),
    ("POST", "/", {"content-type": "application/x-www-form-urlencoded"}),
    ("TRACE", "/openapi/putEvents", {}),
    ("HEAD", "/webhook/putEvents?token=x", {}),
    ("POST", "/robot/send?access_token=ops-token&timestamp=%D9%A3&sign=x", {}),
    ("GET", "/_localcloud/trace?limit=x", {}),
    ("GET", "/_localcloud/chats/ops/messages?after=99999999999999999999999", {}),
    ("GET", "/_localcloud/chats/ops/messages?after=%C2%B2", {}),
    ("GET", "/_localcloud/instances/i-local0001/files?path=%00", {}),
    ("GET", "/_localcloud/instances/i-local0001/files?path=" + "a" * 5000, {}),
    ("GET", "/_localcloud/instances/%2E%2E/files?path=/", {}),
    ("GET", "/_localcloud/logs/%ff", {}),
    ("POST", "/_localcloud/faults", {"content-type": "application/json"}),
    ("PUT", "/_localcloud/faults", {}),
]
BODIES = [
    b"",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"target": "api:hr", "delay_seconds": 1e400}',
    b"Action=%ff",
]


def test_no_request_is_a_defect(cloud: RunningCloud) -> None:
    """Odd methods, paths, headers and bodies, unsigned."""
    for method, target, headers in RAW:
        for body in BODIES:
            connection = HTTPConnection(cloud.address, timeout=10)
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            assert response.status < 500, (method, target, body[:20], content[:200])
            assert b"Internal" not in content, (method, target, body[:20], content[:200])


def test_a_number_in_an_event_never_breaks_the_trace(cloud: RunningCloud) -> None:
    """It is refused, from a webhook too, and the trace is JSON for every reader."""
    url = cloud.webhook().removeprefix(cloud.endpoint)
    for number in ("1e400", "NaN", "-Infinity", "9" * 400, "1" * 5000):
        connection = HTTPConnection(cloud.address, timeout=10)
        body = f'{{"detail": {{"n": {number}}}}}'
        connection.request("POST", url, body, {"content-type": "application/json"})
        assert connection.getresponse().status in {400, 409}
        connection.close()
    connection = HTTPConnection(cloud.address, timeout=10)
    connection.request("GET", "/_localcloud/trace")
    json.loads(connection.getresponse().read(), parse_constant=pytest.fail)
    connection.close()
