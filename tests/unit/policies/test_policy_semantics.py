"""The pack reads policy documents and event patterns as the local cloud does.

The pack is published by itself, so both have a reader of their own. Over generated documents, the
right ones and those with something wrong: what the local cloud refuses the pack never reads, and
what the pack reads means the same to both.
"""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.eventbridge.matching.operators import OPERATORS
from localcloud.eventbridge.matching.pattern import InvalidPatternError, Pattern
from localcloud.ram.access.authorization import AccessRequest, Policy, TrustPolicy, decide
from localcloud.ram.access.policy_document import InvalidPolicyDocumentError
from provisioning_policies import patterns, statements
from provisioning_policies.documents import Unreadable

ACTIONS = ("ecs:InvokeCommand", "ecs:RunCommand", "ram:PassRole", "kms:GetSecretValue")
RESOURCES = ("acs:ecs:cn-hangzhou:1:instance/i-1", "acs:ram::1:role/a", "acs:oss:*:1:b/c")
SOURCES = ("acs.ecs", "sample.approval", "sample.results", "", "10.0.0.7", "300")
SEED = 20261125


def spelled(random_: random.Random, text: str) -> str:
    """Return a text, or a pattern that may match it."""
    at = random_.randrange(len(text))
    return random_.choice(
        [
            text,
            text,
            "*",
            text[:at] + "*",
            text[:at] + "?" + text[at + 1 :],
            "*" + text[at:],
            text.upper(),
            text.replace(":", ""),
            "",
        ]
    )


def conditions(random_: random.Random) -> Any:
    """Return a Condition element; some are wrong."""
    operator = random_.choice(
        [
            *("StringEquals", "StringLike", "StringNotEquals", "IpAddress", "NumericLessThan"),
            *("Bool", "DateGreaterThan", "ForAnyValue", "stringequals"),
        ]
    )
    key = random_.choice(["acs:Service", "acs:SourceIp", "acs:ResourceTag/a", "Service", "acs:"])
    value = random_.choice(
        ["a", "*", "10.0.0.0/8", "5", "true", "2026-01-01T00:00:00Z", True, 7, None, [], ["a", "b"]]
    )
    return random_.choice([{operator: {key: value}}, {operator: value}, [], {}, {operator: {}}])


def policy_documents(is_trust: bool) -> Iterator[Any]:
    """Yield documents; about half of them are right."""
    random_ = random.Random(SEED)
    for _ in range(4_000):
        statement: dict[str, Any] = {
            "Effect": random_.choice(["Allow", "Allow", "Allow", "Deny", "allow"]),
            random_.choice(["Action", "Action", "NotAction"]): random_.choice(
                [spelled(random_, random_.choice(ACTIONS)), [random_.choice(ACTIONS)]]
            ),
        }
        if is_trust:
            statement["Principal"] = random_.choice(
                [{"Service": ["fc.aliyuncs.com"]}, {"RAM": "acs:ram::1:root"}, "*", {"All": "*"}]
            )
        else:
            statement[random_.choice(["Resource", "Resource", "NotResource"])] = spelled(
                random_, random_.choice(RESOURCES)
            )
        if random_.random() < 0.4:
            statement["Condition"] = conditions(random_)
        if random_.random() < 0.1:
            statement[random_.choice(["Sid", "resource", "Action", "NotAction"])] = "ecs:x"
        document: dict[str, Any] = {"Version": "1", "Statement": [statement]}
        if random_.random() < 0.1:
            document[random_.choice(["Version", "Statement", "Id"])] = random_.choice(
                ["2", 1, statement, []]
            )
        yield document


def event_patterns() -> Iterator[Any]:
    """Yield patterns; about half of them are right."""
    random_ = random.Random(SEED)
    scalars: list[Any] = [*SOURCES, 300, 300.0, True, None]
    for _ in range(6_000):
        operands: list[Any] = [
            *("acs.", "sample", "10.0.0.0/24", "10.0.0.7", "", 5, True, False, None),
            *([">", 5], [">", 1, "<", 9], ["about", 5], ["a", "b"], {"prefix": "acs"}, {"a": 1}),
        ]
        operator = random_.choice([*patterns._OPERATORS, "wildcard", "Prefix"])
        condition = random_.choice(
            [random_.choice(scalars), {operator: random_.choice(operands)}, [], {}]
        )
        value = random_.choice([[condition]] * 4 + [[condition, "sample.approval"], condition, []])
        key = random_.choice(["source", "type"] * 4 + ["sauce"])
        data = random_.choice(
            [None] * 5 + [{"a": value}, {"a": {"b": value}}, {}, {"a b": value}, "a"]
        )
        yield {key: value, **({"data": data} if data is not None else {})}


def test_both_know_the_same_operators() -> None:
    """An operator that the local cloud learns the pack's reader must learn, too."""
    assert patterns._OPERATORS.keys() == OPERATORS.keys()


@pytest.mark.parametrize("is_trust", [False, True])
def test_policy_documents_mean_the_same(is_trust: bool) -> None:
    """Neither reads what the other refuses, and both allow and deny the same."""
    read = 0
    for document in policy_documents(is_trust):
        text = json.dumps(document)
        try:
            theirs: Any = (TrustPolicy if is_trust else Policy).parse(text)
        except InvalidPolicyDocumentError:
            theirs = None
        try:
            (ours,) = statements.parse(text, is_trust=is_trust)
        except Unreadable:
            assert theirs is None, text
            continue
        assert theirs is not None, text
        read += 1
        if ours.conditions or is_trust or not ours.allow:
            continue
        for action, resource in itertools.product(ACTIONS, RESOURCES):
            decision = decide([theirs], AccessRequest(action, resource))
            mine = ours.allows(action) and ours.covers(resource)
            assert decision.allowed == mine, (text, action, resource)
    assert read > 800


def test_event_patterns_mean_the_same() -> None:
    """The pack may refuse more; what it reads matches the same texts."""
    read = refused = 0
    for pattern in event_patterns():
        text = json.dumps(pattern)
        try:
            theirs: Any = Pattern.compile(text)
        except InvalidPatternError:
            theirs = None
        try:
            ours = patterns.parse(text)
        except Unreadable:
            refused += theirs is not None
            continue
        assert theirs is not None, text
        read += 1
        for source in SOURCES:
            event = {"source": source, "type": source, "data": {"a": source}}
            mine = all(
                ours.takes(source, *path) for path in (("source",), ("type",), ("data", "a"))
            )
            if ("data", "a", "b") not in ours.fields:
                assert theirs.matches(event) == mine, (text, source)
    assert read > 800
    # What both could read: a key that may be a path, an address in an unusual form.
    assert refused < read / 10
