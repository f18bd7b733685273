"""New members of an organisation come in over a webhook and are handed to an API.

After the tutorial on EventBridge, DingTalk and Function Compute of Alibaba Cloud's documentation.
"""

import json

import pulumi
import pulumi_alicloud as alicloud

config = pulumi.Config()
ACCOUNT = "1234567890123456"
TAGS = {"app": "members", "environment": "prod"}
LETTERS = f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/members-letters"

bus = alicloud.eventbridge.EventBus(
    "members", event_bus_name="members", opts=pulumi.ResourceOptions(protect=True)
)
alicloud.eventbridge.EventSourceV2(
    "members",
    event_bus_name=bus.event_bus_name,
    event_source_name="my.httpSource",
    linked_external_source=True,
    source_http_event_parameters={
        "type": "HTTPS",
        "methods": ["POST"],
        "security_config": "ip",
        "ips": ["192.0.2.0/28"],
    },
    opts=pulumi.ResourceOptions(additional_secret_outputs=["source_http_event_parameters"]),
)
alicloud.message.ServiceQueue(
    "letters", queue_name="members-letters", message_retention_period=604_800, tags=TAGS
)
function = alicloud.fc.V3Function(
    "members",
    function_name="members",
    runtime="nodejs20",
    handler="index.handler",
    timeout=10,
    log_config={"project": "members-logs", "logstore": "functions"},
    environment_variables={
        "API": "https://hr.example.com/api/members",
        "API_TOKEN": config.require_secret("api-token"),
    },
    tags=TAGS,
)
alicloud.eventbridge.Rule(
    "members",
    event_bus_name=bus.event_bus_name,
    rule_name="members",
    filter_pattern=json.dumps({"source": ["my.httpSource"]}),
    targets=[
        {
            "target_id": "function",
            "type": "acs.fc.function",
            "endpoint": f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/members",
            "push_retry_strategy": "EXPONENTIAL_DECAY_RETRY",
            "dead_letter_queue": {"arn": LETTERS},
            "param_lists": [
                {"resource_key": "functionName", "form": "CONSTANT", "value": "members"},
                {"resource_key": "Qualifier", "form": "CONSTANT", "value": "LATEST"},
                {"resource_key": "Body", "form": "ORIGINAL"},
            ],
        }
    ],
)
