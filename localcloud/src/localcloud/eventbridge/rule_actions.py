"""The actions on rules and their targets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from localcloud import strict_json
from localcloud.api import Action, Answer, ApiCall
from localcloud.eventbridge import target_config
from localcloud.eventbridge.encoding import named, page, success
from localcloud.eventbridge.errors import (
    EventBridgeError,
    PatternInvalidError,
    TargetIncompleteError,
)
from localcloud.eventbridge.matching.json_text import parse
from localcloud.eventbridge.matching.pattern import InvalidPatternError, Pattern
from localcloud.eventbridge.resources import DISABLED, ENABLED, Rule
from localcloud.eventbridge.service import EventBridge


async def create_rule(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Create a rule with its pattern and targets."""
    bus, name = call.required("EventBusName"), call.required("RuleName")
    rule = Rule(
        bus=bus,
        name=name,
        pattern=_pattern(eventbridge, call),
        description=call.params.get("Description", ""),
        status=_status(call, ENABLED),
        targets=_targets(eventbridge, call.params.get("EventTargets", "")),
    )
    eventbridge.create_rule(rule)
    return success({"RuleARN": eventbridge.rule_arn(bus, name)})


def _pattern(eventbridge: EventBridge, call: ApiCall) -> str:
    pattern = call.required("FilterPattern")
    # guess: only streams document that an empty pattern stands for all events.
    is_empty = "".join(pattern.split()) == "{}"
    if is_empty and eventbridge.settings.readings.empty_pattern == "refused":
        raise PatternInvalidError("the pattern names no field")
    return pattern


