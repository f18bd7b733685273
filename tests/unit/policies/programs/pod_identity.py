"""Pods of one service account read secrets of one application.

After the RRSA examples of AliyunContainerService/ack-ram-tool, and the policy that
AliyunContainerService/ack-secret-manager asks for, with names instead of wildcards.
"""

import json

import pulumi
import pulumi_alicloud as alicloud

ACCOUNT = "1234567890123456"
CLUSTER = "c0123456789abcdef0123456789abcdef"

provider = alicloud.Provider("own", region="cn-hangzhou", account_id=ACCOUNT)
own = pulumi.ResourceOptions(provider=provider)
role = alicloud.ram.Role(
    "reader",
    role_name="ack-secret-reader",
    assume_role_policy_document=json.dumps(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {
                        "Federated": [f"acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa-{CLUSTER}"]
                    },
                    "Condition": {
                        "StringEquals": {
                            "oidc:aud": "sts.aliyuncs.com",
                            "oidc:iss": f"https://oidc-ack-cn-hangzhou.oss.aliyuncs.com/{CLUSTER}",
                            "oidc:sub": "system:serviceaccount:rrsa-demo:demo-sa",
                        }
                    },
                }
            ],
        }
    ),
    tags={"app": "demo", "environment": "prod"},
    opts=own,
)
policy = alicloud.ram.Policy(
    "secrets",
    policy_name="ack-secret-reader",
    policy_document=json.dumps(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["kms:GetSecretValue"],
                    "Resource": [f"acs:kms:cn-hangzhou:{ACCOUNT}:secret/demo-*"],
                },
                {
                    "Effect": "Allow",
                    "Action": ["kms:Decrypt"],
                    "Resource": [f"acs:kms:cn-hangzhou:{ACCOUNT}:key/key-hzz0123456789"],
                },
            ],
        }
    ),
    opts=own,
)
alicloud.ram.RolePolicyAttachment(
    "reader-secrets",
    role_name=role.role_name,
    policy_name=policy.policy_name,
    policy_type="Custom",
    opts=own,
)
