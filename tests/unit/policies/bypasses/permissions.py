"""Dangerous programs that the rules about what RAM policies allow have to see."""

from tests.unit.policies.bypasses.changes import INSTANCE, ROLE, on_kind, policy, raw
from tests.unit.policies.sample_stack import Changes, document

BYPASSES: dict[str, tuple[str, Changes]] = {
    # Wildcards that are not a star, and stars that are not alone
    "action ecs:?nvokeCommand": (
        "ram-actions-named",
        policy(Action="ecs:?nvokeCommand", Resource=INSTANCE),
    ),
    "action ram:?assRole": ("ram-pass-role-narrow", policy(Action="ram:?assRole", Resource=ROLE)),
    "resource ?*": ("ram-document-readable", policy(Action="ecs:StopInstance", Resource="?*")),
    "resource instance/?-*": (
        "ram-resources-named",
        policy(Action="ecs:StopInstance", Resource="acs:ecs:*:*:instance/?-*"),
    ),
    "resource of any service": (
        "ram-resources-named",
        policy(Action="ecs:StopInstance", Resource="acs:e?s:*:*:instance/i-1"),
    ),
    "resource */*": (
        "ram-resources-named",
        policy(Action="ecs:StopInstance", Resource="acs:ecs:*:*:*/*"),
    ),
    "NotResource": ("ram-not-action", policy(Action="ecs:StopInstance", NotResource=INSTANCE)),
    "NotResource and PassRole": (
        "ram-pass-role-narrow",
        policy(
            Action="ram:PassRole",
            NotResource=ROLE,
            Condition={"StringEquals": {"acs:Service": "fc.aliyuncs.com"}},
        ),
    ),
    # Reading that is as good as having
    "every secret": (
        "ram-resources-named",
        policy(Action="kms:GetSecretValue", Resource="acs:kms:*:*:secret/*"),
    ),
    "every object": (
        "ram-resources-named",
        policy(Action="oss:GetObject", Resource="acs:oss:*:*:*/*"),
    ),
    "every function's variables": (
        "ram-resources-named",
        policy(Action="fc:ListFunctions", Resource="acs:fc:*:*:functions/*"),
    ),
    "every function": (
        "ram-resources-named",
        policy(Action="fc:GetFunction", Resource="acs:fc:*:*:functions/*"),
    ),
    "every log": (
        "ram-resources-named",
        policy(Action="log:GetLogStoreLogs", Resource="acs:log:*:*:project/*"),
    ),
    # Conditions that are always true
    "condition StringLike *": (
        "ram-resources-named",
        on_kind({"StringLike": {"acs:ResourceTag/a": "*"}}),
    ),
    "condition StringLike ?*": (
        "ram-resources-named",
        on_kind({"StringLike": {"acs:ResourceTag/a": "?*"}}),
    ),
    "condition StringNotEquals": (
        "ram-resources-named",
        on_kind({"StringNotEquals": {"acs:ResourceTag/a": "nothing"}}),
    ),
    "condition from anywhere": (
        "ram-resources-named",
        on_kind({"IpAddress": {"acs:SourceIp": "0.0.0.0/0"}}),
    ),
    "condition after 2000": (
        "ram-resources-named",
        on_kind({"DateGreaterThan": {"acs:CurrentTime": "2000-01-01T00:00:00Z"}}),
    ),
    "condition over HTTPS": (
        "ram-resources-named",
        on_kind({"Bool": {"acs:SecureTransport": "true"}}),
    ),
    "condition from everywhere else": (
        "ram-resources-named",
        on_kind({"NotIpAddress": {"acs:SourceIp": "192.0.2.1"}}),
    ),
    "condition that is empty": ("ram-resources-named", on_kind({})),
    "PassRole for services but one": (
        "ram-pass-role-narrow",
        policy(
            Action="ram:PassRole",
            Resource=ROLE,
            Condition={"StringNotEquals": {"acs:Service": "ecs.aliyuncs.com"}},
        ),
    ),
    "PassRole for every service": (
        "ram-pass-role-narrow",
        policy(
            Action="ram:PassRole",
            Resource=ROLE,
            Condition={"StringLike": {"acs:Service": "*"}},
        ),
    ),
    # Permissions from which the others follow
    "AttachPolicyToRole": (
        "ram-hands-nothing-on",
        policy(
            Action="ram:AttachPolicyToRole",
            Resource=["acs:ram:*:system:policy/AdministratorAccess", ROLE],
        ),
    ),
    "CreateAccessKey": (
        "ram-hands-nothing-on",
        policy(Action="RAM:CREATEACCESSKEY", Resource="acs:ram:*:1234567890123456:user/admin"),
    ),
    "AssumeRole of any role": (
        "ram-pass-role-narrow",
        policy(Action="sts:AssumeRole", Resource="acs:ram::1234567890123456:role/*"),
    ),
    "a policy from elsewhere": (
        "ram-attached-policy-seen",
        {"attachment.policyName": "written-by-somebody"},
    ),
    "system policy in lower case": (
        "ram-system-policy-narrow",
        {"attachment.policyType": "system", "attachment.policyName": "AdministratorAccess"},
    ),
    "system policy that reads all": (
        "ram-system-policy-narrow",
        {"attachment.policyType": "System", "attachment.policyName": "AliyunKMSSecretAdminAccess"},
    ),
    # Documents and properties that are read by somebody else only
    "document that is not JSON": ("ram-document-readable", raw("{'Statement': []}")),
    "document without a list": (
        "ram-document-readable",
        raw('{"Version": "1", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'),
    ),
    "document with a key twice": (
        "ram-document-readable",
        raw(
            '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], '
            '"Statement": [{"Effect": "Deny", "Action": "a:B", "Resource": "*"}]}'
        ),
    ),
    "effect in lower case": (
        "ram-document-readable",
        raw('{"Version": "1", "Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]}'),
    ),
    "element in lower case": (
        "ram-document-readable",
        raw('{"Version": "1", "Statement": [{"Effect": "Allow", "action": "*", "resource": "*"}]}'),
    ),
    "no document": ("ram-document-readable", {"policy.policyDocument": None}),
    "the older property beside": (
        "property-current",
        {"policy.document": document({"Action": "*", "Resource": "*"})},
    ),
    "statements as a property": (
        "property-current",
        {"policy.statements": [{"effect": "Allow", "actions": ["*"], "resources": ["*"]}]},
    ),
    "role for services by a property": ("property-current", {"role.ramUsers": ["acs:ram::1:root"]}),
    "trust with NotPrincipal": (
        "ram-document-readable",
        {
            "role.assumeRolePolicyDocument": document(
                {"Action": "sts:AssumeRole", "NotPrincipal": {}}
            )
        },
    ),
}
