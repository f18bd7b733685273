"""Dangerous programs that the rules about who may take a role on have to see."""

from tests.unit.policies.bypasses.changes import SUBJECT, github, trusted
from tests.unit.policies.sample_stack import Changes, document

BYPASSES: dict[str, tuple[str, Changes]] = {
    # Trust
    "a foreign account": (
        "ram-trust-narrow",
        trusted({"RAM": ["acs:ram::9999999999999999:root"]}),
    ),
    "a foreign role": ("ram-trust-narrow", trusted({"RAM": ["acs:ram::9999999999999999:role/x"]})),
    "a service of another account": (
        "ram-trust-narrow",
        trusted({"Service": ["9999999999999999@fc.aliyuncs.com"]}),
    ),
    "a service that is none": (
        "ram-trust-narrow",
        trusted({"Service": ["fc.aliyuncs.com.evil.example"]}),
    ),
    "account ?": ("ram-trust-narrow", trusted({"RAM": ["acs:ram::????????????????:root"]})),
    "OIDC without a subject": ("ram-trust-narrow", github({"StringEquals": SUBJECT})),
    "OIDC with the subject *": (
        "ram-trust-narrow",
        github({"StringEquals": SUBJECT, "StringLike": {"oidc:sub": "*"}}),
    ),
    "OIDC with any branch": (
        "ram-trust-narrow",
        github({"StringEquals": SUBJECT, "StringLike": {"oidc:sub": "repo:me/it:*"}}),
    ),
    "OIDC with every subject but one": (
        "ram-trust-narrow",
        github({"StringEquals": SUBJECT, "StringNotEquals": {"oidc:sub": "repo:me/it:x"}}),
    ),
    "OIDC of another issuer": (
        "ram-trust-narrow",
        github({"StringEquals": {"oidc:sub": "repo:me/it:environment:prod"}}),
    ),
    "trust to do anything": (
        "ram-trust-narrow",
        {
            "role.assumeRolePolicyDocument": document(
                {"Action": "*", "Principal": {"Service": ["fc.aliyuncs.com"]}}
            )
        },
    ),
}
