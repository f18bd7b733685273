"""The functions' client of message queues, against a running local cloud."""

import time

import pytest
from alibabacloud_mns_open20220119 import models as mns_open

from functions.cloud.rpc import ApiRefusedError, Credentials
from functions.cloud.smq import LARGEST_BODY_BYTES, Queues
from lab.running_cloud import RunningCloud
from lab.sdks import Sdks


def test_a_message_is_sent_received_put_off_and_deleted(cloud: RunningCloud, sdks: Sdks) -> None:
    """Every call is signed as the cloud wants it and does what its documentation says."""
    sdks.mns_open.create_queue(mns_open.CreateQueueRequest(queue_name="calls"))
    queues = Queues(cloud.endpoint, Credentials(*cloud.key), now=time.time)
    assert queues.receive("calls") == []
    sent = [queues.send("calls", f"第 {n} 条 <&>") for n in range(20)]
    queues.send("calls", "later", 600)

    first = queues.receive("calls", 16, 1)
    rest = queues.receive("calls", 16)
    assert [m.id for m in first + rest] == sent
    assert first[0].body == "第 0 条 <&>"
    assert (first[0].dequeue_count, abs(first[0].enqueued - time.time()) < 60) == (1, True)

    receipt = queues.again("calls", first[0].receipt, 1)
    assert queues.delete("calls", [m.receipt for m in first + rest]) == [first[0].receipt]
    (again,) = queues.receive("calls", 1, 5)
    assert (again.id, again.dequeue_count) == (sent[0], 2)
    assert queues.delete("calls", [receipt]) == [receipt]
    assert queues.delete("calls", [again.receipt]) == []
    with pytest.raises(ApiRefusedError):
        queues.again("calls", again.receipt, 5)


def test_a_queue_takes_48_kilobytes(cloud: RunningCloud, sdks: Sdks) -> None:
    """More does not fit as base64, which is refused for good."""
    sdks.mns_open.create_queue(mns_open.CreateQueueRequest(queue_name="large"))
    queues = Queues(cloud.endpoint, Credentials(*cloud.key), now=time.time)
    queues.send("large", "x" * LARGEST_BODY_BYTES)
    with pytest.raises(ApiRefusedError, match="InvalidArgument"):
        queues.send("large", "x" * (LARGEST_BODY_BYTES + 1))
    with pytest.raises(ApiRefusedError, match="QueueNotExist"):
        queues.send("missing", "x")
