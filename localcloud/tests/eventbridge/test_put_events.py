"""PutEvents takes both wire forms, judges each event alone and keeps the documented limits."""

import base64
import json
from typing import Any

import pytest

from lab.base import ROOT
from lab.eventbridge import PRODUCTS, EventBridgeLab, function_target
from localcloud.api import ApiCall
from localcloud.errors import ApiError
from localcloud.gateway.inspection import JsonResponse
from localcloud.gateway.styles.style import as_json


def cloud_event(identity: str = "t-1-i-1-Success", **extra: Any) -> dict[str, Any]:
    """Return an event as the data plane's SDK writes it."""
    return {
        "id": identity,
        "source": "ecs.provisioning",
        "type": "provisioning:InvocationResult",
        "specversion": "1.0",
        "aliyuneventbusname": "default",
        "data": {"detail": {"InvocationStatus": "Success"}},
        **extra,
    }


async def put(lab: EventBridgeLab, *events: Any) -> Any:
    """Post events to the data plane."""
    return await lab.call("PutEvents", "eventbridge-data", body=json.dumps(events).encode())


async def add_rule(lab: EventBridgeLab) -> None:
    """Make a rule that matches the result."""
    await lab.call(
        "CreateRule",
        EventBusName="default",
        RuleName="completed",
        FilterPattern='{"data":{"detail":{"InvocationStatus":["Success"]}}}',
        EventTargets=json.dumps([function_target()]),
    )


async def test_a_batch_of_cloud_events_reaches_the_rules(lab: EventBridgeLab) -> None:
    """The data plane answers as its SDK reads it, and the events go their way."""
    await add_rule(lab)
    answer = await put(lab, cloud_event("a"), cloud_event("b", subject="s"))
    assert (
        answer["RequestId"],
        answer["ResourceOwnerAccountId"],
        answer["FailedEntryCount"],
        [entry["EventId"] for entry in answer["EntryList"]],
    ) == ("R", "1234567890123456", 0, ["a", "b"])
    await lab.dispatcher.drain()
    event = json.loads(lab.function.bodies[1])
    assert (
        event["subject"],
        event["time"],
        event["datacontenttype"],
    ) == ("s", "2026-01-01T00:00:00.000Z", "application/json;charset=utf-8")


async def test_the_rpc_form_names_bus_and_attributes_with_capitals(lab: EventBridgeLab) -> None:
    """EventBusName and EventList are what the newest official SDKs send."""
    await add_rule(lab)
    entry = {
        "Id": "5a2c8f4e-0001",
        "Source": "my.source",
        "Type": "order:created",
        "Time": "2026-08-04T10:00:00Z",
        "DataContentType": "application/json",
        "Data": {"detail": {"InvocationStatus": "Success"}, "amount": 99.9},
    }
    answer = await lab.call("PutEvents", EventBusName="default", EventList=json.dumps([entry]))
    assert (answer["Code"], answer["Data"]["FailedEntryCount"]) == ("Success", 0)
    await lab.dispatcher.drain()
    event = json.loads(lab.function.bodies[0])
    assert (
        event["source"],
        event["specversion"],
        event["data"]["amount"],
    ) == ("my.source", "1.0", 99.9)


async def test_data_in_base64_is_json_where_its_content_type_says_so(lab: EventBridgeLab) -> None:
    """The SDK sends JSON as base64 when the content type has a charset; rules see the JSON."""
    data = base64.b64encode(b'{"detail":{"InvocationStatus":"Success"}}').decode()
    for content_type in ("application/json; charset=utf-8", "text/plain"):
        event = cloud_event(data_base64=data, datacontenttype=content_type)
        del event["data"]
        await put(lab, event)
    (as_json, as_text) = await lab.trace()
    assert as_json["event"]["data"] == {"detail": {"InvocationStatus": "Success"}}
    assert as_text["event"]["data"] == '{"detail":{"InvocationStatus":"Success"}}'


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"id": ""}, "EventIdEmpty", id="no id"),
        pytest.param({"id": "x" * 129}, "EventIdEmpty", id="long id"),
        pytest.param({"id": 7}, "EventIdEmpty", id="number as id"),
        pytest.param({"id": "t-1:i-1"}, "EventIdInvalid", id="colon in id"),
        pytest.param({"id": "-a"}, "EventIdInvalid", id="hyphen first in id"),
        pytest.param({"source": None}, "EventSourceInvalid", id="no source"),
        pytest.param({"source": "a b"}, "EventSourceInvalid", id="blank in source"),
        pytest.param({"type": "t" * 65}, "EventTypeInvalid", id="long type"),
        pytest.param({"subject": "s" * 513}, "EventSubjectInvalid", id="long subject"),
        pytest.param({"specversion": None}, "EventSpecversionInvalid", id="no version"),
        pytest.param({"time": "yesterday"}, "EventTimeInvalid", id="time"),
        pytest.param({"data_base64": "%"}, "EventInvalid", id="not base64"),
        pytest.param({"data": "x" * 66_000}, "EventSizeExceed", id="over 64 KB"),
    ],
)
async def test_a_wrong_event_does_not_spoil_the_others(
    lab: EventBridgeLab, changes: dict[str, Any], code: str
) -> None:
    """Each event has its own verdict; the good ones of a request are accepted."""
    answer = await put(lab, cloud_event("a"), {**cloud_event("b"), **changes})
    assert answer["FailedEntryCount"] == 1
    assert [entry.get("ErrorCode") for entry in answer["EntryList"]] == [None, code]
    assert [way["id"] for way in await lab.trace()] == ["a"]


