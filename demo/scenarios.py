"""The stories of the demonstration, each from what the platform really posts.

They build on each other: E123's account is made by the first, found unchanged by the third.
"""

from collections.abc import Iterator
from typing import Any

from demo.judgement import Check, Scenario
from demo.loop import Loop, event
from demo.monday import monday_morning
from demo.native import (
    dingtalk_oa,
    forged,
    lark_native,
    lost,
    members,
    revoked,
    self_approved,
)
from functions.report.outcome import RESULT_SOURCE

HOST, DATABASE = "i-local0001", "i-local0002"
OPS, PEOPLE, DEV = "ops", "people", "dev"


def dingtalk_approval(loop: Loop) -> Iterator[Check]:
    """Play the approval of the outline: E123 becomes a devops."""
    seen = loop.last_message(OPS)
    loop.post("dingtalk.approval", event("dingtalk-approval"))
    message = loop.next_message(OPS, seen)
    yield from _names(message, "Provisioned", "E123", "devops")
    yield Check("the account is on the host", True, bool(loop.account(HOST, "emp-e123")))
    rules = loop.file(HOST, "/etc/sudoers.d/provisioning-emp-e123")
    yield Check("it may restart the service", True, "systemctl restart app.service" in rules)


def lark_approval(loop: Loop) -> Iterator[Check]:
    """Play an approval with every optional field, in the other platform."""
    seen = loop.last_message(PEOPLE)
    loop.post("lark.approval", event("lark-approval"))
    message = loop.next_message(PEOPLE, seen)
    yield from _names(message, "Provisioned", "E456", "dba")
    yield Check("it names who approved", True, "韩梅梅" in message["text"])
    yield Check("the account is on the database", True, bool(loop.account(DATABASE, "emp-e456")))
    yield Check("and not on the other host", "", loop.account(HOST, "emp-e456"))


def manual_run(loop: Loop) -> Iterator[Check]:
    """Run the command by hand with the outline's parameters; the default chat hears of it."""
    seen = loop.last_message(OPS)
    invocation = loop.invoke_command({"emp_id": "E123", "role": "devops"})
    message = loop.next_message(OPS, seen)
    yield from _names(message, "Provisioned", "E123", "devops")
    yield Check("it names the invocation", True, invocation in message["text"])
    ran = loop.invocations()[-1]["output"]
    yield Check("nothing changed the second time", True, "unchanged" in ran)


def wecom_chat(loop: Loop) -> Iterator[Check]:
    """Let an approval name a chat of WeCom, whose language is Chinese."""
    seen = loop.last_message(DEV)
    loop.post("dingtalk.approval", event("wecom-chat-approval"))
    message = loop.next_message(DEV, seen)
    yield from _names(message, "开通成功", "E321", "contractor")
    yield Check("it says which key was installed", True, "SHA256:" in message["text"])
    yield Check("it says until when", True, "有效期至" in message["text"])


def new_member(loop: Loop) -> Iterator[Check]:
    """Play a new member of DingTalk: the company's HTTP API is called."""
    before = len(loop.inspector.get("apis/hr/requests"))
    loop.post("dingtalk.member", event("dingtalk-member"))
    requests = loop.wait(
        "a request to the HR API", lambda: loop.inspector.get("apis/hr/requests")[before:] or None
    )
    yield Check("the API took one request", 1, len(requests))
    yield Check("it carries the member", ["0153880000000227"], requests[-1]["body"].get("userId"))


def repeated_request(loop: Loop) -> Iterator[Check]:
    """Post the Lark approval again, as Lark does when it saw no answer."""
    ran, seen = len(loop.invocations()), loop.last_message(PEOPLE)
    loop.post("lark.approval", event("lark-approval"))
    message = loop.next_message(PEOPLE, seen)
    yield from _names(message, "Provisioned before", "E456", "dba")
    yield Check("nothing ran again", ran, len(loop.invocations()))


