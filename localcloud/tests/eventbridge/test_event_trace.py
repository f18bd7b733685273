"""The trace answers "why did nothing happen?" and never shows a credential."""

import json
from typing import Any

from lab.eventbridge import EventBridgeLab, function_target, web_target
from localcloud.eventbridge.trace import traces


async def add_rule(lab: EventBridgeLab, name: str, pattern: dict[str, Any], *targets: Any) -> None:
    """Make a rule on the default bus."""
    await lab.call(
        "CreateRule",
        EventBusName="default",
        RuleName=name,
        FilterPattern=json.dumps(pattern),
        EventTargets=json.dumps(targets),
    )


async def test_each_rule_names_the_first_field_that_differed(lab: EventBridgeLab) -> None:
    """For every rule that did not match, the trace has path, what was expected and what was."""
    await add_rule(lab, "by-source", {"source": ["dingtalk.approval"]}, function_target())
    await add_rule(
        lab,
        "by-role",
        {"source": ["lark.approval"], "data": {"role": ["dba"]}},
        function_target(),
    )
    await add_rule(lab, "matches", {"source": [{"prefix": "lark"}]}, function_target())
    await add_rule(lab, "off", {"source": ["lark.approval"]}, function_target())
    await add_rule(lab, "without-targets", {"source": ["lark.approval"]})
    await lab.call("DisableRule", EventBusName="default", RuleName="off")
    lab.eventbridge.publish(
        "default",
        {"id": "e", "source": "lark.approval", "type": "t", "data": {"role": "devops"}},
    )
    (way,) = await lab.trace("e")
    reasons = {rule["rule"]: rule.get("reason") for rule in way["rules"]}
    assert reasons == {
        "matches": None,
        "by-role": '$.data.role: expected "dba", found "devops"',
        "by-source": '$.source: expected "dingtalk.approval", found "lark.approval"',
        "off": "the rule is disabled",
        "without-targets": "the rule has no targets",
    }
    differences = {rule["rule"]: rule.get("difference") for rule in way["rules"]}
    assert differences["by-role"] == {
        "path": "$.data.role",
        "expected": '"dba"',
        "found": '"devops"',
    }


async def test_a_rule_made_later_is_told_apart(lab: EventBridgeLab) -> None:
    """A rule that would match now did not see the event; the trace says so."""
    lab.eventbridge.publish("default", {"id": "e", "source": "a", "type": "t"})
    await add_rule(lab, "late", {"source": ["a"]}, function_target())
    (way,) = await lab.trace("e")
    assert (
        way["matched"],
        way["rules"][0]["reason"],
    ) == (False, "the rule matches now; it was made or changed after the event came")


async def test_addresses_and_secret_headers_are_not_shown(lab: EventBridgeLab) -> None:
    """A webhook's address is a credential: the trace and the API's queries show its host only."""
    await add_rule(lab, "r", {"source": ["a"]}, web_target())
    headers = {"X-Provisioning-Token": "s3cret", "Content-Type": "application/json"}
    lab.eventbridge.publish(
        "default", {"id": "e", "source": "a", "type": "t", "data": {"headers": headers}}
    )
    lab.web.failures = 1
    await lab.dispatcher.drain()
    (way,) = await lab.trace("e")
    assert way["rules"][0]["targets"][0]["endpoint"] == "https://chat.example/..."
    assert way["event"]["data"]["headers"] == {
        "X-Provisioning-Token": "***",
        "Content-Type": "application/json",
    }
    traces = await lab.call("QueryEventTraces", EventBusName="default", EventId="e")
    for text in (json.dumps(way), json.dumps(traces)):
        assert "s3cret" not in text
        assert "secret-hook" not in text


async def test_the_newest_events_come_last_and_a_limit_keeps_them(lab: EventBridgeLab) -> None:
    """Without an id the trace is that of the last events, oldest first."""
    for number in range(5):
        lab.eventbridge.publish("default", {"id": str(number), "source": "a", "type": "t"})
    await lab.store.flush()
    assert [way["id"] for way in traces(lab.eventbridge, limit=2)] == ["3", "4"]
    assert traces(lab.eventbridge, "unknown") == []


async def test_the_queries_of_the_api_give_the_same_story(lab: EventBridgeLab) -> None:
    """QueryEvent, QueryEventTraces, QueryTracedEvents and ...ByEventId read the trace."""
    await add_rule(lab, "r", {"source": ["a"]}, function_target())
    lab.eventbridge.publish("default", {"id": "e", "source": "a", "type": "t", "data": 1})
    lab.eventbridge.publish("default", {"id": "f", "source": "b", "type": "t"})
    lab.function.failures = 1
    await lab.dispatcher.drain()
    bus = {"EventBusName": "default"}
    assert (await lab.call("QueryEvent", **bus, EventId="e"))["Data"]["data"] == 1
    steps = (await lab.call("QueryEventTraces", **bus, EventId="e"))["Data"]
    assert [step["Action"] for step in steps] == ["received", "push"]
    assert steps[1]["NotifyStatus"].startswith("FAILED")
    for params, found in [
        ({}, ["e", "f"]),
        ({"EventSource": "b"}, ["f"]),
        ({"MatchedRule": "r"}, ["e"]),
        ({"EndTime": "1"}, []),
    ]:
        answer = await lab.call("QueryTracedEvents", **bus, **params)
        assert [event["EventId"] for event in answer["Data"]["Events"]] == found
    answer = await lab.call("QueryTracedEventByEventId", **bus, EventId="f")
    assert [event["EventSource"] for event in answer["Data"][0]["Events"]] == ["b"]
