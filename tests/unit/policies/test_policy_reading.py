"""Patterns, ARNs and RAM documents as the rules read them."""

import pytest

from provisioning_policies.patterns import names_a_source, takes
from provisioning_policies.rule import Resource
from provisioning_policies.statements import allowed, identifier
from provisioning_policies.targets import leaves_in_plain, queue_name
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
        ({"source": []}, False),
    ],
)
def test_a_pattern_takes_a_source(pattern: dict[str, object], is_taken: bool) -> None:
    """The alternatives of a key are judged as EventBridge does; what is not known is taken."""
    assert is_taken == takes(pattern, "source", "a.b")


@pytest.mark.parametrize(
    ("alternatives", "narrow"),
    [
        (["a"], True),
        ([{"prefix": "a"}], True),
        ([{"contains": "a"}], True),
        ([], False),
        (["a", ""], False),
        (["a", {"prefix": ""}], False),
        ([{"anything-but": "a"}], False),
    ],
)
def test_a_pattern_names_sources_only_if_each_alternative_does(
    alternatives: list[object], narrow: bool
) -> None:
    """One open alternative opens the pattern."""
    assert narrow == names_a_source({"source": alternatives})


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
    assert name == queue_name(arn)


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
    ],
)
def test_plain_http_counts_only_if_it_leaves_the_machine(url: str, leaves: bool) -> None:
    """Names that resolve to nothing or to this machine are no leak."""
    assert leaves == leaves_in_plain(url)


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
    assert name == identifier(resource)


def test_a_document_may_hold_one_statement_or_several() -> None:
    """A single statement, single texts and lists are all legal."""
    single = '{"Statement": {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}}'
    several = document({"Action": ["ram:Pass*"], "Resource": ["*"]}, {"Action": "ecs:Run*"})
    found = [
        [statement.actions for statement in allowed(Resource("t", "n", {"policyDocument": text}))]
        for text in (single, several, "no JSON", "[]")
    ]
    assert found == [[("ecs:*",)], [("ram:Pass*",), ("ecs:Run*",)], [], []]


@pytest.mark.parametrize(
    ("pattern", "action", "is_allowed"),
    [
        ("ecs:InvokeCommand", "ecs:InvokeCommand", True),
        ("ECS:invokecommand", "ecs:InvokeCommand", True),
        ("ecs:Invoke*", "ecs:InvokeCommand", True),
        ("*", "ecs:InvokeCommand", True),
        ("ecs:Invoke", "ecs:InvokeCommand", False),
        ("ecs:Describe*", "ecs:InvokeCommand", False),
    ],
)
def test_an_action_is_allowed_by_name_or_wildcard(
    pattern: str, action: str, is_allowed: bool
) -> None:
    """Actions are compared without regard to case, as RAM does."""
    resource = Resource("t", "n", {"policyDocument": document({"Action": pattern})})
    (statement,) = allowed(resource)
    assert is_allowed == statement.allows(action)