def hostile_request(loop: Loop) -> Iterator[Check]:
    """Play shell, JSON and markup injection in every field."""
    ran, seen = len(loop.invocations()), loop.last_message(OPS)
    forged = len([e for e in loop.events(1000) if e["source"] == RESULT_SOURCE])
    loop.post("dingtalk.approval", event("hostile-approval"))
    message = loop.next_message(OPS, seen)
    yield Check("it is refused in the chat", True, "rejected" in message["text"])
    yield Check("nothing ran", ran, len(loop.invocations()))
    yield Check("no file was made", "", loop.file(HOST, "/tmp/owned"))  # noqa: S108 - the attack's
    yield Check("no markup came through", False, "attacker.example" in message["text"])
    results = [e for e in loop.events(1000) if e["source"] == RESULT_SOURCE]
    yield Check("one result, none forged", forged + 1, len(results))


def failing_script(loop: Loop) -> Iterator[Check]:
    """Let the package manager fail: the chat hears of it with the exit code."""
    seen = loop.last_message(OPS)
    loop.fail("package:strace", times=3)
    loop.post("dingtalk.approval", event("failing-approval"))
    message = loop.next_message(OPS, seen)
    yield from _names(message, "Provisioning failed", "E789", "backend-dev")
    yield Check("it names the package", True, "strace" in message["text"])
    yield Check("no account was made", "", loop.account(HOST, "emp-e789"))
    loop.fail("package:strace", times=0)


def busy_chat(loop: Loop) -> Iterator[Check]:
    """Let the chat answer "too many messages" twice: the message comes all the same."""
    seen = loop.last_message(PEOPLE)
    loop.fail(f"chat:{PEOPLE}", times=2)
    loop.post("lark.approval", event("busy-chat-approval"))
    message = loop.next_message(PEOPLE, seen)
    yield from _names(message, "Deprovisioned", "E456", "dba")
    yield Check("the chat has no refusal left", [], loop.inspector.get("faults"))
    shadow = loop.file(DATABASE, "/etc/shadow").splitlines()
    locked = [line for line in shadow if line.startswith("emp-e456:!")]
    yield Check("the account is locked", 1, len(locked))


def _names(message: dict[str, Any], what: str, employee: str, role: str) -> Iterator[Check]:
    text = message["text"]
    yield Check(f"the message says what happened: {what}", True, what in text)
    for field, word in (("employee", employee), ("role", role)):
        yield Check(f"it names the {field} {word}", True, word in text)


SCENARIOS = (
    Scenario("DingTalk approval: E123 becomes a devops", dingtalk_approval, (OPS,)),
    Scenario("Lark approval with all fields: E456 becomes a dba", lark_approval, (PEOPLE,)),
    Scenario("the same command by hand (InvokeCommand)", manual_run, (OPS,)),
    Scenario("an approval that is answered in WeCom, in Chinese", wecom_chat, (DEV,)),
    Scenario("a new member in DingTalk reaches the HR API", new_member),
    Scenario("the Lark approval comes a second time", repeated_request, (PEOPLE,)),
    Scenario("a hostile request: injection in every field", hostile_request, (OPS,)),
    Scenario("the script fails: a package cannot be installed", failing_script, (OPS,)),
    Scenario("E456 leaves while the chat is too busy twice", busy_chat, (PEOPLE,)),
    Scenario("a native approval in DingTalk, from the click to the account", dingtalk_oa, (OPS,)),
    Scenario("a native approval in Lark, whose API fails twice", lark_native, (PEOPLE,)),
    Scenario("forged pushes, by a guess and with stolen keys", forged),
    Scenario("an approval by its own requester, and one that needs two", self_approved, (OPS,)),
    Scenario("a native approval is revoked", revoked, (OPS,)),
    Scenario("a push is lost; the timer finds the approval", lost, (OPS,)),
    Scenario("members join and leave, in DingTalk and in Lark", members, (OPS, PEOPLE)),
    Scenario("Monday morning: 30 approvals, 20 refusals, 5 instances", monday_morning, (OPS,)),
)
