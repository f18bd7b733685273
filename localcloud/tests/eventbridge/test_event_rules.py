"""Buses, sources and rules answer as the provider needs it: echoes, codes, order, limits."""

import json
from typing import Any

import pytest

from lab.eventbridge import EventBridgeLab, function_target, web_target
from localcloud.errors import ApiError

PATTERN = '{ "source" : ["dingtalk.approval"],\n "data":{"body":{"x":[{"prefix":"中"}]}} }'
HTTP = '{"Ip":[],"Method":["POST","PUT"],"Referer":[],"SecurityConfig":"none","Type":"HTTPS"}'


async def refused(lab: EventBridgeLab, action: str, **params: Any) -> tuple[str, int]:
    """Return the code and status with which an action is refused."""
    with pytest.raises(ApiError) as caught:
        await lab.call(action, **params)
    assert "NotFound" not in caught.value.message
    return caught.value.code, caught.value.status


async def test_a_rule_comes_back_as_it_was_made(lab: EventBridgeLab) -> None:
    """Pattern text, target order, parameter order and unknown keys are echoed unchanged."""
    targets = [
        web_target("z", Extra={"kept": 1}, PushRetryStrategy="EXPONENTIAL_DECAY_RETRY"),
        function_target("a"),
    ]
    await lab.call("CreateEventBus", EventBusName="bus", Description="d")
    await lab.call(
        "CreateRule",
        EventBusName="bus",
        RuleName="rule",
        FilterPattern=PATTERN,
        Description="why",
        EventTargets=json.dumps(targets),
    )
    await lab.restart()
    rule = (await lab.call("GetRule", EventBusName="bus", RuleName="rule"))["Data"]
    assert (
        rule["FilterPattern"],
        rule["Description"],
        rule["Status"],
    ) == (PATTERN, "why", "ENABLE")
    targets[1]["PushRetryStrategy"] = "BACKOFF_RETRY"
    assert rule["Targets"] == targets
    assert rule["RuleARN"].endswith(":eventbus/bus/rule/rule")


async def test_a_source_comes_back_as_it_was_made_and_keeps_its_url(lab: EventBridgeLab) -> None:
    """The list has every source by name with its parameters; an update keeps the webhook."""
    for bus in ("b1", "b2"):
        await lab.call("CreateEventBus", EventBusName=bus)
    for bus, name in [("b2", "z.source"), ("b1", "a.source"), ("b1", "m.source")]:
        await lab.call(
            "CreateEventSource",
            EventBusName=bus,
            EventSourceName=name,
            LinkedExternalSource="true",
            SourceHttpEventParameters=HTTP if name != "m.source" else "",
        )
    listed = (await lab.call("ListUserDefinedEventSources", Limit="50"))["Data"]
    sources = listed["EventSourceList"]
    assert [s["Name"] for s in sources] == ["a.source", "m.source", "z.source"]
    assert "SourceHttpEventParameters" not in sources[1]
    (url,) = sources[0]["SourceHttpEventParameters"].pop("PublicWebHookUrl")
    assert url.startswith("http://127.0.0.1:8642/webhook/putEvents?token=")
    assert sources[0]["SourceHttpEventParameters"] == {
        "Ip": [],
        "Method": ["POST", "PUT"],
        "Referer": [],
        "SecurityConfig": "none",
        "Type": "HTTPS",
        "VpcWebHookUrl": [],
    }
    await lab.call(
        "UpdateEventSource",
        EventBusName="b1",
        EventSourceName="a.source",
        Description="new",
        SourceHttpEventParameters=HTTP.replace('"PUT"', '"GET"'),
        SourceKafkaParameters="{}",
        SourceMNSParameters="{}",
    )
    (changed, *_) = (await lab.call("ListUserDefinedEventSources"))["Data"]["EventSourceList"]
    assert (
        changed["Description"],
        changed["SourceHttpEventParameters"]["Method"],
        changed["SourceHttpEventParameters"]["PublicWebHookUrl"],
    ) == ("new", ["POST", "GET"], [url])


