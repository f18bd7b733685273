"""A dead letter is told to those who operate the loop, and once."""

import json
from typing import Any

from mns.account import Account
from mns.queue import Message

from demo.loop import Loop
from lab.running_cloud import RunningCloud

PREFIX = "provisioning-local"


def _timer_comes(cloud: RunningCloud) -> dict[str, Any]:
    """Call the watcher as its timer does, without waiting a minute; return what it decided."""
    event = {"triggerTime": "2026-11-26T08:00:00Z", "triggerName": "every-minute", "payload": ""}
    return cloud.client().fc("POST", f"/functions/{PREFIX}-watch/invocations", event)


def test_a_dead_letter_is_told_once(cloud: RunningCloud, loop: Loop) -> None:
    """The chat of the alarms hears of it the next time the timer comes; then it is no news."""
    queue = Account(cloud.endpoint, *cloud.key).get_queue(f"{PREFIX}-dead-letters")
    reason = {"ruleName": "provision", "errorCode": "Throttling"}
    event = {"id": "lost-1", "type": "eventbridge:Events:HTTPEvent", "source": "lark.approval"}
    queue.send_message(Message(json.dumps({"reason": reason, "event": event})))
    told = _timer_comes(cloud)
    assert (told["decision"], told["dead_letters"]) == ("told", 1)
    (message,) = loop.messages("oncall")
    assert "lost-1: given up by provision, Throttling" in json.dumps(message)
    assert _timer_comes(cloud)["decision"] == "quiet"
    assert len(loop.messages("oncall")) == 1


def test_a_request_is_promised_and_kept(loop: Loop) -> None:
    """An ordinary approval leaves both notes, and no alarm."""
    before = loop.last_message("ops")
    detail = {"emp_id": "E88", "role": "devops", "chat": "ops"}
    body = {"detail-type": "ProvisionRequest", "detail": detail}
    loop.post("dingtalk.approval", json.dumps(body).encode())
    loop.next_message("ops", before)
    loop.settle()
    watch = loop.inspector.get("queues")[f"{PREFIX}-watch"]
    assert watch["delayed"] == 1, "the promise"