@pytest.mark.parametrize(
    ("events", "code"),
    [
        pytest.param([], "PutEventsRequestBatchSizeExceed", id="none"),
        pytest.param(
            [cloud_event(str(n)) for n in range(17)], "PutEventsRequestBatchSizeExceed", id="17"
        ),
        pytest.param(
            [cloud_event(str(n), data="x" * 60_000) for n in range(5)],
            "PutEventsRequestSizeExceed",
            id="over 256 KB",
        ),
        pytest.param(
            [cloud_event(), cloud_event(aliyuneventbusname="other")],
            "PutEventsRequestMoreThanOneEventBus",
            id="two buses",
        ),
        pytest.param([cloud_event(aliyuneventbusname="")], "EventBusEmpty", id="no bus"),
        pytest.param(
            [cloud_event(aliyuneventbusname="gone")], "EventBusNotExist", id="unknown bus"
        ),
        pytest.param(["text"], "JsonAttributeInvalid", id="no objects"),
    ],
)
async def test_a_wrong_request_is_refused_as_a_whole(
    lab: EventBridgeLab, events: list[Any], code: str
) -> None:
    """Limits of the request and the bus are checked before any event is accepted."""
    with pytest.raises(ApiError) as caught:
        await put(lab, *events)
    assert caught.value.code == code
    assert await lab.trace() == []


HUGE = ["1e400", "-1e400", "9" * 400, "9" * 5000]


@pytest.mark.parametrize("number", HUGE, ids=lambda number: f"{number[:6]}, {len(number)}")
async def test_a_number_that_no_double_holds_is_refused(lab: EventBridgeLab, number: str) -> None:
    """Whoever reads the event would take it for another one, or fail."""
    body = json.dumps([cloud_event(data={"n": "here"}), cloud_event("good")])
    body = body.replace('"here"', f"[{number}]")
    answer = await lab.call("PutEvents", "eventbridge-data", body=body.encode())
    assert answer["FailedEntryCount"] == 1
    assert "no double holds" in answer["EntryList"][0]["ErrorMessage"]
    assert [way["id"] for way in await lab.trace()] == ["good"]


@pytest.mark.parametrize("number", [*HUGE, "Infinity", "NaN", "{"], ids=lambda n: f"{n[:6]}")
async def test_what_an_older_version_kept_hides_nothing(lab: EventBridgeLab, number: str) -> None:
    """Its event is shown as far as it can be; the answers are JSON, and the others are there."""
    await add_rule(lab)
    await put(lab, cloud_event("good"))
    await lab.store.flush()
    old = json.dumps(cloud_event("old")).replace('"Success"', number)
    lab.store.write("INSERT INTO events VALUES (7, 'old', 'default', 's', 't', 0, ?, '[]')", (old,))
    shown = bytes(JsonResponse(await lab.trace()).body)
    assert b"Infinity" not in shown or number == "Infinity"
    assert [way["id"] for way in strict(shown)] == ["good", "old"]
    asked = await lab.call("QueryEvent", EventId="old", EventBusName="default")
    assert strict(as_json(asked))["Data"]
    await lab.dispatcher.drain()


def strict(content: bytes) -> Any:
    """Read JSON as other languages do."""
    return json.loads(content, parse_constant=pytest.fail)


async def test_permission_is_asked_for_on_the_bus_of_the_events(lab: EventBridgeLab) -> None:
    """Both forms need eventbridge:PutEvents on the bus that the events are for."""
    arn = "acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/default"
    body = json.dumps([cloud_event()]).encode()
    for product, call in [
        ("eventbridge-data", ApiCall("e", "PutEvents", ROOT, "R", body=body)),
        ("eventbridge", ApiCall("e", "PutEvents", ROOT, "R", {"EventBusName": "default"})),
    ]:
        action = PRODUCTS[product]["PutEvents"]
        assert action.resources
        assert (
            action.permission,
            action.resources(lab.eventbridge, call),
        ) == ("eventbridge:PutEvents", [arn])