async def test_lists_come_in_pages_by_name(lab: EventBridgeLab) -> None:
    """A page ends with the token of the next one; the last page has none."""
    for name in "cab":
        await lab.call("CreateEventBus", EventBusName=name)
        await lab.call("CreateEventSource", EventBusName=name, EventSourceName=f"{name}.s")
    first = (await lab.call("ListEventBuses", Limit="3"))["Data"]
    assert (
        [b["EventBusName"] for b in first["EventBuses"]],
        first["NextToken"],
        first["Total"],
    ) == (["a", "b", "c"], "3", 4)
    last = (await lab.call("ListEventBuses", Limit="3", NextToken="3"))["Data"]
    assert [b["EventBusName"] for b in last["EventBuses"]] == ["default"]
    assert "NextToken" not in last
    sources = await lab.call("ListUserDefinedEventSources", Limit="2")
    assert (sources["NextToken"], sources["Data"]["NextToken"]) == ("2", "2")


async def test_what_does_not_exist_is_404_with_its_code(lab: EventBridgeLab) -> None:
    """The provider takes only 404 for gone, and matches the codes."""
    await lab.call("CreateEventBus", EventBusName="bus")
    bus, rule = {"EventBusName": "gone"}, {"EventBusName": "bus", "RuleName": "gone"}
    source = {"EventBusName": "bus", "EventSourceName": "gone"}
    for action in ("GetEventBus", "DeleteEventBus", "UpdateEventBus", "ListRules"):
        assert await refused(lab, action, **bus) == ("EventBusNotExist", 404)
    for action in ("GetRule", "DeleteRule", "UpdateRule", "EnableRule", "DisableRule"):
        assert await refused(lab, action, **rule) == ("EventRuleNotExisted", 404)
    assert await refused(lab, "PutTargets", **rule, Targets="[]") == ("EventRuleNotExisted", 404)
    for action in ("DeleteEventSource", "UpdateEventSource"):
        assert await refused(lab, action, **source) == ("EventSourceNotExist", 404)


async def test_status_text_and_targets_are_changed_one_by_one(lab: EventBridgeLab) -> None:
    """Each update changes its part; a description that is not sent any more is gone."""
    rule = {"EventBusName": "default", "RuleName": "r"}
    await lab.call(
        "CreateRule",
        **rule,
        FilterPattern='{"source":["a"]}',
        Description="d",
        EventTargets=json.dumps([function_target("a"), function_target("b")]),
    )
    await lab.call("DisableRule", **rule)
    await lab.call("UpdateRule", **rule, FilterPattern='{"source":["b"]}')
    found = (await lab.call("GetRule", **rule))["Data"]
    assert (
        found["Status"],
        found["Description"],
        found["FilterPattern"],
        len(found["Targets"]),
    ) == ("DISABLE", "", '{"source":["b"]}', 2)
    lab.eventbridge.publish("default", {"id": "1", "source": "b", "type": "t"})
    await lab.call("EnableRule", **rule)
    lab.eventbridge.publish("default", {"id": "2", "source": "b", "type": "t"})
    (off, on) = await lab.trace()
    assert (off["matched"], on["matched"]) == (False, True)
    answer = await lab.call("DeleteTargets", **rule, TargetIds='["b","x"]')
    assert [e["EntryId"] for e in answer["Data"]["ErrorEntries"]] == ["x"]
    await lab.call("PutTargets", **rule, Targets=json.dumps([function_target("n")]))
    listed = (await lab.call("ListTargets", **rule))["Data"]["Targets"]
    assert [(t["Id"], t["RuleName"], t["EventBusName"]) for t in listed] == [("n", "r", "default")]


async def test_every_write_answers_success(lab: EventBridgeLab) -> None:
    """The provider demands Code "Success" of every write."""
    bus = {"EventBusName": "bus"}
    rule, source = {**bus, "RuleName": "r"}, {**bus, "EventSourceName": "s"}
    targets = json.dumps([function_target()])
    for action, params in [
        ("CreateEventBus", bus),
        ("UpdateEventBus", bus),
        ("CreateEventSource", {**source, "SourceHttpEventParameters": HTTP}),
        ("UpdateEventSource", source),
        ("CreateRule", {**rule, "FilterPattern": "{}", "EventTargets": targets}),
        ("UpdateRule", rule),
        ("PutTargets", {**rule, "Targets": targets}),
        ("DeleteTargets", {**rule, "TargetIds": '["fc"]'}),
        ("EnableRule", rule),
        ("DisableRule", rule),
        ("DeleteRule", rule),
        ("DeleteEventSource", source),
        ("DeleteEventBus", bus),
        ("CreateServiceLinkedRoleForProduct", {"ProductName": "p"}),
    ]:
        assert (await lab.call(action, **params))["Code"] == "Success", action
    assert (await lab.call("CheckRoleForProduct", ProductName="p"))["Data"] == {
        "StsRoleName": "p",
        "CheckPass": True,
    }


