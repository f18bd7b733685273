"""Monday morning: thirty approvals, twenty posts that are refused, one role on five instances."""

import json
import re
from collections.abc import Iterator

from demo.judgement import Check
from demo.loop import Loop

APPROVALS, REFUSED = 30, 20
CHAT, QUEUE = "ops", "provisioning-local-chats"
FLEET = ("i-local0002", "i-local0003", "i-local0004", "i-local0005", "i-local0006")
_PATIENCE_SECONDS = 120.0


def monday_morning(loop: Loop) -> Iterator[Check]:
    """Post everything at once, and read what the chat then shows."""
    seen = loop.last_message(CHAT)
    # Roles for databases run wherever this tag is; until now on one instance.
    loop.tag(FLEET[1:], "role", "db")
    loop.post("dingtalk.approval", _approval("F100", "data-analyst"))
    for number in range(APPROVALS):
        loop.post("dingtalk.approval", _approval(f"M{number:02}", "contractor"))
        if number < REFUSED:
            loop.post("dingtalk.approval", _approval(f"not an id {number}", "contractor"))
    employees = {f"M{number:02}" for number in range(APPROVALS)} | {"F100"}
    loop.wait("the last employee's name", lambda: _told(loop, seen, employees), _PATIENCE_SECONDS)

    messages = loop.messages(CHAT, seen)
    text = "\n".join(message["text"] for message in messages)
    yield Check("every employee is named", [], sorted(employees - _named(text)))
    yield Check("every refusal is counted", REFUSED, _refused(text))
    yield Check("the role on five instances is one result", 1, text.count("data-analyst"))
    yield Check("it says where", True, "5 instances" in text)
    accounts = [loop.account(host, "emp-f100") for host in FLEET]
    yield Check("all five have the account", len(FLEET), sum(map(bool, accounts)))
    yield Check("the robot was sent 16 messages at most", True, len(messages) <= 16)
    yield Check("nothing waits", 0, sum(loop.inspector.get("queues")[QUEUE].values()))


def _approval(employee: str, role: str) -> bytes:
    detail = {"emp_id": employee, "role": role, "requested_by": "李雷", "approved_by": "韩梅梅"}
    body = {"source": "dingtalk.approval", "detail-type": "ProvisionRequest", "detail": detail}
    return json.dumps(body, ensure_ascii=False).encode()


def _told(loop: Loop, seen: int, employees: set[str]) -> bool:
    text = "\n".join(message["text"] for message in loop.messages(CHAT, seen))
    waits = sum(loop.inspector.get("queues")[QUEUE].values())
    return employees <= _named(text) and _refused(text) >= REFUSED and not waits


def _named(text: str) -> set[str]:
    return set(re.findall(r"(?<![-\w])[MF]\d+\b", text))


def _refused(text: str) -> int:
    """Return how many refusals the messages tell of, one by one and summed up."""
    alone = len(re.findall(r"^\[ECS\] ⛔", text, re.MULTILINE))
    return alone + sum(map(int, re.findall(r"⛔ (\d+) rejected", text)))
