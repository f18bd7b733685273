"""A leaver goes everywhere, and a stopped instance is neither forgotten nor told as done."""

import json

from demo.loop import Loop
from lab.running_cloud import RunningCloud
from localcloud.deploy.client import Client

ECS = "2014-05-26"


def ask(kind: str, request_id: str, role: str = "") -> bytes:
    """Return what a chat flow posts about one employee."""
    detail = {"emp_id": "E7", "role": role, "request_id": request_id}
    return json.dumps({"detail-type": kind, "detail": detail}).encode()


def told(loop: Loop, kind: str, request_id: str, role: str = "") -> str:
    """Post a request; return the one message that comes of it."""
    before = loop.last_message("ops")
    loop.post("dingtalk.approval", ask(kind, request_id, role))
    message = loop.next_message("ops", before)
    loop.settle()
    (only,) = loop.messages("ops", before)
    assert only == message
    return str(message["title"])


def test_a_leaver_goes_everywhere(cloud: RunningCloud, loop: Loop) -> None:
    """At once where the instances run; on the one that is stopped when somebody asks again."""
    assert "Provisioned" in told(loop, "ProvisionRequest", "join-1", "devops")
    assert "Provisioned" in told(loop, "ProvisionRequest", "join-2", "dba")
    ready = cloud.ready
    client = Client(cloud.endpoint, ready["access_key_id"], ready["access_key_secret"])
    stopped = {"RegionId": cloud.ready["region"], "InstanceId": "i-local0002"}
    client.rpc(ECS, "StopInstance", stopped)
    assert "Deprovisioned on 1 of 2" in told(loop, "DeprovisionRequest", "leave-1")
    assert loop.account("i-local0001", "emp-e7").endswith("/nologin")
    assert loop.account("i-local0002", "emp-e7").endswith("/bin/bash")
    client.rpc(ECS, "StartInstance", stopped)
    assert "Deprovisioned" in told(loop, "DeprovisionRequest", "leave-1")
    assert loop.account("i-local0002", "emp-e7").endswith("/nologin")