async def test_a_role_that_is_gone_is_an_error(lab: EventBridgeLab) -> None:
    """The provider takes a deleted role for gone only when it is answered with 404."""
    await lab.call("CreateServiceLinkedRoleForProduct", ProductName="p")
    lab.eventbridge.linked_roles.delete("p")
    with pytest.raises(ApiError) as failure:
        await lab.call("CheckRoleForProduct", ProductName="p")
    assert (failure.value.code, failure.value.status) == ("EntityNotExist.Role", 404)
    check = await lab.call("CheckServiceLinkedRoleForProduct", ProductName="p")
    assert check["Data"]["CheckPass"] is False


async def test_a_source_is_deleted_by_its_name_alone(lab: EventBridgeLab) -> None:
    """As the provider deletes one; a name that two buses know needs its bus."""
    for bus in ("one", "two"):
        await lab.call("CreateEventBus", EventBusName=bus)
    await lab.call("CreateEventSource", EventBusName="one", EventSourceName="hr")
    await lab.call("DeleteEventSource", EventSourceName="hr")
    with pytest.raises(ApiError, match="EventSourceNotExist"):
        await lab.call("DeleteEventSource", EventSourceName="hr")
    for bus in ("one", "two"):
        await lab.call("CreateEventSource", EventBusName=bus, EventSourceName="hr")
    with pytest.raises(ApiError, match="EventBusName"):
        await lab.call("DeleteEventSource", EventSourceName="hr")
    assert len(lab.eventbridge.sources()) == 2


async def test_a_bus_in_use_is_not_deleted_and_default_never(lab: EventBridgeLab) -> None:
    """Rules and sources go before their bus; the default bus always exists."""
    await lab.call("CreateEventBus", EventBusName="bus")
    await lab.call("CreateRule", EventBusName="bus", RuleName="r", FilterPattern="{}")
    in_use = await refused(lab, "DeleteEventBus", EventBusName="bus")
    assert in_use == ("EventBusRuleNotEmptyForDelete", 409)
    await lab.call("DeleteRule", EventBusName="bus", RuleName="r")
    await lab.call("CreateEventSource", EventBusName="bus", EventSourceName="s")
    in_use = await refused(lab, "DeleteEventBus", EventBusName="bus")
    assert in_use == ("EventBusSourceNotEmptyForDelete", 409)
    default = await refused(lab, "DeleteEventBus", EventBusName="default")
    assert default == ("EventBusNameInvalid", 409)


async def test_quotas_are_enforced(lab: EventBridgeLab) -> None:
    """50 custom buses, 50 rules a bus, 5 targets a rule ("Limits")."""
    for number in range(50):
        await lab.call("CreateEventBus", EventBusName=f"bus-{number}")
        await lab.call(
            "CreateRule", EventBusName="bus-0", RuleName=f"r-{number}", FilterPattern="{}"
        )
    too_many = await refused(lab, "CreateEventBus", EventBusName="one-more")
    assert too_many == ("EventBusCountExceedLimit", 409)
    rule = {"EventBusName": "bus-0", "FilterPattern": "{}"}
    too_many = await refused(lab, "CreateRule", **rule, RuleName="one-more")
    assert too_many == ("EventRuleCountExceedLimit", 409)
    six = json.dumps([function_target(str(n)) for n in range(6)])
    rule = {"EventBusName": "bus-1", "RuleName": "r", "FilterPattern": "{}"}
    too_many = await refused(lab, "CreateRule", **rule, EventTargets=six)
    assert too_many == ("EventTargetCountExceedLimit", 409)


def _with(target: dict[str, Any], index: int, **changes: Any) -> dict[str, Any]:
    parameters = [dict(p) for p in target["ParamList"]]
    parameters[index] |= changes
    return {**target, "ParamList": parameters}


