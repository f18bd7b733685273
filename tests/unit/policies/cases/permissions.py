"""The cases of the rules about what RAM policies allow."""

import json

from tests.unit.policies.cases.case import INSTANCE, Case, policy, trusted
from tests.unit.policies.sample_stack import UNKNOWN, document

CASES: dict[str, Case] = {
    "ram-document-readable": Case(
        broken=(
            ({"policy.policyDocument": "{"}, "the document is not JSON"),
            ({"policy.policyDocument": None}, "is not there; set policyDocument or document"),
            (policy({"Action": "ecs:StopInstance"}), "exactly one of Resource and NotResource"),
            (
                policy({"Action": "StopInstance", "Resource": "*"}),
                "has 'StopInstance' as an action",
            ),
            (
                policy({"Action": "a:B", "Resource": "*", "Condition": {"Is": {"a:b": "c"}}}),
                "operator 'Is'",
            ),
            (trusted("*"), "Principal is not an object"),
            (trusted({"Anybody": ["*"]}), "has the principal 'Anybody'"),
        ),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "property-current": Case(
        broken=(
            (
                {"policy.policyDocument": None, "policy.document": document({"Action": "*"})},
                "document is deprecated; use policyDocument",
            ),
            ({"role.name": "x"}, "name is deprecated; use roleName"),
            ({"queue.name": "x"}, "name is deprecated; use queueName"),
        ),
        unknown={"policy.document": UNKNOWN},
    ),
    "ram-actions-named": Case(
        broken=(
            (policy({"Action": "ecs:*", "Resource": INSTANCE}), "allows ecs:*"),
            (policy({"Action": ["oss:Get*"], "Resource": INSTANCE}), "allows oss:Get*"),
            (
                {
                    "policy.policyDocument": None,
                    "policy.document": document({"Action": "*", "Resource": "*"}),
                },
                "allows *",
            ),
        ),
        kept=(
            {},
            {
                "policy.policyDocument": json.dumps(
                    {
                        "Version": "1",
                        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
                    }
                )
            },
        ),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "ram-not-action": Case(
        broken=(
            (policy({"NotAction": ["ram:*"], "Resource": INSTANCE}), "everything but ram:*"),
            (
                policy({"Action": "ecs:StopInstance", "NotResource": INSTANCE}),
                "use Resource instead of NotResource",
            ),
        ),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "ram-resources-named": Case(
        broken=(
            (policy({"Action": "ecs:StopInstance", "Resource": "*"}), "on everything ('*')"),
            (
                policy({"Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:*"}),
                "on everything ('acs:ecs:*:*:*')",
            ),
            (
                policy({"Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:instance/*"}),
                "name the resource or add a Condition",
            ),
            (policy({"Action": "kms:GetSecretValue", "Resource": "*"}), "on everything"),
            (
                policy({"Action": "ram:CreateServiceLinkedRole", "Resource": "*"}),
                "on everything",
            ),
        ),
        kept=(
            {},
            policy({"Action": ["ecs:DescribeInstances"], "Resource": "*"}),
            policy({"Action": "oss:GetObject", "Resource": "acs:oss:*:*:bucket/*"}),
            policy({"Action": "kms:GetSecretValue", "Resource": "acs:kms:*:*:secret/app-*"}),
            policy({"Action": "mns:SendMessage", "Resource": "acs:mns:*:*:/queues/jobs/messages"}),
            policy(
                {
                    "Action": "ram:CreateServiceLinkedRole",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"ram:ServiceName": "fc.aliyuncs.com"}},
                }
            ),
        ),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "ram-pass-role-narrow": Case(
        broken=(
            (
                policy({"Action": "ram:PassRole", "Resource": "acs:ram:*:1:role/a"}),
                "allowed for every service",
            ),
            (
                policy(
                    {
                        "Action": "ram:*",
                        "Resource": "acs:ram:*:1:role/*",
                        "Condition": {"StringEquals": {"acs:Service": "fc.aliyuncs.com"}},
                    }
                ),
                "allowed for more than one role",
            ),
            (
                policy({"Action": "sts:AssumeRole", "Resource": "*"}),
                "sts:AssumeRole is allowed for more than one role",
            ),
        ),
        kept=(
            {},
            policy(
                {
                    "Action": "ram:PassRole",
                    "Resource": "acs:ram:*:1:role/a",
                    "Condition": {"StringEquals": {"acs:Service": "fc.aliyuncs.com"}},
                }
            ),
            policy({"Action": "sts:AssumeRole", "Resource": "acs:ram::2:role/reader"}),
        ),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "ram-hands-nothing-on": Case(
        broken=(
            (
                policy({"Action": "ram:AttachPolicyToRole", "Resource": "acs:ram:*:*:role/a"}),
                "allows ram:AttachPolicyToRole, with which every permission can be had",
            ),
            (policy({"Action": "ram:A*", "Resource": INSTANCE}), "ram:AttachPolicyToRole"),
            (policy({"NotAction": "ecs:*", "Resource": INSTANCE}), "ram:AttachPolicyToRole"),
            (policy({"Action": "ims:CreateAppSecret", "Resource": "*"}), "ims:CreateAppSecret"),
        ),
        kept=({}, policy({"Action": ["ram:GetRole", "ram:ListPolicies"], "Resource": INSTANCE})),
        unknown={"policy.policyDocument": UNKNOWN},
    ),
    "ram-system-policy-narrow": Case(
        broken=(
            (
                {
                    "attachment.policyType": "System",
                    "attachment.policyName": "AdministratorAccess",
                },
                "AdministratorAccess is attached",
            ),
            (
                {"attachment.policyType": "System", "attachment.policyName": "AliyunFCFullAccess"},
                "AliyunFCFullAccess is attached",
            ),
            ({"attachment.policyType": None}, "system policy sample-run is attached"),
        ),
        kept=(
            {},
            {"attachment.policyName": "OwnFullAccess"},
            {
                "attachment.policyType": "System",
                "attachment.policyName": "AliyunFCInvocationAccess",
            },
        ),
        unknown={"attachment.policyName": UNKNOWN},
    ),
    "ram-attached-policy-seen": Case(
        broken=(({"policy": None}, "policy 'sample-run' is attached, which this stack does not"),),
        kept=({}, {"policy.policyName": None, "policy.name": "sample-run"}),
        unknown={"policy.policyName": UNKNOWN},
    ),
}
