"""A small project of somebody else's, whose stacks the pack can judge."""

from collections.abc import Callable
from pathlib import Path

import pytest

_PROGRAM = """
import pulumi
import pulumi_alicloud as alicloud

config = pulumi.Config()
print("this goes to people, not into the report")
abroad = alicloud.Provider("abroad", region="eu-central-1")
queue = alicloud.message.ServiceQueue(
    "letters",
    queue_name="letters",
    message_retention_period=config.require_int("seconds"),
    tags={"app": "orders", "environment": pulumi.get_stack()},
)
role = alicloud.ram.Role(
    "clerk",
    role_name="clerk",
    assume_role_policy_document=(
        '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Principal": {"Service": ["fc.aliyuncs.com"]}}]}'
    ),
    tags={"app": "orders", "environment": pulumi.get_stack()},
)
bus = alicloud.eventbridge.EventBus(
    "bus",
    event_bus_name=queue.queue_name,
    description=role.arn,
    opts=pulumi.ResourceOptions(protect=True, provider=abroad),
)
alicloud.fc.V3Function(
    "clerk-function",
    function_name="clerk",
    handler="index.handler",
    runtime="python3.12",
    role=role.arn,
    timeout=10,
    log_config={"project": "p", "logstore": "s"},
    environment_variables={
        "API_TOKEN": config.require_secret("token"),
        "API_PASSWORD": config.require_secret("password"),
        "API_SECRET": config.get_secret("absent"),
        "DEAD_LETTER_QUEUE": queue.queue_name,
    },
    tags={"app": "orders", "environment": pulumi.get_stack()},
)
pulumi.export("queue", queue.queue_name)
"""

_STACK = """
config:
  alicloud:region: cn-hangzhou
  orders:seconds: "{seconds}"
  orders:token: not-secret-by-itself
  orders:password:
    secure: v1:abc:def
"""


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the project and gives its directory."""

    def write(seconds: int = 345_600, program: str = _PROGRAM) -> Path:
        (tmp_path / "Pulumi.yaml").write_text("name: orders\nruntime: python\nmain: program/\n")
        for stack in ("dev", "prod"):
            (tmp_path / f"Pulumi.{stack}.yaml").write_text(_STACK.format(seconds=seconds))
        (tmp_path / "program").mkdir()
        (tmp_path / "program" / "__main__.py").write_text(program)
        return tmp_path

    return write
