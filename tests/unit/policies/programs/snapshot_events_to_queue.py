"""Events of ECS snapshots go into a queue.

After the complete example of alibabacloud-automation/terraform-alicloud-eventbridge.
"""

import json

import pulumi
import pulumi_alicloud as alicloud

TAGS = {"app": "snapshots", "environment": "prod"}
QUEUE = "acs:mns:cn-hangzhou:1234567890123456:/queues/"

bus = alicloud.eventbridge.EventBus(
    "snapshots", event_bus_name="snapshots", opts=pulumi.ResourceOptions(protect=True)
)
for name in ("finished", "letters"):
    alicloud.message.ServiceQueue(
        name, queue_name=f"snapshots-{name}", message_retention_period=345_600, tags=TAGS
    )
alicloud.eventbridge.Rule(
    "finished-snapshots",
    event_bus_name="default",
    rule_name="finished-snapshots",
    filter_pattern=json.dumps(
        {"source": ["acs.ecs"], "type": ["ecs:Snapshot:CreateSnapshotCompleted"]}
    ),
    targets=[
        {
            "target_id": "queue",
            "type": "acs.mns.queue",
            "endpoint": QUEUE + "snapshots-finished",
            "push_retry_strategy": "EXPONENTIAL_DECAY_RETRY",
            "dead_letter_queue": {"arn": QUEUE + "snapshots-letters"},
            "param_lists": [
                {"resource_key": "queue", "form": "CONSTANT", "value": "snapshots-finished"},
                {"resource_key": "Body", "form": "ORIGINAL"},
            ],
        }
    ],
)
