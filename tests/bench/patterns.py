"""Matching speed: per rule against moto's matcher, and 10,000 rules on a bus against 50.

    python -m tests.bench.patterns

prints one JSON object. Times are the best of several rounds, in microseconds.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from moto.events.models import EventPattern

from localcloud.eventbridge.matching.index import RuleIndex
from localcloud.eventbridge.matching.pattern import Pattern

_ROUNDS = 7
_SECONDS_PER_ROUND = 0.05
Rules = list[dict[str, Any]]
Event = dict[str, Any]


def _approval(tenant: int) -> Event:
    return {
        "id": "ac0d574c-2f4c-4d0e-9b57-0f1f2f3f4f5f",
        "source": f"dingtalk.approval.{tenant}",
        "type": "eventbridge:Events:HTTPEvent",
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "subject": f"acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/b/eventsource/{tenant}",
        "time": "2026-11-22T09:33:20.000+08:00",
        "aliyuneventbusname": "provisioning",
        "data": {
            "headers": {"Host": "localhost", "Content-Type": "application/json"},
            "path": "/webhook/putEvents",
            "httpMethod": "POST",
            "queryString": {},
            "body": {
                "source": "dingtalk.approval",
                "detail-type": "ProvisionRequest",
                "detail": {"emp_id": "E123", "role": "devops", "chat": f"ops-{tenant}"},
            },
        },
    }


def _result(tenant: int) -> Event:
    return {
        "id": "t-1-i-1-Success",
        "source": "ecs.provisioning",
        "type": "provisioning:InvocationResult",
        "specversion": "1.0",
        "data": {
            "detail": {
                "InvocationStatus": "Success",
                "emp_id": "E123",
                "role": "devops",
                "ExitCode": 0,
                "origin": {"source": f"dingtalk.approval.{tenant}", "chat": f"ops-{tenant}"},
            }
        },
    }


def _loop_rules(count: int) -> Rules:
    """Return the rules of this project's loop, for as many tenants as it takes."""
    rules: Rules = []
    for tenant in range(count // 5):
        chat = {"origin": {"chat": [f"ops-{tenant}"]}}
        types = ["ProvisionRequest", "DeprovisionRequest"]
        result = {"source": ["ecs.provisioning"], "type": ["provisioning:InvocationResult"]}
        failed = {"InvocationStatus": [{"anything-but": "Success"}], **chat}
        rules += [
            {"source": [f"dingtalk.approval.{tenant}"], "data": {"body": {"detail-type": types}}},
            {"source": [f"dingtalk.member.{tenant}"], "data": {"body": {"action": ["add"]}}},
            {**result, "data": {"detail": {"InvocationStatus": ["Success"], **chat}}},
            {**result, "data": {"detail": failed}},
            {"source": ["acs.ecs"], "data": {"commandName": [{"prefix": f"loop-{tenant}-"}]}},
        ]
    return rules


def _mixed_rules() -> Rules:
    """Return 50 rules that use every operator which moto has too, on the approval's fields."""
    fields: Rules = [
        {"source": ["dingtalk.approval.1"]},
        {"source": [{"prefix": "dingtalk."}], "data": {"httpMethod": ["POST", "PUT"]}},
        {"subject": [{"suffix": "/eventsource/1"}]},
        {"data": {"body": {"detail-type": [{"anything-but": ["DeprovisionRequest", "Other"]}]}}},
        {"data": {"body": {"detail": {"role": ["devops"], "emp_id": [{"prefix": "E"}]}}}},
        {"data": {"body": {"detail": {"chat": [{"exists": True}], "until": [{"exists": False}]}}}},
        {"data": {"body": {"detail": {"count": [{"numeric": [">", 0, "<=", 5]}]}}}},
        {"data": {"headers": {"X-Real-Ip": [{"cidr": "10.0.0.0/24"}]}}},
        {
            "type": ["eventbridge:Events:HTTPEvent"],
            "source": [{"anything-but": {"prefix": "acs."}}],
        },
        {"source": ["acs.oss"], "data": {"body": {"detail": {"role": ["dba"]}}}},
    ]
    return fields * 5


def _microseconds(call: Callable[[], object]) -> float:
    """Return the time of one call: the best round's mean."""
    call()
    started = time.perf_counter()
    call()
    once = max(time.perf_counter() - started, 1e-7)
    times = max(1, int(_SECONDS_PER_ROUND / once))
    best = float("inf")
    for _ in range(_ROUNDS):
        gc.collect()
        started = time.perf_counter()
        for _ in range(times):
            call()
        best = min(best, (time.perf_counter() - started) / times)
    return best * 1e6


def _match_all(patterns: list[Pattern], event: Event) -> list[bool]:
    return [pattern.matches(event) for pattern in patterns]


def _match_all_by_moto(patterns: list[EventPattern], event: Any) -> list[bool]:
    return [pattern.matches_event(event) for pattern in patterns]


def _match_flattened_by_moto(patterns: list[EventPattern], event: Event) -> list[bool]:
    return [pattern._does_event_match(event, pattern.get_pattern()) for pattern in patterns]


def against_moto() -> dict[str, Any]:
    """Try every rule of two sets on an event that some of them match, one matcher at a time."""
    figures: dict[str, Any] = {}
    for name, rules in (("mixed", _mixed_rules()), ("loop", _loop_rules(50))):
        event = _approval(1)
        ours = [Pattern.compile(json.dumps(rule)) for rule in rules]
        theirs = [EventPattern(json.dumps(rule), rule) for rule in rules]
        flat = EventPattern._flatten_dict(event)
        verdicts = _match_all(ours, event)
        if verdicts != _match_all_by_moto(theirs, event):
            raise AssertionError(f"the matchers disagree on the rules {name}")
        mine = _microseconds(partial(_match_all, ours, event)) / len(rules)
        moto = _microseconds(partial(_match_all_by_moto, theirs, event)) / len(rules)
        flattened = _microseconds(partial(_match_flattened_by_moto, theirs, flat)) / len(rules)
        figures[name] = {
            "rules": len(rules),
            "matching": sum(verdicts),
            "ours_us_per_rule": round(mine, 3),
            "moto_us_per_rule": round(moto, 3),
            "times_as_fast": round(moto / mine, 1),
            "moto_us_per_rule_event_flattened_before": round(flattened, 3),
            "times_as_fast_event_flattened_before": round(flattened / mine, 1),
        }
    return figures


def many_rules() -> dict[str, Any]:
    """Find the matching rules of an event with 50 and with 10,000 rules on the bus."""
    kinds: dict[str, tuple[Callable[[int], Rules], Event]] = {
        "approval": (_loop_rules, _approval(3)),
        "result": (_loop_rules, _result(3)),
        "one_source_many_chats": (
            lambda count: [
                {"source": ["a"], "type": ["b"], "data": {"chat": [f"ops-{n}"]}}
                for n in range(count)
            ],
            {"source": "a", "type": "b", "data": {"chat": "ops-3"}},
        ),
        "no_field_to_file_under": (
            lambda count: [{"data": {"n": [{"numeric": ["=", n]}]}} for n in range(count)],
            {"source": "a", "data": {"n": 3}},
        ),
    }
    figures: dict[str, Any] = {}
    for name, (rules, event) in kinds.items():
        cost: dict[int, float] = {}
        found: set[int] = set()
        built = 0.0
        for count in (50, 10_000):
            patterns = [(n, Pattern.compile(json.dumps(r))) for n, r in enumerate(rules(count))]
            started = time.perf_counter()
            index = RuleIndex(patterns)
            built = time.perf_counter() - started
            found.add(len(index.matching(event)))
            cost[count] = _microseconds(partial(index.matching, event))
        figures[name] = {
            "matching": sorted(found),
            "us_50_rules": round(cost[50], 2),
            "us_10000_rules": round(cost[10_000], 2),
            "times_the_cost": round(cost[10_000] / cost[50], 2),
            "index_10000_rules_seconds": round(built, 3),
        }
    return figures


def figures() -> list[dict[str, Any]]:
    """Return the cost of matching beside moto's, and what many rules cost more than few."""
    moto, rules = against_moto(), many_rules()
    return [
        {
            "what": f"matching one of {found['rules']} {name} rules",
            "value": found["ours_us_per_rule"],
            "unit": "µs",
            "peer": f"moto {found['moto_us_per_rule']} µs, {found['times_as_fast']} times",
            "goal": ">= 10 times as fast",
        }
        for name, found in moto.items()
    ] + [
        {
            "what": f"10,000 rules: {name}",
            "value": found["us_10000_rules"],
            "unit": "µs",
            "peer": f"50 rules {found['us_50_rules']} µs, {found['times_the_cost']} times",
            "goal": "<= 3 times",
        }
        for name, found in rules.items()
    ]


def main() -> None:
    """Print all figures."""
    figures = {"python": sys.version.split()[0], "moto": against_moto(), "rules": many_rules()}
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
