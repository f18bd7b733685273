"""A dead letter is told to those who operate the loop within two minutes, and once."""

import json
from typing import Any

from mns.account import Account
from mns.queue import Message

from demo.loop import Loop
from lab.running_cloud import RunningCloud

PREFIX = "provisioning-local"


def _lines(loop: Loop) -> list[dict[str, Any]]:
    """Return what the watcher decided, each time that the timer came."""
    entries = loop.inspector.get(f"logs/{PREFIX}-watch", limit=1000)
    lines = (entry["line"] for entry in entries if '"decision"' in entry["line"])
    return [json.loads(line[line.index("{") : line.rindex("}") + 1]) for line in lines]


def test_a_dead_letter_is_told_once(cloud: RunningCloud, loop: Loop) -> None:
    """The timer comes, the chat of the alarms hears it, and a minute later it is no news."""
    queue = Account(cloud.endpoint, *cloud.key).get_queue(f"{PREFIX}-dead-letters")
    reason = {"ruleName": "provision", "errorCode": "Throttling"}
    event = {"id": "lost-1", "type": "eventbridge:Events:HTTPEvent", "source": "lark.approval"}
    queue.send_message(Message(json.dumps({"reason": reason, "event": event})))
    message = loop.wait("the alarm", lambda: next(iter(loop.messages("oncall")), None), 120)
    assert "lost-1: given up by provision, Throttling" in json.dumps(message)

    def looked_again() -> bool | None:
        decided = [line["decision"] for line in _lines(loop)]
        # The function's log is written when its call has ended, after the message.
        if "told" not in decided:
            return None
        return "quiet" in decided[decided.index("told") :] or None

    loop.wait("the watcher's next look", looked_again, 120)
    assert [line["dead_letters"] for line in _lines(loop) if line["decision"] == "told"] == [1]
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