@pytest.mark.parametrize(
    ("targets", "code"),
    [
        pytest.param([{"Id": "a", "Type": "acs.k8s"}], "EventTargetClassNotExist", id="type"),
        pytest.param([function_target(Id="")], "EventTargetMissingAttribute", id="no id"),
        pytest.param(
            [function_target(), function_target()], "EventRuleTargetIdDuplicate", id="same id"
        ),
        pytest.param(
            [function_target(PushRetryStrategy="OFTEN")],
            "EventTargetIneffectiveAttribute",
            id="retry policy",
        ),
        pytest.param(
            [function_target(ErrorsTolerance="NONE")],
            "EventTargetIneffectiveAttribute",
            id="blocking errors",
        ),
        pytest.param(
            [function_target(DeadLetterQueue={"Arn": "acs:mq:cn-hangzhou:1:/instances/x"})],
            "EventTargetIneffectiveAttribute",
            id="dead letters elsewhere",
        ),
        pytest.param(
            [function_target(ParamList=[])], "EventTargetMissingAttribute", id="no parameters"
        ),
        pytest.param(
            [_with(function_target(), 1, Form="RAW")],
            "EventTargetIneffectiveAttribute",
            id="form",
        ),
        pytest.param(
            [_with(web_target(), 1, Value="")],
            "EventTargetIneffectiveAttribute",
            id="path without value",
        ),
        pytest.param(
            [_with(web_target(), 1, Form="TEMPLATE", Value="{}", Template="x" * 10_241)],
            "EventTargetIneffectiveAttribute",
            id="template too long",
        ),
    ],
)
async def test_targets_that_could_not_work_are_refused(
    lab: EventBridgeLab, targets: list[dict[str, Any]], code: str
) -> None:
    """A rule is never made with a target that could only fail."""
    found = await refused(
        lab,
        "CreateRule",
        EventBusName="default",
        RuleName="r",
        FilterPattern="{}",
        EventTargets=json.dumps(targets),
    )
    assert found == (code, 409)
    assert lab.eventbridge.rules("default") == []


@pytest.mark.parametrize(
    ("action", "params", "code"),
    [
        pytest.param(
            "CreateRule",
            {"RuleName": "r", "FilterPattern": '{"data":{"x":[{"regex":"."}]}}'},
            "EventRuleFilterPatternSchemaError",
            id="pattern",
        ),
        pytest.param(
            "CreateRule",
            {"RuleName": "-r", "FilterPattern": "{}"},
            "EventRuleNameInvalid",
            id="name",
        ),
        pytest.param("CreateRule", {"RuleName": "r"}, "MissingFilterPattern", id="no pattern"),
        pytest.param(
            "CreateEventSource",
            {"EventSourceName": "s", "SourceKafkaParameters": '{"Topic":"t"}'},
            "EventSourceTypeInvalid",
            id="Kafka source",
        ),
        pytest.param(
            "CreateEventSource",
            {
                "EventSourceName": "s",
                "SourceHttpEventParameters": HTTP.replace("HTTPS", "FTP"),
            },
            "HttpSourceParametersInvalid",
            id="source type",
        ),
        pytest.param(
            "CreateEventSource",
            {
                "EventSourceName": "s",
                "SourceHttpEventParameters": HTTP.replace('"none"', '"ip"'),
            },
            "HttpSourceParametersInvalid",
            id="ip without addresses",
        ),
        pytest.param(
            "CreateEventSource",
            {
                "EventSourceName": "s",
                "SourceHttpEventParameters": HTTP.replace('"none"', '"ip"').replace(
                    '"Ip":[]', '"Ip":["1.1.1.1","2.2.2.2","3.3.3.3","4.4.4.4","5.5.5.5","6.6.6.6"]'
                ),
            },
            "ExceedHttpSourceParametersCount",
            id="six addresses",
        ),
    ],
)
async def test_rules_and_sources_that_could_not_work_are_refused(
    lab: EventBridgeLab, action: str, params: dict[str, str], code: str
) -> None:
    """What the cloud would refuse is refused here with its code."""
    found, _ = await refused(lab, action, EventBusName="default", **params)
    assert found == code


async def test_a_pattern_can_be_tried_without_a_rule(lab: EventBridgeLab) -> None:
    """TestEventPattern gives the verdict that a rule would have."""
    for source, verdict in [("a", True), ("b", False)]:
        answer = await lab.call(
            "TestEventPattern",
            EventPattern='{"source":["a"]}',
            Event=json.dumps({"source": source}),
        )
        assert answer["Data"] == {"Result": verdict}
