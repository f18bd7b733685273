"""A function that writes a log, with a role for it.

After the basic function of the Function Compute examples of Alibaba Cloud for Terraform.
"""

import json

import pulumi_alicloud as alicloud

TAGS = {"app": "basic", "environment": "prod"}

project = alicloud.log.Project("logs", project_name="basic-log-project", tags=TAGS)
alicloud.log.Store(
    "store", project_name=project.project_name, logstore_name="basic", retention_period=180
)
role = alicloud.ram.Role(
    "role",
    role_name="basic-service-role",
    assume_role_policy_document=json.dumps(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": ["fc.aliyuncs.com"]},
                }
            ],
        }
    ),
    tags=TAGS,
)
policy = alicloud.ram.Policy(
    "policy",
    policy_name="basic-post-logs",
    policy_document=json.dumps(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["log:PostLogStoreLogs"],
                    "Resource": "acs:log:*:*:project/basic-log-project/logstore/basic",
                }
            ],
        }
    ),
)
alicloud.ram.RolePolicyAttachment(
    "attachment",
    role_name=role.role_name,
    policy_name=policy.policy_name,
    policy_type="Custom",
)
function = alicloud.fc.V3Function(
    "function",
    function_name="basic",
    description="Logs messages",
    runtime="python3.10",
    handler="index.handler",
    role=role.arn,
    timeout=10,
    log_config={"project": "basic-log-project", "logstore": "basic"},
    environment_variables={"STAGE": "prod", "ENDPOINT": "https://oss-cn-hangzhou.aliyuncs.com"},
    tags=TAGS,
)
alicloud.fc.V3Trigger(
    "every-minute",
    function_name=function.function_name,
    trigger_name="every-minute",
    trigger_type="timer",
    qualifier="LATEST",
    trigger_config=json.dumps({"cronExpression": "@every 1m", "enable": True, "payload": "x"}),
)