async def get_rule(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return a rule with its targets, as they came."""
    rule = _found(eventbridge, call)
    return success({**_rule(eventbridge, rule), "Targets": rule.targets})


async def update_rule(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Change a rule's pattern, description or status; its targets stay.

    The provider leaves a removed description out, so a request without one clears it.
    """
    rule = _found(eventbridge, call)
    eventbridge.put_rule(
        replace(
            rule,
            pattern=call.params.get("FilterPattern") or rule.pattern,
            description=call.params.get("Description", ""),
            status=_status(call, rule.status),
        )
    )
    return success({})


async def delete_rule(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Delete a rule and its targets."""
    eventbridge.delete_rule(call.required("EventBusName"), call.required("RuleName"))
    return success()


async def list_rules(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return a bus's rules, by name."""
    bus = eventbridge.bus(call.required("EventBusName"))
    rules = named(eventbridge.rules(bus.name), call.params.get("RuleNamePrefix", ""))
    shown, rest = page(call, rules)
    described = [
        {
            **_rule(eventbridge, rule),
            "Targets": [
                {key: target.get(key, "") for key in ("Id", "Type", "Endpoint")}
                for target in rule.targets
            ],
        }
        for rule in shown
    ]
    return success({"Rules": described, **rest})


async def enable_rule(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Enable a rule."""
    eventbridge.put_rule(replace(_found(eventbridge, call), status=ENABLED))
    return success()


async def disable_rule(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Disable a rule: it matches nothing until it is enabled."""
    eventbridge.put_rule(replace(_found(eventbridge, call), status=DISABLED))
    return success()


async def put_targets(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Replace a rule's targets by the given ones."""
    # guess: the page says "creates or updates"; the provider sends the full list and expects
    # that what it left out is gone.
    targets = _targets(eventbridge, call.required("Targets"))
    eventbridge.put_rule(replace(_found(eventbridge, call), targets=targets))
    return success({"ErrorEntriesCount": 0, "ErrorEntries": []})


def _targets(eventbridge: EventBridge, text: str) -> list[dict[str, Any]]:
    targets = target_config.parse(text)
    if eventbridge.settings.readings.function_3_target == "refused":
        for target in targets:
            keys = {parameter.get("ResourceKey") for parameter in target["ParamList"]}
            if target["Type"] == "acs.fc.function" and "serviceName" not in keys:
                # "Event target parameters" lists it as required.
                raise TargetIncompleteError(target["Id"], "ParamList.serviceName")
    return targets


async def delete_targets(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Delete some of a rule's targets; those that are not there are listed as errors."""
    rule = _found(eventbridge, call)
    unwanted = call.repeated("TargetIds") or _texts("TargetIds", call.required("TargetIds"))
    present = {target["Id"] for target in rule.targets}
    kept = [target for target in rule.targets if target["Id"] not in unwanted]
    eventbridge.put_rule(replace(rule, targets=kept))
    errors = [
        {
            "EntryId": target,
            "ErrorCode": "EventTargetNotExist",
            "ErrorMessage": f"the rule [{rule.name}] has no target [{target}]",
        }
        for target in unwanted
        if target not in present
    ]
    return success({"ErrorEntriesCount": len(errors), "ErrorEntries": errors})


async def list_targets(eventbridge: EventBridge, call: ApiCall) -> Answer:
    """Return the targets of a rule, or of all rules of a bus, in their order."""
    bus = eventbridge.bus(call.required("EventBusName")).name
    name = call.params.get("RuleName", "")
    rules = [eventbridge.rule(bus, name)] if name else eventbridge.rules(bus)
    shown, rest = page(
        call,
        [
            {**target, "EventBusName": bus, "RuleName": rule.name}
            for rule in rules
            for target in rule.targets
        ],
    )
    return success({"Targets": shown, **rest})


async def test_event_pattern(eventbridge: EventBridge, call: ApiCall) -> Answer:  # noqa: ARG001
    """Return whether a pattern matches an event."""
    text = call.required("Event")
    try:
        pattern = Pattern.compile(call.required("EventPattern"))
    except InvalidPatternError as error:
        raise PatternInvalidError(str(error)) from None
    try:
        event = parse(text)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise EventBridgeError("EventInvalid", "the event is not a JSON object")
    return success({"Result": pattern.matches(event)})


def _found(eventbridge: EventBridge, call: ApiCall) -> Rule:
    return eventbridge.rule(call.required("EventBusName"), call.required("RuleName"))


def _rule(eventbridge: EventBridge, rule: Rule) -> dict[str, Any]:
    return {
        "EventBusName": rule.bus,
        "RuleName": rule.name,
        "RuleARN": eventbridge.rule_arn(rule.bus, rule.name),
        "FilterPattern": rule.pattern,
        "Description": rule.description,
        "Status": rule.status,
        "CreatedTimestamp": round(rule.created * 1000),
    }


def _status(call: ApiCall, default: str) -> str:
    status = call.params.get("Status") or default
    if status not in {ENABLED, DISABLED}:
        raise EventBridgeError(
            "InvalidArgument", f"the status is '{status}'; accepted is {ENABLED} or {DISABLED}"
        )
    return status


def _texts(name: str, text: str) -> list[str]:
    try:
        values = strict_json.read(text)
    except ValueError:
        values = None
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise EventBridgeError("InvalidArgument", f"{name} is not a JSON list of texts")
    return values


def _rule_arn(eventbridge: EventBridge, call: ApiCall) -> list[str]:
    name = call.params.get("RuleName") or "*"
    return [eventbridge.rule_arn(call.params.get("EventBusName", ""), name)]


# Actions and resources: "EventBridge: RAM authorization".
ACTIONS: dict[str, Action[EventBridge]] = {
    "CreateRule": Action(create_rule, "eventbridge:CreateRule", _rule_arn),
    "GetRule": Action(get_rule, "eventbridge:GetRule", _rule_arn),
    "UpdateRule": Action(update_rule, "eventbridge:UpdateRule", _rule_arn),
    "DeleteRule": Action(delete_rule, "eventbridge:DeleteRule", _rule_arn),
    "ListRules": Action(list_rules, "eventbridge:ListRules", _rule_arn),
    "EnableRule": Action(enable_rule, "eventbridge:EnableRule", _rule_arn),
    "DisableRule": Action(disable_rule, "eventbridge:DisableRule", _rule_arn),
    "PutTargets": Action(put_targets, "eventbridge:PutTargets", _rule_arn),
    "DeleteTargets": Action(delete_targets, "eventbridge:DeleteTargets", _rule_arn),
    "ListTargets": Action(list_targets, "eventbridge:ListTargets", _rule_arn),
    "TestEventPattern": Action(test_event_pattern, "eventbridge:TestEventPattern"),
}
