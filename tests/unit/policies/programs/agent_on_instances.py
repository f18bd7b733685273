"""A command installs an agent on instances, after it has compared its checksum.

After the documentation of ecs_command in aliyun/terraform-provider-alicloud, with the script of a
node exporter's installation as its own documentation describes it.
"""

import base64

import pulumi_alicloud as alicloud

SCRIPT = """#!/bin/bash
# Needs root: it installs a service.
set -euo pipefail
VERSION=1.8.2
cd "$(mktemp -d)"
instance=$(curl -fsS http://100.100.100.200/latest/meta-data/instance-id)
curl -fsSLO "https://github.com/prometheus/node_exporter/releases/download/v${VERSION}/exporter.tar.gz"
echo "6809dd0b3ec45fd6e992c19071d6b5253aed3ead7bf0686885a51d85c6643c66  exporter.tar.gz" |
  sha256sum --check
tar xzf exporter.tar.gz
install -m 755 node_exporter /usr/local/bin/
useradd --system --no-create-home --shell /sbin/nologin node_exporter
systemctl enable --now node_exporter
printf 'installed on %s\\n' "$instance"
"""

alicloud.ecs.Command(
    "agent",
    name="install-agent",
    description="Installs the node exporter",
    type="RunShellScript",
    command_content=base64.b64encode(SCRIPT.encode()).decode(),
    working_dir="/root",
    timeout=600,
    enable_parameter=False,
)
alicloud.eventbridge.Rule(
    "agent-installed",
    event_bus_name="default",
    rule_name="agent-installed",
    filter_pattern=(
        '{"source": ["acs.ecs"], "type": ["ecs:CloudAssistant:TaskCompleted"],'
        ' "data": {"commandName": ["install-agent"]}}'
    ),
    targets=[
        {
            "target_id": "queue",
            "type": "acs.mns.queue",
            "endpoint": "acs:mns:cn-hangzhou:1234567890123456:queues/agents",
            "push_retry_strategy": "BACKOFF_RETRY",
            "dead_letter_queue": {
                "arn": "acs:mns:cn-hangzhou:1234567890123456:/queues/agents-letters"
            },
            "param_lists": [
                {"resource_key": "queue", "form": "CONSTANT", "value": "agents"},
                {"resource_key": "Body", "form": "JSONPATH", "value": "$.data"},
            ],
        }
    ],
)
for name in ("agents", "agents-letters"):
    alicloud.message.ServiceQueue(
        name,
        queue_name=name,
        message_retention_period=345_600,
        tags={"app": "agents", "environment": "prod"},
    )
