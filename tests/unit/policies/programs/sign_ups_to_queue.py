"""Sign-ups and log-ins of an application go into a queue, with a text made of the source.

After the documentation of event_bridge_rule in aliyun/terraform-provider-alicloud and the quick
start 101-event-bridge-rule-complete of landing-with-terraform.
"""

import json

import pulumi
import pulumi_alicloud as alicloud

TAGS = {"app": "crm", "environment": "prod"}
QUEUE = "acs:mns:cn-hangzhou:1234567890123456:queues/"

bus = alicloud.eventbridge.EventBus(
    "crm",
    event_bus_name="crm",
    description="What users do",
    opts=pulumi.ResourceOptions(protect=True),
)
for name in ("crm-users", "crm-letters"):
    alicloud.message.ServiceQueue(
        name, queue_name=name, message_retention_period=604_800, tags=TAGS
    )
alicloud.eventbridge.Rule(
    "users",
    event_bus_name=bus.event_bus_name,
    rule_name="users",
    filter_pattern=json.dumps(
        {"source": ["crmabc.newsletter"], "type": ["UserSignUp", "UserLogin"]}
    ),
    targets=[
        {
            "target_id": "users",
            "type": "acs.mns.queue",
            "endpoint": QUEUE + "crm-users",
            "push_retry_strategy": "BACKOFF_RETRY",
            "dead_letter_queue": {"arn": QUEUE + "crm-letters"},
            "param_lists": [
                {"resource_key": "queue", "form": "CONSTANT", "value": "crm-users"},
                {
                    "resource_key": "Body",
                    "form": "TEMPLATE",
                    "template": "This is ${v1}",
                    "value": json.dumps({"v1": "$.source"}),
                },
            ],
        }
    ],
)
