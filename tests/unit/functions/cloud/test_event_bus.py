"""PutEvents, judged by Alibaba Cloud's own data SDK."""

import json
from typing import Any

import pytest

from functions.cloud import eventbridge
from functions.cloud.eventbridge import EventBus
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError, Credentials
from tests.unit.functions import sdk
from tests.unit.functions.loopback import Loopback, Reply
from tests.unit.functions.samples import NOW

KEY = Credentials("LTAIexample", "very-secret", "sts-token")

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "t-1-i-1-Success",
    "source": "ecs.provisioning",
    "type": "provisioning:InvocationResult",
    "datacontenttype": "application/json",
    "time": "2026-01-01T00:00:00.000Z",
    "aliyuneventbusname": "provisioning-test",
    "data": {"detail": {"emp_id": "E123"}, "message": {"text": "开通成功"}},
}
TAKEN = json.dumps({"RequestId": "R", "FailedEntryCount": 0, "EntryList": [{"EventId": "x"}]})


def bus(loopback: Loopback, credentials: Credentials = KEY) -> EventBus:
    """Return a client of the loopback server."""
    return EventBus(loopback.url, credentials, now=lambda: NOW, nonce=lambda: "nonce", seconds=5)


@pytest.mark.filterwarnings("ignore:Call to deprecated")
def test_put_events_is_what_the_data_sdk_sends(loopback: Loopback) -> None:
    """Path, headers and body are those of the official data client."""
    loopback.answer = lambda _: Reply(body=TAKEN.encode())
    official = sdk.eventbridge_client.Client(
        sdk.eventbridge_models.Config(
            access_key_id=KEY.access_key_id,
            access_key_secret=KEY.access_key_secret,
            security_token=KEY.security_token,
            endpoint=loopback.url.removeprefix("http://"),
            protocol="http",
        )
    )
    official.put_events(
        [
            sdk.eventbridge_models.CloudEvent(
                id=EVENT["id"],
                source=EVENT["source"],
                specversion="1.0",
                type=EVENT["type"],
                datacontenttype="application/json",
                time=EVENT["time"],
                extensions={"aliyuneventbusname": EVENT["aliyuneventbusname"]},
                data=json.dumps(EVENT["data"]).encode(),
            )
        ]
    )
    bus(loopback).put([EVENT])
    theirs, ours = loopback.seen
    assert (ours.method, ours.target) == (theirs.method, theirs.target)
    assert json.loads(ours.body) == json.loads(theirs.body)
    changing = {
        "date", "authorization", "x-acs-signature-nonce", "user-agent", "accept-encoding",
        "connection", "content-length",
    }  # fmt: skip
    assert {n: v for n, v in ours.headers.items() if n not in changing} == {
        n: v for n, v in theirs.headers.items() if n not in changing
    }


@pytest.mark.parametrize("credentials", [KEY, Credentials("LTAIexample", "very-secret")])
def test_signatures_are_the_sdks(loopback: Loopback, credentials: Credentials) -> None:
    """The Authorization header is what the data SDK computes for the request that arrived."""
    loopback.answer = lambda _: Reply(body=TAKEN.encode())
    bus(loopback, credentials).put([EVENT])
    (seen,) = loopback.seen
    request = sdk.tea_request.TeaRequest()
    request.method, request.pathname, request.query = "POST", seen.path, {}
    request.headers = {n: v for n, v in seen.headers.items() if n != "authorization"}
    text = sdk.eventbridge_util.Client.get_string_to_sign(request)
    signature = sdk.eventbridge_util.Client.get_signature(text, "very-secret")
    assert seen.headers["authorization"] == f"acs:LTAIexample:{signature}"
    assert bool(credentials.security_token) == ("x-acs-security-token" in seen.headers)


def test_many_events_go_in_batches(loopback: Loopback) -> None:
    """The API takes 16 events at a time."""
    loopback.answer = lambda _: Reply(body=TAKEN.encode())
    bus(loopback).put([{**EVENT, "id": str(n)} for n in range(33)])
    sent = [json.loads(seen.body) for seen in loopback.seen]
    assert [len(batch) for batch in sent] == [16, 16, 1]
    assert [event["id"] for batch in sent for event in batch] == [str(n) for n in range(33)]


@pytest.mark.parametrize(
    ("status", "body", "error", "match"),
    [
        (
            200,
            {"FailedEntryCount": 1, "EntryList": [{"ErrorCode": "EventBusNotExist"}]},
            ApiTroubleError,
            "PutEvents: EventBusNotExist",
        ),
        (200, {"failedEntryCount": 1}, ApiTroubleError, "FailedEntry"),
        (200, {"FailedEntryCount": 1, "EntryList": [None, {}]}, ApiTroubleError, "FailedEntry"),
        (403, {"code": "NoPermission", "message": "no"}, ApiRefusedError, "NoPermission"),
        (503, {}, ApiTroubleError, "Http503"),
    ],
)
def test_events_that_were_not_taken_are_noticed(
    loopback: Loopback, status: int, body: object, error: type[Exception], match: str
) -> None:
    """A failed entry in an answer with status 200 is a failure."""
    loopback.answer = lambda _: Reply(status, json.dumps(body).encode())
    with pytest.raises(error, match=match):
        bus(loopback).put([EVENT])


def test_no_answer_is_worth_another_try() -> None:
    """A server that refuses connections is a temporary trouble."""
    unreachable = EventBus("http://127.0.0.1:1", KEY, now=lambda: NOW)
    with pytest.raises(ApiTroubleError, match="PutEvents: ConnectionRefusedError"):
        unreachable.put([EVENT])


def test_the_date_has_the_form_of_http(loopback: Loopback) -> None:
    """The signature covers it, so its form is the API's."""
    bus(loopback).put([EVENT])
    assert loopback.seen[-1].headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_a_lone_surrogate_does_not_stop_a_result() -> None:
    """Text that is no Unicode is sent with a question mark in its place."""
    assert eventbridge.encode([{"a": "\ud800"}]) == b'[{"a":"?"}]'


def test_the_endpoint_is_the_accounts() -> None:
    """Each account has a host of its own ("Regions and endpoints"), unless one is configured."""

    class Context:
        request_id = "r"
        region = "cn-shanghai"
        account_id = "1234567890123456"

    environ = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "a", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "b"}
    assert (
        eventbridge.connect(Context(), environ)._endpoint
        == "https://1234567890123456.eventbridge.cn-shanghai.aliyuncs.com"
    )
    local = {**environ, "ALIBABA_CLOUD_ENDPOINT_EVENTBRIDGE": "http://127.0.0.1:7/"}
    assert eventbridge.connect(Context(), local)._endpoint == "http://127.0.0.1:7"
