"""A delayed approval never beats a newer word, through the whole loop and on the real script."""

import json

from demo.loop import Loop


def approval(kind: str, request_id: str) -> bytes:
    """Return what a chat flow posts about one employee."""
    detail = {"emp_id": "E1", "role": "devops", "request_id": request_id}
    return json.dumps({"detail-type": kind, "detail": detail}).encode()


def test_a_throttled_approval_does_not_bring_a_leaver_back(loop: Loop) -> None:
    """The approval waits for its retry while the employee leaves; the host refuses it."""
    loop.post("dingtalk.approval", approval("ProvisionRequest", "ord-0"))
    loop.next_message("ops", 0)
    loop.settle()
    assert loop.account("i-local0001", "emp-e1").endswith("/bin/bash")
    before = loop.last_message("ops")
    # After the fourth failure it waits for two seconds or more.
    loop.fail("action:ecs:InvokeCommand", 4, "Throttling.User")
    loop.post("dingtalk.approval", approval("ProvisionRequest", "ord-1"))
    loop.wait("the throttled call", lambda: not loop.inspector.get("faults"))
    loop.post("dingtalk.approval", approval("DeprovisionRequest", "ord-2"))
    loop.settle()
    titles = [message["title"] for message in loop.messages("ops", before)]
    assert sorted(title.removesuffix(" E1") for title in titles) == [
        "[ECS] Deprovisioned",
        "[ECS] Provisioning superseded",
    ]
    assert loop.account("i-local0001", "emp-e1").endswith("/nologin")
