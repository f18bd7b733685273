"""What all component tests share."""

import pytest

from components import FunctionDelivery, RetryStrategy
from components.loop_context import LoopContext
from tests.unit.fake_engine import FakeEngine

QUEUE = "acs:mns:cn-hangzhou:1234567890123456:/queues/loop-dead-letters"


@pytest.fixture
def engine() -> FakeEngine:
    """Return a fresh engine that has seen nothing."""
    return FakeEngine()


@pytest.fixture
def context() -> LoopContext:
    """Return the surroundings of a part: plain values, as if everything existed."""
    return {
        "region": "cn-hangzhou",
        "account_id": "1234567890123456",
        "name_prefix": "loop",
        "bus_name": "loop",
        "log_project": "loop-logs",
        "events_store": "events",
        "functions_store": "functions",
        "retry": RetryStrategy.BACKOFF,
        "function_delivery": FunctionDelivery.DIRECT,
        "dead_letter_arn": QUEUE,
        "dead_letter_queue": "loop-dead-letters",
        "tags": {"app": "loop"},
    }
