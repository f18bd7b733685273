"""Patterns, ARNs and RAM documents as the rules read them."""

import json

import pytest

from provisioning_policies import tokens
from provisioning_policies.documents import Unreadable
from provisioning_policies.patterns import parse
from provisioning_policies.rule import Resource
from provisioning_policies.statements import allowed, identifier, is_everything, is_named
from provisioning_policies.targets import plain_urls, queue_name
from tests.unit.policies.sample_stack import document


@pytest.mark.parametrize(
    ("pattern", "is_taken"),
    [
        ({}, True),
        ({"source": ["a.b"]}, True),
        ({"source": ["x", "a.b"]}, True),
        ({"source": ["a"]}, False),
        ({"source": [{"prefix": "a."}]}, True),
        ({"source": [{"suffix": ".c"}]}, False),
        ({"source": [{"contains": "."}]}, True),
        ({"source": [{"anything-but": "a.b"}]}, False),
        ({"source": [{"anything-but": ["x"]}]}, True),
        ({"source": [{"anything-but": {"prefix": "a"}}]}, False),
        ({"source": [{"exists": True}]}, True),
    ],
)
def test_a_pattern_takes_a_source(pattern: dict[str, object], is_taken: bool) -> None:
    """The alternatives of a key are judged as EventBridge does."""
    assert parse(json.dumps(pattern)).takes("a.b", "source") == is_taken


@pytest.mark.parametrize(
    "pattern",
    [
        "[]",
        "{",
        '{"source": []}',
        '{"source": "a"}',
        '{"source": [["a"]]}',
        '{"source": [{"prefix": ""}]}',
        '{"source": [{"prefix": "a", "suffix": "b"}]}',
        '{"source": [{"like": "a"}]}',
        '{"source": [{"cidr": "office"}]}',
        '{"source": [{"numeric": [">"]}]}',
        '{"source": [{"exists": "yes"}]}',
        '{"source": [{"anything-but": [{"a": 1}]}]}',
        '{"detail": {"a": ["b"]}}',
        '{"data": {}}',
        '{"data": {"a..b": ["c"]}}',
        '{"data": {"a[*]": ["c"]}}',
        '{"source": ["a"], "source": ["b"]}',
    ],
)
def test_a_pattern_that_says_nothing_clear_is_unreadable(pattern: str) -> None:
    """What EventBridge would refuse, and what may be read in two ways."""
    with pytest.raises(Unreadable):
        parse(pattern)


@pytest.mark.parametrize(
    ("alternatives", "narrow"),
    [
        (["a"], True),
        ([{"prefix": "app."}], True),
        ([{"contains": "approval"}], True),
        (["a", ""], False),
        ([{"prefix": "a"}], False),
        ([{"prefix": "acs."}], False),
        ([{"prefix": "acs.ecs"}], True),
        (["a", {"contains": "."}], False),
        ([{"anything-but": "a"}], False),
        ([{"exists": True}], False),
    ],
)
def test_a_pattern_names_sources_only_if_each_alternative_does(
    alternatives: list[object], narrow: bool
) -> None:
    """One open alternative opens the pattern."""
    assert parse(json.dumps({"source": alternatives})).names_a_source == narrow


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("acs:mns:cn-hangzhou:1:/queues/q", "q"),
        ("acs:mns:cn-hangzhou:1:queues/q", "q"),
        ("acs:mns:cn-hangzhou:1:/topics/q", None),
        ("acs:mq:cn-hangzhou:1:/queues/q", None),
        (None, None),
    ],
)
def test_a_queue_is_read_from_its_arn(arn: str | None, name: str | None) -> None:
    """Both ways of writing the ARN of a queue are known."""
    assert queue_name(arn) == name


