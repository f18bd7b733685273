"""Whom the local cloud refuses and how it says so, in each of the ways in which clients sign."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import patch

import pytest
from alibabacloud_ecs20140526 import models as ecs
from alibabacloud_eventbridge import models as events
from alibabacloud_fc20230330 import models as fc
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_util.client import Client as TeaUtil
from mns.queue import Message

from lab.running_cloud import RunningCloud
from lab.sdks import Key, sdks_of
from localcloud.client import Inspector
from localcloud.deploy import client as deploy_client
from localcloud.deploy.client import Client
from localcloud.ram.sessions import Session, Sessions

# The data plane's SDK calls what its own dependency calls old.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")

REGION = "cn-hangzhou"
ROLE = "Somebody"


def by_rpc(cloud: RunningCloud, key: Key) -> None:
    """Sign as the provider and the ``aliyun`` command do: HMAC-SHA1 over the parameters."""
    Client(cloud.endpoint, key.id, key.secret).rpc("2014-05-26", "DescribeRegions", {})


def by_acs3(cloud: RunningCloud, key: Key) -> None:
    """Sign as the newest SDKs do: ACS3-HMAC-SHA256 over the whole request."""
    request = ecs.DescribeInstancesRequest(region_id=REGION)
    sdks_of(cloud, key).ecs.describe_instances(request)


def by_acs3_paths(cloud: RunningCloud, key: Key) -> None:
    """Sign a request whose action is its path, as Function Compute's SDK does."""
    sdks_of(cloud, key).fc.list_functions(fc.ListFunctionsRequest())


def by_roa(cloud: RunningCloud, key: Key) -> None:
    """Sign as the provider does for Function Compute: HMAC-SHA1 over headers and path."""
    Client(cloud.endpoint, key.id, key.secret).fc("GET", "/functions")


def by_event_data_plane(cloud: RunningCloud, key: Key) -> None:
    """Sign as the SDK for events does."""
    event = events.CloudEvent(
        id="1",
        source="s",
        specversion="1.0",
        type="t",
        data=b"{}",
        datacontenttype="application/json",
        extensions={"aliyuneventbusname": "default"},
    )
    sdks_of(cloud, key).events.put_events([event])


def by_queue_data_plane(cloud: RunningCloud, key: Key) -> None:
    """Sign as the SDK for messages does."""
    sdks_of(cloud, key).queue("somewhere").send_message(Message("hello"))


def by_log_service(cloud: RunningCloud, key: Key) -> None:
    """Sign as the provider does for Simple Log Service."""
    Client(cloud.endpoint, key.id, key.secret).sls("GET", "/logstores", project="somewhere")


COMMON = {
    "unknown key": "InvalidAccessKeyId.NotFound",
    "wrong secret": "SignatureDoesNotMatch",
    "clock": "InvalidTimeStamp.Expired",
    "expired token": "InvalidSecurityToken.Expired",
    "foreign token": "InvalidSecurityToken.MismatchWithAccessKey",
}
MESSAGES = {
    "unknown key": "InvalidAccessKeyId",
    "wrong secret": "SignatureDoesNotMatch",
    "clock": "TimeExpired",
    "expired token": "InvalidSecurityToken",
    "foreign token": "InvalidSecurityToken",
}
LOGS = {
    "unknown key": "Unauthorized",
    "wrong secret": "SignatureNotMatch",
    "clock": "RequestTimeExpired",
}
WITHOUT_TOKEN = {name: code for name, code in COMMON.items() if "token" not in name}
DOORS: list[tuple[Callable[[RunningCloud, Key], None], dict[str, str]]] = [
    (by_rpc, WITHOUT_TOKEN),
    (by_acs3, COMMON),
    (by_acs3_paths, COMMON),
    (by_roa, WITHOUT_TOKEN),
    (by_event_data_plane, WITHOUT_TOKEN),
    (by_queue_data_plane, MESSAGES),
    (by_log_service, LOGS),
]


@pytest.mark.parametrize(
    ("door", "fault", "code"),
    [
        pytest.param(door, fault, code, id=f"{fault} {door.__name__}".replace("_", " "))
        for door, codes in DOORS
        for fault, code in codes.items()
    ],
)
def test_who_cannot_prove_who_they_are_is_refused(
    cloud: RunningCloud, door: Callable[[RunningCloud, Key], None], fault: str, code: str
) -> None:
    """Each way of signing has each mistake told by the product's own code."""
    key = Key(*cloud.key)
    with ExitStack() as stack:
        match fault:
            case "unknown key":
                key = Key("LTAIsomebody", key.secret)
            case "wrong secret":
                key = Key(key.id, "not-the-secret")
            case "clock":
                stack.enter_context(clocks_off_by(16 * 60))
            case "expired token":
                key = key_of_a_role(key, -1)
            case "foreign token":
                key = Key(key.id, key.secret, key_of_a_role(Key("", "another cloud's"), 900).token)
        assert code_of(lambda: door(cloud, key)) == code


@pytest.mark.parametrize("door", [door for door, _ in DOORS], ids=lambda door: door.__name__)
def test_a_clock_that_is_a_little_off_is_no_matter(
    cloud: RunningCloud, door: Callable[[RunningCloud, Key], None]
) -> None:
    """Up to fifteen minutes either way are accepted; what is then missing is something else."""
    with clocks_off_by(-14 * 60):
        code = code_of(lambda: door(cloud, Key(*cloud.key)))
    assert {"QueueNotExist", "ProjectNotExist", ""} >= {code}


