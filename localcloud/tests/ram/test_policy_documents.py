"""Policy documents that RAM rejects (MalformedPolicyDocument), with the place and the reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.ram.access.authorization import InvalidPolicyDocumentError, Policy, TrustPolicy

_ALLOW = {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}
_TRUST = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "fc.aliyuncs.com"},
}


def _document(statement: Any) -> dict[str, Any]:
    return {"Version": "1", "Statement": [statement]}


def _without(statement: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name != key}


def _condition(condition: Any) -> dict[str, Any]:
    return _document({**_ALLOW, "Condition": condition})


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ("{", "$", "Json syntax error"),
        ("[" * 100_000, "$", "Json syntax error"),
        ([], "$", "Data type mismatch: the document"),
        ({"Statement": [_ALLOW]}, "$", "Add a Version element"),
        ({"Version": "2012-10-17", "Statement": [_ALLOW]}, "$.Version", "Invalid version: 2012"),
        ({"Version": 1, "Statement": [_ALLOW]}, "$.Version", "Invalid version: 1"),
        ({"Version": "1"}, "$", "Add a Statement element"),
        ({"Version": "1", "Statement": []}, "$", "Add a Statement element"),
        ({"Version": "1", "Statement": _ALLOW}, "$.Statement", "Data type mismatch: Statement"),
        ({"Version": "1", "Statement": [_ALLOW], "Id": "x"}, "$.Id", "Invalid policy element: Id"),
        (_document("x"), "$.Statement[0]", "Data type mismatch: a statement"),
        (_document(_without(_ALLOW, "Effect")), "$.Statement[0]", "Add an Effect element"),
        (
            _document({**_ALLOW, "Effect": "ALLOW"}),
            "$.Statement[0].Effect",
            "Invalid effect: ALLOW",
        ),
        (_document({**_ALLOW, "Effect": ["Allow"]}), "$.Statement[0].Effect", "Invalid effect"),
        (
            _document(_without(_ALLOW, "Action")),
            "$.Statement[0]",
            "Add an Action or NotAction element to the policy statement.",
        ),
        (_document({**_ALLOW, "NotAction": "a:b"}), "$.Statement[0]", "Action and NotAction"),
        (_document({**_ALLOW, "Action": []}), "$.Statement[0].Action", "Data type mismatch"),
        (_document({**_ALLOW, "Action": [1]}), "$.Statement[0].Action", "Data type mismatch"),
        (
            _document({**_ALLOW, "Action": "Invoke"}),
            "$.Statement[0].Action",
            "Invalid action format",
        ),
        (_document({**_ALLOW, "Action": "ecs:"}), "$.Statement[0].Action", "Invalid action format"),
        (
            _document(_without(_ALLOW, "Resource")),
            "$.Statement[0]",
            "Add a Resource or NotResource element",
        ),
        (
            _document({**_ALLOW, "Resource": "arn:aws:s3:::b"}),
            "$.Statement[0].Resource",
            "Invalid Alibaba Cloud Resource Name (ARN) prefix: arn:aws",
        ),
        (_document({**_ALLOW, "Sid": "x"}), "$.Statement[0].Sid", "Invalid policy element: Sid"),
        (
            _document({**_ALLOW, "Principal": {"RAM": "*"}}),
            "$.Statement[0].Principal",
            "Invalid policy element: Principal",
        ),
        (_condition([]), "$.Statement[0].Condition", "Data type mismatch: Condition"),
        (
            _condition({"ArnLike": {"acs:x": "y"}}),
            "$.Statement[0].Condition",
            "Invalid condition operator: ArnLike. Use one of StringEquals",
        ),
        (
            _condition({"ForAllValues:StringEquals": {"acs:x": "y"}}),
            "$.Statement[0].Condition",
            "Invalid condition operator: ForAllValues:StringEquals",
        ),
        (_condition({"Bool": []}), "$.Statement[0].Condition", "Data type mismatch: Bool"),
        (
            _condition({"StringEquals": {"role": "y"}}),
            "$.Statement[0].Condition",
            "Invalid condition key format: role",
        ),
        (_condition({"StringEquals": {"a:b": []}}), "$.Statement[0].Condition", "has no value"),
        (
            _condition({"StringEquals": {"a:b": {}}}),
            "$.Statement[0].Condition",
            "must hold strings",
        ),
        (
            _condition({"Bool": {"a:b": ["true", "false"]}}),
            "$.Statement[0].Condition",
            "Multiple Boolean values for a condition",
        ),
        (_condition({"Bool": {"a:b": "yes"}}), "$.Statement[0].Condition", "true or false"),
        (_condition({"NumericEquals": {"a:b": "NaN"}}), "$.Statement[0].Condition", "a number"),
        (_condition({"DateLessThan": {"a:b": "today"}}), "$.Statement[0].Condition", "a time such"),
        (_condition({"IpAddress": {"a:b": "10.0.0/8"}}), "$.Statement[0].Condition", "IP address"),
    ],
)
def test_a_policy_is_rejected(document: Any, path: str, message: str) -> None:
    """A wrong document is rejected with the place of the mistake and what is accepted."""
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(InvalidPolicyDocumentError) as caught:
        Policy.parse(text)
    assert caught.value.path == path
    assert message in caught.value.message
    expected = "MalformedPolicyDocument"
    assert caught.value.code == expected


@pytest.mark.parametrize(
    ("statement", "path", "message"),
    [
        (_without(_TRUST, "Principal"), "$.Statement[0].Principal", "Add a Principal element"),
        ({**_TRUST, "Principal": {}}, "$.Statement[0].Principal", "Add a Principal element"),
        (
            {**_TRUST, "Principal": {"RAM": None}},
            "$.Statement[0].Principal",
            "Add a Principal element",
        ),
        ({**_TRUST, "Principal": "*"}, "$.Statement[0].Principal", "Data type mismatch"),
        (
            {**_TRUST, "Principal": {"AWS": "x"}},
            "$.Statement[0].Principal.AWS",
            "Invalid principal",
        ),
        ({**_TRUST, "Principal": {"RAM": []}}, "$.Statement[0].Principal.RAM", "Data type"),
        (
            {**_TRUST, "Resource": "*"},
            "$.Statement[0].Resource",
            "Invalid policy element: Resource",
        ),
    ],
)
def test_a_trust_policy_is_rejected(statement: Any, path: str, message: str) -> None:
    """A trust policy needs a principal that RAM knows, and has no resource."""
    with pytest.raises(InvalidPolicyDocumentError) as caught:
        TrustPolicy.parse(_document(statement))
    assert caught.value.path == path
    assert message in caught.value.message


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(("1", "Allow", "*", "a:b"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(("Version", "Statement", "Effect", "Action", "Resource", "Condition")),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(_json)
def test_any_json_is_a_policy_or_rejected(document: Any) -> None:
    """Any JSON is a policy or is rejected; nothing else is raised."""
    for parse in (Policy.parse, TrustPolicy.parse):
        try:
            parse(json.dumps(document))
        except InvalidPolicyDocumentError as error:
            assert error.path.startswith("$")  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("nobody", [None, []])
def test_a_kind_of_principal_that_names_nobody_says_nothing(nobody: object) -> None:
    """The provider writes every kind, those that a statement does not have as null or empty."""
    principal = {"RAM": nobody, "Federated": nobody, "Service": ["fc.aliyuncs.com"]}
    trust = TrustPolicy.parse(_document({**_TRUST, "Principal": principal}))
    assert trust.trusts("fc.aliyuncs.com", {})
    assert not trust.trusts("ecs.aliyuncs.com", {})
