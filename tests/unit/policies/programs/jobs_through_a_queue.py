"""A worker takes jobs from a queue, and tells what it cannot do in another one.

After the documentation of message_service_queue and fcv3_async_invoke_config in
aliyun/terraform-provider-alicloud.
"""

import json

import pulumi_alicloud as alicloud

ACCOUNT = "1234567890123456"
TAGS = {"app": "jobs", "environment": "prod"}

for name in ("jobs", "jobs-failed"):
    alicloud.message.ServiceQueue(
        name,
        queue_name=name,
        message_retention_period=604_800,
        visibility_timeout=120,
        tags=TAGS,
    )
role = alicloud.ram.Role(
    "worker",
    role_name="jobs-worker",
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
    "worker",
    policy_name="jobs-worker",
    policy_document=json.dumps(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["mns:ReceiveMessage", "mns:DeleteMessage"],
                    "Resource": f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/jobs/messages",
                },
                {
                    "Effect": "Allow",
                    "Action": ["mns:SendMessage"],
                    "Resource": f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/jobs-failed/messages",
                },
            ],
        }
    ),
)
alicloud.ram.RolePolicyAttachment(
    "worker",
    role_name=role.role_name,
    policy_name=policy.policy_name,
    policy_type="Custom",
)
worker = alicloud.fc.V3Function(
    "worker",
    function_name="jobs-worker",
    runtime="java11",
    handler="example.App::handleRequest",
    role=role.arn,
    timeout=120,
    log_config={"project": "jobs-logs", "logstore": "functions"},
    environment_variables={"QUEUE": "jobs", "TOKEN_FILE": "/var/run/token"},
    tags=TAGS,
)
alicloud.fc.V3AsyncInvokeConfig(
    "worker",
    function_name=worker.function_name,
    max_async_retry_attempts=3,
    max_async_event_age_in_seconds=3600,
)
