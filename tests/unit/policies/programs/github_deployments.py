"""Workflows of GitHub deploy without keys, from one environment.

After the guide "OpenID Connect in Alibaba Cloud" of github/docs and the README of
mozillazg/alibabacloud-oidc-auth.
"""

import json

import pulumi
import pulumi_alicloud as alicloud

ACCOUNT = "1234567890123456"
TAGS = {"app": "site", "environment": "prod"}

provider = alicloud.Provider("own", region="cn-hangzhou", account_id=ACCOUNT)
own = pulumi.ResourceOptions(provider=provider)
github = alicloud.ims.OidcProvider(
    "github",
    oidc_provider_name="github",
    issuer_url="https://token.actions.githubusercontent.com",
    client_ids=["sts.aliyuncs.com"],
    opts=own,
)
role = alicloud.ram.Role(
    "deploys",
    role_name="deploys-site",
    max_session_duration=3600,
    assume_role_policy_document=json.dumps(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Federated": [f"acs:ram::{ACCOUNT}:oidc-provider/github"]},
                    "Condition": {
                        "StringEquals": {
                            "oidc:iss": "https://token.actions.githubusercontent.com",
                            "oidc:aud": "sts.aliyuncs.com",
                            "oidc:sub": "repo:octo-org/octo-repo:environment:prod",
                        }
                    },
                }
            ],
        }
    ),
    tags=TAGS,
    opts=own,
)
policy = alicloud.ram.Policy(
    "upload",
    policy_name="upload-site",
    policy_document=json.dumps(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["oss:PutObject", "oss:GetObject", "oss:DeleteObject"],
                    "Resource": ["acs:oss:*:*:site-bucket/*"],
                },
                {
                    "Effect": "Allow",
                    "Action": ["oss:ListObjects"],
                    "Resource": ["acs:oss:*:*:site-bucket"],
                },
            ],
        }
    ),
    opts=own,
)
alicloud.ram.RolePolicyAttachment(
    "deploys-upload",
    role_name=role.role_name,
    policy_name=policy.policy_name,
    policy_type="Custom",
    opts=own,
)