@pytest.mark.parametrize(
    ("url", "leaves"),
    [
        ("http://hr.example.com", True),
        ("HTTP://hr.example.com:80/x", True),
        ("http://10.0.0.5/api", True),
        ("http://invalid.example.com", True),
        ("https://hr.example.com", False),
        ("http://hr.localcloud.invalid/api", False),
        ("http://localhost:8080", False),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]:8080", False),
        ("acs:fc:cn-hangzhou:1:functions/f", False),
        ("http://127.evil.example", True),
        ("http://127.0.0.1@evil.example/", True),
        ("http://evil.example\\@127.0.0.1/", True),
        ("a=1,http://hr.example.com", True),
        ("ws://hr.example.com", True),
        ("http://[", True),
    ],
)
def test_plain_http_counts_only_if_it_leaves_the_machine(url: str, leaves: bool) -> None:
    """Names that resolve to nothing or to this machine are no leak."""
    assert bool(list(plain_urls(url))) == leaves


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("*", "*"),
        ("acs:ecs:*:*:*", "*"),
        ("acs:ecs:*:*:instance/i-1", "instance/i-1"),
        ("acs:log:cn-hangzhou:1:project/a:b", "project/a:b"),
    ],
)
def test_a_wildcard_counts_behind_the_account(resource: str, name: str) -> None:
    """Region and account may be open; what they hold is what counts."""
    assert identifier(resource) == name


@pytest.mark.parametrize(
    ("resource", "everything", "named"),
    [
        ("*", True, False),
        ("acs:ecs:*:*:*", True, False),
        ("acs:ecs:*:*:?*", True, False),
        ("acs:*:*:*:instance/i-1", True, False),
        ("acs:oss:*:*:*/*", True, False),
        ("acs:ecs:*:*:instance/*", False, False),
        ("acs:ecs:*:*:instance/i*", False, False),
        ("acs:ecs:*:*:instance/i-1", False, True),
        ("acs:ram:*:1:role/app-*", False, True),
        ("acs:oss:*:*:bucket/*", False, True),
        ("acs:oss:*:*:b*", False, False),
        ("acs:mns:*:*:/queues/*", False, False),
        ("acs:mns:*:*:/queues/jobs/*", False, True),
    ],
)
def test_a_resource_is_everything_a_kind_or_a_thing(
    resource: str, everything: bool, named: bool
) -> None:
    """A wildcard behind a name is that thing's parts, one in its place is all of a kind."""
    assert (is_everything(resource), is_named(resource)) == (everything, named)


def test_a_document_may_hold_several_statements() -> None:
    """Single texts and lists are both legal; what RAM would refuse allows nothing here."""
    several = document(
        {"Action": ["ram:Pass*"], "Resource": ["*"]}, {"Action": "ecs:Run*", "Resource": "*"}
    )
    found = [
        [s.actions for s in allowed(Resource(tokens.POLICY, "n", {"policyDocument": text}))]
        for text in (several, "no JSON", "[]")
    ]
    assert found == [[("ram:Pass*",), ("ecs:Run*",)], [], []]


@pytest.mark.parametrize(
    ("pattern", "action", "is_allowed"),
    [
        ("ecs:InvokeCommand", "ecs:InvokeCommand", True),
        ("ECS:invokecommand", "ecs:InvokeCommand", True),
        ("ecs:Invoke*", "ecs:InvokeCommand", True),
        ("*", "ecs:InvokeCommand", True),
        ("ecs:?nvokeCommand", "ecs:InvokeCommand", True),
        ("e?s:InvokeComman?", "ecs:InvokeCommand", True),
        ("ecs:Invoke", "ecs:InvokeCommand", False),
        ("ecs:Describe*", "ecs:InvokeCommand", False),
    ],
)
def test_an_action_is_allowed_by_name_or_wildcard(
    pattern: str, action: str, is_allowed: bool
) -> None:
    """Actions are compared without regard to case, as RAM does."""
    text = document({"Action": pattern, "Resource": "*"})
    resource = Resource(tokens.POLICY, "n", {"policyDocument": text})
    (statement,) = allowed(resource)
    assert statement.allows(action) == is_allowed
