"""Native approvals: from the click in DingTalk or Lark to the account and the message."""

from collections.abc import Iterator
from typing import Any

from demo.judgement import Check
from demo.loop import Loop

HOST, DATABASE = "i-local0001", "i-local0002"
OPS, PEOPLE = "ops", "people"
DINGTALK, LARK = "dingtalk.oa", "lark.native"
_ACCESS = {DINGTALK: "PROC-LOCAL-ACCESS", LARK: "LOCAL-ACCESS-CODE"}
_PLATFORM = {DINGTALK: "dingtalk", LARK: "lark"}
_LOST_SECONDS = 900


def dingtalk_oa(loop: Loop) -> Iterator[Check]:
    """Enter the callback, ask, agree: the form's own words become a role."""
    seen = loop.last_message(OPS)
    entered = _subscribe(loop, DINGTALK)
    yield Check("DingTalk accepts the callback", True, entered)
    instance = _ask(loop, DINGTALK, "lilei", employee="N101", role="运维", until="90")
    yield Check("asking alone does nothing", seen, loop.last_message(OPS))
    _approve(loop, DINGTALK, instance, "boss01", push="repeat")
    message = loop.next_message(OPS, seen)
    yield from _says(message, "Provisioned", "N101", "devops", "李雷", "韩梅梅")
    yield Check("the account is on the host", True, bool(loop.account(HOST, "emp-n101")))
    loop.settle()
    ran = [i for i in loop.invocations() if "N101" in str(i)]
    yield Check("pushed three times, run once", 1, len(ran))
    yield Check("and told once", 1, len(loop.messages(OPS, seen)))
    way = loop.inspector.get(f"requests/{instance}")
    kinds = {event["type"].partition(":")[2] for event in way["events"]}
    begins = {"ApprovalPushed", "ApprovedRequest"} <= kinds
    yield Check("its page begins with the push", True, begins)


def lark_native(loop: Loop) -> Iterator[Check]:
    """Do the same in Lark, while its API fails twice."""
    seen = loop.last_message(PEOPLE)
    yield Check("Lark accepts the callback", True, _subscribe(loop, LARK))
    instance = _ask(loop, LARK, "ou_lilei", employee="N201", role="auditor")
    loop.inspector.post("platforms/lark/outage", {"calls": 2})
    _approve(loop, LARK, instance, "ou_boss")
    message = loop.next_message(PEOPLE, seen)
    yield from _says(message, "Provisioned", "N201", "auditor", "Li Lei", "Han Meimei")
    yield Check("the account is on the host", True, bool(loop.account(HOST, "emp-n201")))


def forged(loop: Loop) -> Iterator[Check]:
    """Push what nobody approved, by guess and with stolen keys of the callback."""
    ran = len(loop.invocations())
    seen = {chat: loop.last_message(chat) for chat in (OPS, PEOPLE)}
    for source, platform in _PLATFORM.items():
        open_one = _ask(loop, source, "lilei", employee="N666", role="devops")
        body = {"instance": open_one, "definition": _ACCESS[source]}
        guessed = loop.inspector.post(f"platforms/{platform}/forge", body)
        yield Check(f"{platform}: a guessed signature is refused", 403, guessed["status"])
        stolen = loop.inspector.post(f"platforms/{platform}/forge", {**body, "stolen_key": True})
        yield Check(f"{platform}: stolen keys get as far as a hint", True, stolen["taken"])
    loop.settle()
    yield Check("nothing ran", ran, len(loop.invocations()))
    yield Check("nothing was told", seen, {chat: loop.last_message(chat) for chat in seen})
    yield Check("no account was made", "", loop.account(HOST, "emp-n666"))


def self_approved(loop: Loop) -> Iterator[Check]:
    """Let somebody approve what they asked for, and one person what needs two."""
    for who, role, why in (("lilei", "devops", "nobody but"), ("boss01", "dba", "two different")):
        seen = loop.last_message(OPS)
        instance = _ask(loop, DINGTALK, "lilei", employee="N102", role=role)
        _approve(loop, DINGTALK, instance, who)
        message = loop.next_message(OPS, seen)
        yield from _says(message, "rejected", "N102", why)
    yield Check("no account was made", "", loop.account(HOST, "emp-n102"))


