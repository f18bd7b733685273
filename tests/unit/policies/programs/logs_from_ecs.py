"""Instances post their logs into one store, and read where they run.

After the module PostLogToSlsProject of alibabacloud-automation/terraform-alicloud-ram-policy, with
actions that are named.
"""

import json

import pulumi_alicloud as alicloud

TAGS = {"app": "web", "environment": "prod"}

project = alicloud.log.Project("web", project_name="web-logs", tags=TAGS)
alicloud.log.Store(
    "access", project_name=project.project_name, logstore_name="access", retention_period=200
)
role = alicloud.ram.Role(
    "web",
    role_name="web-instances",
    assume_role_policy_document=json.dumps(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": ["ecs.aliyuncs.com"]},
                }
            ],
        }
    ),
    tags=TAGS,
)
policy = alicloud.ram.Policy(
    "web",
    policy_name="web-instances",
    policy_document=json.dumps(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["log:PostLogStoreLogs", "log:BatchPostLogStoreLogs"],
                    "Resource": ["acs:log:*:*:project/web-logs/logstore/*"],
                },
                {
                    "Effect": "Allow",
                    "Action": ["ecs:DescribeInstances", "ecs:DescribeTags", "vpc:DescribeVpcs"],
                    "Resource": "*",
                },
                {
                    "Effect": "Allow",
                    "Action": ["ecs:StopInstance", "ecs:StartInstance"],
                    "Resource": "acs:ecs:*:*:instance/*",
                    "Condition": {"StringEquals": {"acs:ResourceTag/app": "web"}},
                },
            ],
        }
    ),
)
alicloud.ram.RolePolicyAttachment(
    "web",
    role_name=role.role_name,
    policy_name=policy.policy_name,
    policy_type="Custom",
)
