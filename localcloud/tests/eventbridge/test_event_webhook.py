"""The webhook lets in whom the source names and makes the event that the documentation shows."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lab.eventbridge import EventBridgeLab, function_target
from localcloud.eventbridge.webhook import handle
from localcloud.http import HttpRequest, HttpResponse

JSON = {"content-type": "application/json; charset=utf-8", "host": "127.0.0.1:8642"}


async def open_source(lab: EventBridgeLab, **parameters: Any) -> str:
    """Make a source with a rule that matches it; give its token."""
    values = {
        "Type": "HTTPS",
        "SecurityConfig": "none",
        "Method": ["POST"],
        "Ip": [],
        "Referer": [],
        **parameters,
    }
    await lab.call("CreateEventBus", EventBusName="bus")
    await lab.call(
        "CreateEventSource",
        EventBusName="bus",
        EventSourceName="dingtalk.approval",
        LinkedExternalSource="true",
        SourceHttpEventParameters=json.dumps(values),
    )
    await lab.call(
        "CreateRule",
        EventBusName="bus",
        RuleName="provision",
        FilterPattern='{"source":["dingtalk.approval"]}',
        EventTargets=json.dumps([function_target()]),
    )
    (url,) = lab.eventbridge.webhook_urls(lab.eventbridge.sources()[0])
    return parse_qs(urlsplit(url).query)["token"][0]


async def post(
    lab: EventBridgeLab, token: str, body: bytes = b"{}", **changes: Any
) -> HttpResponse:
    """Post to the webhook."""
    values: dict[str, Any] = {
        "method": "POST",
        "host": "127.0.0.1",
        "path": "/webhook/putEvents",
        "query": {"token": token},
        "headers": JSON,
        "body": body,
        **changes,
    }
    return await handle(lab.eventbridge, HttpRequest(**values))


def code(response: HttpResponse) -> tuple[int, str]:
    """Return the status and code of an answer."""
    return response.status, json.loads(response.body)["Code"]


async def test_a_posted_approval_becomes_the_documented_event(lab: EventBridgeLab) -> None:
    """The event has the source's name, the request under data, and the cloud's attributes."""
    token = await open_source(lab)
    body = {"source": "dingtalk.approval", "detail": {"emp_id": "E123", "n": 7, "big": 10**12}}
    response = await post(
        lab,
        token,
        json.dumps(body).encode(),
        query={"token": token, "tenant": "t1"},
        headers={
            **JSON,
            "x-provisioning-token": "s3cret",
            "authorization": "Bearer x",
            "cookie": "c",
            "proxy-authorization": "p",
        },
        source_ip="203.0.113.7",
    )
    answer = json.loads(response.body)
    assert (response.status, answer["Code"], answer["FailedEntryCount"]) == (200, "Success", 0)
    await lab.dispatcher.drain()
    (delivered,) = lab.function.bodies
    event = json.loads(delivered)
    assert event["id"] == answer["EntryList"][0]["EventId"]
    assert {
        "id": event["id"],
        "source": "dingtalk.approval",
        "type": "eventbridge:Events:HTTPEvent",
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "subject": "acs:eventbridge:cn-hangzhou:1234567890123456:"
        "eventbus/bus/eventsource/dingtalk.approval",
        "time": "2026-01-01T08:00:00.000+08:00",
        "aliyunaccountid": "1234567890123456",
        "aliyunpublishtime": "2026-01-01T00:00:00.000Z",
        "aliyuneventbusname": "bus",
        "aliyunregionid": "cn-hangzhou",
        "aliyunpublishaddr": "203.0.113.7",
        "data": {
            "headers": {
                "Content-Type": "application/json; charset=utf-8",
                "Host": "127.0.0.1:8642",
                "X-Provisioning-Token": "s3cret",
            },
            "path": "/webhook/putEvents",
            "httpMethod": "POST",
            "queryString": {"tenant": "t1"},
            "body": body,
        },
    } == event
    # Numbers went through a double, as in the engine.
    assert '"n":7.0,"big":1.0E12' in delivered
    assert "s3cret" not in json.dumps(await lab.trace())


async def test_each_request_is_another_event(lab: EventBridgeLab) -> None:
    """The sender cannot choose the event's id; the same request twice is two events."""
    token = await open_source(lab)
    ids = {json.loads((await post(lab, token)).body)["EntryList"][0]["EventId"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        pytest.param(b"plain", "text/plain", "plain", id="text"),
        pytest.param(b'{"a":1}', "", '{"a":1}', id="no content type"),
        pytest.param("中".encode(), "text/plain", "中", id="text beyond ascii"),
        pytest.param(b"\xff", "application/octet-stream", "�", id="bytes"),
        pytest.param(b'{"a":"\\ud800"}', "application/json", {"a": "?"}, id="half a character"),
    ],
)
async def test_a_body_is_an_object_or_a_text(
    lab: EventBridgeLab, body: bytes, content_type: str, expected: Any
) -> None:
    """JSON arrives as an object, anything else as text."""
    token = await open_source(lab)
    await post(lab, token, body, headers={"content-type": content_type})
    (way,) = await lab.trace()
    assert way["event"]["data"]["body"] == expected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[1]", id="list"),
        pytest.param(b'"text"', id="text"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half"),
        pytest.param(b'{"a":NaN}', id="not a number"),
        pytest.param(b'{"a":1e999}', id="infinite"),
        pytest.param(b'{"a":' * 20_000 + b"1" + b"}" * 20_000, id="deep"),
    ],
)
async def test_a_json_body_that_is_no_object_is_refused(lab: EventBridgeLab, body: bytes) -> None:
    """What the engine cannot read as a map is an error, and nothing is accepted."""
    token = await open_source(lab)
    assert code(await post(lab, token, body)) == (409, "JsonAttributeInvalid")
    assert await lab.trace() == []