def revoked(loop: Loop) -> Iterator[Check]:
    """Take an approval back after it was carried out."""
    seen = loop.last_message(OPS)
    instance = _ask(loop, DINGTALK, "lilei", employee="N103", role="auditor")
    _approve(loop, DINGTALK, instance, "boss01")
    yield from _says(loop.next_message(OPS, seen), "Provisioned", "N103", "auditor")
    seen = loop.last_message(OPS)
    loop.inspector.post(f"platforms/dingtalk/approvals/{instance}/revoke", {})
    yield from _says(loop.next_message(OPS, seen), "Deprovisioned", "N103", "auditor")
    shadow = loop.file(HOST, "/etc/shadow").splitlines()
    locked = [line for line in shadow if line.startswith("emp-n103:!")]
    yield Check("the account is locked", 1, len(locked))


def lost(loop: Loop) -> Iterator[Check]:
    """Lose a push: the timer asks the platform, finds the approval once, and is quiet then."""
    seen = loop.last_message(OPS)
    instance = _ask(loop, DINGTALK, "lilei", employee="N104", role="contractor")
    _approve(loop, DINGTALK, instance, "boss02", push="lose", ago=_LOST_SECONDS)
    loop.settle()
    yield Check("nobody heard of it", seen, loop.last_message(OPS))
    loop.call_by_timer("receive-approval", "find-lost")
    yield from _says(loop.next_message(OPS, seen), "Provisioned", "N104", "contractor", "王五")
    loop.settle()
    seen = loop.last_message(OPS)
    yield Check("the next look finds nothing", True, '"found": 0' in _look(loop))
    loop.settle()
    yield Check("the next look says nothing again", seen, loop.last_message(OPS))


def members(loop: Loop) -> Iterator[Check]:
    """Let somebody join and somebody leave, in both platforms."""
    # Lark pushes an open_id, and what HR systems and hosts know is the user_id.
    for source, joins, leaves, chat, prefix in (
        (DINGTALK, ("newbie7", "孙七"), "leaver7", OPS, ""),
        (LARK, ("newbie8", "Zhou Ba"), "leaver8", PEOPLE, "ou_"),
    ):
        platform = _PLATFORM[source]
        _subscribe(loop, source)
        before = len(loop.inspector.get("apis/hr/requests"))
        joined = {"person": f"{prefix}{joins[0]}", "name": joins[1]}
        loop.inspector.post(f"platforms/{platform}/members", joined)
        requests = loop.wait(
            "a request to the HR API",
            lambda before=before: loop.inspector.get("apis/hr/requests")[before:] or None,  # type: ignore[misc]
        )
        told = requests[-1]["body"]
        yield Check(f"the HR API hears who joined {platform}", [joins[0]], told.get("userId"))
        yield Check("with the name", joins[1], told.get("user", {}).get("name"))
        seen = loop.last_message(chat)
        loop.inspector.post(f"platforms/{platform}/members/{prefix}{leaves}/leave", {})
        yield from _says(loop.next_message(chat, seen), leaves)


def _look(loop: Loop) -> str:
    return loop.call_by_timer("receive-approval", "find-lost").replace("\\", "")


def _subscribe(loop: Loop, source: str) -> bool:
    url = loop.outputs["approval_urls"][source]
    answer = loop.inspector.post(f"platforms/{_PLATFORM[source]}/callback", {"url": url})
    return bool(answer["url"] == url)


def _ask(loop: Loop, source: str, by: str, **form: str) -> str:
    body = {"definition": _ACCESS[source], "by": by, "form": form}
    asked = loop.inspector.post(f"platforms/{_PLATFORM[source]}/approvals", body)
    return str(asked["instance"])


def _approve(loop: Loop, source: str, instance: str, by: str, **how: Any) -> None:
    path = f"platforms/{_PLATFORM[source]}/approvals/{instance}/approve"
    loop.inspector.post(path, {"by": by, **how})


def _says(message: dict[str, Any], *words: str) -> Iterator[Check]:
    for word in words:
        yield Check(f"the message says {word}", True, word in message["text"])