def test_a_request_says_when_it_was_signed(cloud: RunningCloud) -> None:
    """A time that cannot be read does not pass for a good one."""
    timeless = SimpleNamespace(now=lambda _zone: SimpleNamespace(strftime=lambda _form: "today"))
    with patch.object(deploy_client, "datetime", timeless):
        assert code_of(lambda: by_rpc(cloud, Key(*cloud.key))) == "InvalidTimeStamp.Format"


def test_who_does_not_sign_is_refused(cloud: RunningCloud) -> None:
    """A request without any signature gets a code and an id, never an answer."""
    status, body, headers = raw(cloud, "/?Action=DescribeRegions&Version=2014-05-26")
    assert (status, body["Code"]) == (400, "MissingAccessKeyId")
    assert headers["x-acs-request-id"] == body["RequestId"]


def test_throttling_comes_on_demand_and_ends(cloud: RunningCloud) -> None:
    """The next calls of one action fail as often as asked; the SDK sees the cloud's code."""
    fault = {"target": "action:ecs:DescribeInstances", "times": 2, "error": "Throttling.User"}
    Inspector(cloud.endpoint).post("faults", fault)
    key = Key(*cloud.key)
    codes = [code_of(lambda: by_acs3(cloud, key)) for _ in range(3)]
    assert codes == ["Throttling.User", "Throttling.User", ""]
    assert code_of(lambda: by_rpc(cloud, key)) == "", "other actions are not concerned"


UNKNOWN = [
    ("2014-05-26", "DescribeVpcs", "InvalidAction.NotFound"),
    ("2020-04-01", "CreateEventStreaming", "InvalidAction.NotFound"),
    ("2015-05-01", "CreateUser", "InvalidAction.NotFound"),
    ("1999-01-01", "DescribeRegions", "InvalidVersion"),
]


@pytest.mark.parametrize(("version", "action", "code"), UNKNOWN)
def test_an_action_that_is_not_there_is_an_error(
    cloud: RunningCloud, version: str, action: str, code: str
) -> None:
    """What the local cloud has not is never answered as a success."""
    assert code_of(lambda: cloud.client().rpc(version, action, {})) == code


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/functions/f/instances"), ("PATCH", "/functions/f"), ("GET", "/layers")],
)
def test_a_path_that_leads_nowhere_is_an_error(cloud: RunningCloud, method: str, path: str) -> None:
    """The same for products whose actions are paths."""
    assert code_of(lambda: cloud.client().fc(method, path)) == "InvalidAction.NotFound"


def test_every_answer_carries_its_request_id(cloud: RunningCloud) -> None:
    """Success or error, in the body of RPC and in a header everywhere."""
    client = cloud.client()
    seen = []
    send = client._send

    def remember(*arguments: Any) -> tuple[int, bytes]:
        status, content = send(*arguments)
        seen.append((status, json.loads(content)))
        return status, content

    with patch.object(client, "_send", remember):
        client.rpc("2020-04-01", "ListEventBuses", {})
        client.rpc("2015-05-01", "ListRoles", {})
        code_of(lambda: client.rpc("2015-05-01", "GetRole", {"RoleName": "nobody"}))
        code_of(lambda: client.rpc("2022-01-19", "DeleteQueue", {"QueueName": "nothing"}))
        code_of(lambda: client.fc("GET", "/functions/nothing"))
    assert [status for status, _ in seen] == [200, 200, 404, 404, 404]
    assert len(seen) == len({body["RequestId"] for _, body in seen})


def raw(cloud: RunningCloud, target: str) -> tuple[int, dict[str, Any], Any]:
    """Send a request as it is."""
    connection = HTTPConnection(cloud.address, timeout=10)
    connection.request("GET", target)
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    return response.status, body, response.headers


def key_of_a_role(account: Key, seconds: float) -> Key:
    """Return credentials of a role as STS gave them, which are good for that long from now."""
    session = Session(ROLE, "test", time.time() + seconds)
    issued = Sessions(account.secret).issue(session)
    return Key(issued.access_key_id, issued.access_key_secret, issued.security_token)


def code_of(call: Callable[[], object]) -> str:
    """Return the code that a call is refused with; nothing if it succeeds."""
    try:
        call()
    except Exception as error:
        code = getattr(error, "code", None) or getattr(error, "type", None)
        if not isinstance(code, str):
            raise
        return code
    return ""


@contextmanager
def clocks_off_by(seconds: float) -> Iterator[None]:
    """Let every client believe that it is earlier or later."""

    def shifted() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=seconds)

    def iso() -> str:
        return shifted().strftime("%Y-%m-%dT%H:%M:%SZ")

    def http() -> str:
        return shifted().strftime("%a, %d %b %Y %H:%M:%S GMT")

    class Clock(datetime):
        """The clock of the client that sends what the provider sends."""

        @classmethod
        def now(cls, tz: Any = None) -> Self:
            return cls.fromtimestamp(shifted().timestamp(), tz)

    message_time = SimpleNamespace(strftime=time.strftime, gmtime=lambda: shifted().timetuple())
    with (
        patch.object(Utils, "get_timestamp", iso),
        patch.object(Utils, "get_date_utcstring", http),
        patch.object(TeaUtil, "get_date_utcstring", http),
        patch.object(deploy_client, "datetime", Clock),
        patch("mns.mns_client.time", message_time),
    ):
        yield