async def test_a_deep_body_is_refused_not_fatal(lab: EventBridgeLab) -> None:
    """A body just within the parser's depth does not break what comes after it."""
    token = await open_source(lab)
    for depth in (900, 960, 980, 990, 995, 1000):
        body = b'{"a":' * depth + b"1" + b"}" * depth
        status, _ = code(await post(lab, token, body))
        assert status in {200, 409}
    await lab.dispatcher.drain()


async def test_an_event_over_64_kb_is_refused(lab: EventBridgeLab) -> None:
    """The limit counts bytes of the whole event, headers included."""
    token = await open_source(lab)
    assert code(await post(lab, token, b'{"a":"%s"}' % (b"x" * 60_000))) == (200, "Success")
    for size in (65_500, 300_000):
        body = b'{"a":"%s"}' % (b"x" * size)
        assert code(await post(lab, token, body)) == (409, "EventSizeExceed")


@pytest.mark.parametrize(
    ("parameters", "changes", "expected"),
    [
        pytest.param({}, {"method": "GET"}, 409, id="other method"),
        pytest.param({"Method": ["GET", "PUT"]}, {"method": "PUT"}, 200, id="source's method"),
        pytest.param({}, {"query": {"token": "guess"}}, 403, id="other token"),
        pytest.param({}, {"query": {}}, 403, id="no token"),
        pytest.param({}, {"path": "/webhook/other"}, 404, id="other path"),
        pytest.param(
            {"SecurityConfig": "ip", "Ip": ["10.0.0.0/8"]},
            {"source_ip": "10.1.2.3"},
            200,
            id="address inside",
        ),
        pytest.param(
            {"SecurityConfig": "ip", "Ip": ["10.0.0.0/8"]},
            {"source_ip": "11.1.2.3", "headers": {**JSON, "x-real-ip": "10.1.2.3"}},
            409,
            id="address outside",
        ),
        pytest.param(
            {"SecurityConfig": "referer", "Referer": ["oa.dingtalk.com"]},
            {"headers": {**JSON, "referer": "https://oa.dingtalk.com/x"}},
            200,
            id="referer",
        ),
        pytest.param(
            {"SecurityConfig": "referer", "Referer": ["oa.dingtalk.com"]},
            {"headers": {**JSON, "referer": "https://oa.dingtalk.com.evil/x"}},
            409,
            id="other referer",
        ),
    ],
)
async def test_a_source_lets_in_only_what_it_names(
    lab: EventBridgeLab, parameters: dict[str, Any], changes: dict[str, Any], expected: int
) -> None:
    """Token, method, address and referer are checked before anything is accepted."""
    token = await open_source(lab, **parameters)
    response = await post(lab, token, **changes)
    assert response.status == expected
    assert bool(await lab.trace()) == (expected == 200)
    assert token.encode() not in response.body


async def test_a_deleted_source_lets_nobody_in(lab: EventBridgeLab) -> None:
    """The token ends with the source, and a source that lost its parameters has no webhook."""
    token = await open_source(lab)
    source = {"EventBusName": "bus", "EventSourceName": "dingtalk.approval"}
    await lab.call("UpdateEventSource", **source)
    assert (await post(lab, token)).status == 403
    await lab.call("DeleteEventSource", **source)
    assert (await post(lab, token)).status == 403
