"""Which events are requests that may run, and what people are told of the others."""

# ruff: noqa: RUF001 - Chinese and look-alikes are what is tested.

import base64
import json
import re
import urllib.parse
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.report.reason import Reason
from functions.request import events
from functions.request.deployment import Language
from functions.request.fields import POSTED as POSTED_FIELDS
from functions.request.fields import Request
from functions.run_command.decide import Rejection, decide
from functions.run_command.noise import Untrusted
from tests.unit.functions.run_command.deciding import (
    SETTINGS,
    TOKEN,
    accepted,
    decided,
    rejected,
    told,
)
from tests.unit.functions.samples import (
    LOOP,
    NOW,
    detail,
    http_event,
    patient,
)

KEY = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43} li.lei"


def test_the_seed_document_is_a_request() -> None:
    """The two fields of the seed are enough; the source's chat is told, the event's id is used."""
    found = accepted(http_event({"emp_id": "E123", "role": "devops"}))
    expected = Request(
        action="provision",
        event_id="event-1",
        source="dingtalk.approval",
        chat="ops",
        emp_id="E123",
        role="devops",
        moment="1767225540000",
        request_id="event-1",
        request_hash=found.request_hash,
    )
    assert found == expected
    assert re.fullmatch(r"[0-9a-f]{16}", found.request_hash)


def test_a_hash_stands_for_one_request() -> None:
    """It is the same exactly if source, id, action, employee and role are."""
    first = accepted(http_event(detail(), event_id="event-1")).request_hash
    assert accepted(http_event(detail(chat="people"), event_id="event-2")).request_hash == first
    others = [
        http_event(detail(emp_id="E124")),
        http_event(detail(role="dba")),
        http_event(detail(request_id="20261122-0002")),
        http_event(detail(), kind="DeprovisionRequest"),
        http_event(detail(role=None), kind="DeprovisionRequest"),
        http_event(detail(), source="lark.approval", headers=TOKEN),
    ]
    hashes = {accepted(other).request_hash for other in others}
    assert len(hashes - {first}) == len(others)


def test_all_optional_fields_are_taken() -> None:
    """Request id, chat and the names of people come along."""
    given_detail = detail(chat="people", requested_by="李雷 (Li Lei)", approved_by="han.mei")
    found = accepted(http_event(given_detail, kind="DeprovisionRequest"))
    expected = ("deprovision", "20261122-0001", "people", "李雷 (Li Lei)", "han.mei")
    assert (
        found.action,
        found.request_id,
        found.chat,
        found.requested_by,
        found.approved_by,
    ) == expected


@pytest.mark.parametrize(
    ("chat", "told"),
    [
        pytest.param("people", "people", id="a known chat"),
        pytest.param("unknown", "ops", id="an unknown chat"),
        pytest.param("", "ops", id="an empty field of a form"),
        pytest.param(None, "ops", id="null"),
    ],
)
def test_the_chat_is_a_configured_name(chat: str | None, told: str) -> None:
    """A request names a chat of the stack's, or the source's chat is told."""
    assert accepted(http_event(detail(chat=chat))).chat == told


def test_unknown_keys_are_left_alone() -> None:
    """An automation may add keys of its own."""
    found = accepted(http_event(detail(sys_field=7, formValues={"a": [1]}, source="x")))
    assert found.emp_id == "E123"


POSTED = {"detail-type": "ProvisionRequest", "detail": detail(requested_by="李雷")}
TEXT = json.dumps(POSTED, ensure_ascii=False)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(POSTED, id="parsed"),
        pytest.param(TEXT, id="text"),
        pytest.param("\ufeff  " + TEXT + "\r\n", id="text with byte order mark"),
        pytest.param(json.dumps(TEXT), id="text in a text"),
        pytest.param(base64.b64encode(TEXT.encode()).decode(), id="base64"),
        pytest.param(
            base64.urlsafe_b64encode(TEXT.encode()).decode().rstrip("="), id="base64 for URLs"
        ),
        pytest.param(base64.encodebytes(TEXT.encode()).decode(), id="base64 in lines"),
        pytest.param(urllib.parse.quote(TEXT), id="percent-encoded"),
        pytest.param(urllib.parse.urlencode({"payload": TEXT}), id="a form's field"),
        pytest.param(urllib.parse.urlencode({"a": "b", "payload": TEXT}), id="a form's second"),
    ],
)
def test_careless_senders_are_read(body: object) -> None:
    """A body is read whatever content type its sender forgot."""
    found = accepted(http_event(body=body))
    assert (found.emp_id, found.requested_by) == ("E123", "李雷")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="nothing"),
        pytest.param("hello", id="a word"),
        pytest.param("[]", id="a list"),
        pytest.param([POSTED], id="a list of requests"),
        pytest.param(7, id="a number"),
        pytest.param("7", id="a number as text"),
        pytest.param("{" * 10_000, id="a tower of braces"),
        pytest.param("[" * 30_000, id="a tower of brackets"),
        pytest.param("%7B", id="half an object"),
        pytest.param("a=%7B%7D&b=%7B%7D", id="a form with two objects"),
        pytest.param(json.dumps(json.dumps(json.dumps(json.dumps(POSTED)))), id="too deep"),
    ],
)
def test_what_is_no_object_is_rejected(body: object) -> None:
    """A body that holds no JSON object is refused with that reason."""
    found = rejected(http_event(body=body))
    assert (found.reason.code, found.request.chat) == ("unreadable-body", "ops")


def test_an_event_that_no_queue_can_keep_is_rejected() -> None:
    """32 KB are carried out, one byte more is refused with both sizes."""
    detail = {"emp_id": "E123", "role": "devops", "note": ""}
    posted = {"detail-type": "ProvisionRequest", "detail": detail}
    room = events.LARGEST_BYTES - len(http_event(body=posted))
    detail["note"] = "x" * room
    assert accepted(http_event(body=posted)).emp_id == "E123"
    detail["note"] += "x"
    reason = rejected(http_event(body=posted)).reason
    assert reason == Reason.of("too-large", size="32769", limit="32768")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        pytest.param({"emp_id": None}, "missing", "emp_id is missing", id="no employee"),
        pytest.param({"emp_id": ""}, "missing", "emp_id is missing", id="empty employee"),
        pytest.param({"role": None}, "missing", "role is missing", id="no role"),
        pytest.param(
            {"emp_id": 123.0},
            "not-text",
            "emp_id is 123; it must be a string, in quotes",
            id="a number",
        ),
        pytest.param(
            {"emp_id": True}, "not-text", "emp_id is true; it must be a string", id="a truth value"
        ),
        pytest.param(
            {"emp_id": ["E1"]}, "not-text", "emp_id is [...]; it must be a string", id="a list"
        ),
        pytest.param({"emp_id": {"a": 1}}, "not-text", "emp_id is {...}", id="an object"),
        pytest.param({"role": 7}, "not-text", "role is 7", id="a role that is a number"),
        pytest.param(
            {"request_id": 7.0}, "not-text", "request_id is 7;", id="a numeric request id"
        ),
        pytest.param({"chat": ["ops"]}, "not-text", "chat is [...]", id="a list of chats"),
        pytest.param({"role": ["dba"]}, "not-text", "role is [...]", id="a list of roles"),
        pytest.param({"expires": "soon"}, "malformed", "days such as 90d", id="no date"),
        pytest.param({"expires": "2025-12-31"}, "expired", "2025-12-31", id="yesterday"),
        pytest.param({"expires": "2026-02-31"}, "expired", "2026-02-31", id="not in the calendar"),
        pytest.param(
            {"ssh_key": "ssh-ed25519 AAAA"}, "malformed", "one public key", id="half a key"
        ),
        pytest.param(
            {"ssh_key": f"no-pty {KEY}"}, "malformed", "without options", id="a key with options"
        ),
        pytest.param({"ssh_key": f"{KEY}\n{KEY}"}, "malformed", "one public key", id="two keys"),
        pytest.param({"emp_id": "E" * 33}, "malformed", "1 to 32 letters", id="too long"),
        pytest.param({"emp_id": "E123\n"}, "malformed", "1 to 32 letters", id="a line break"),
        pytest.param({"emp_id": " E123"}, "malformed", "1 to 32 letters", id="a space"),
        pytest.param({"emp_id": "-E123"}, "malformed", "1 to 32 letters", id="a hyphen first"),
        pytest.param({"emp_id": "E123."}, "malformed", "1 to 32 letters", id="a dot last"),
        pytest.param({"emp_id": "E1;id"}, "malformed", 'emp_id is "E1;id"', id="a shell separator"),
        pytest.param({"emp_id": "$(id)"}, "malformed", 'emp_id is "$(id)"', id="a substitution"),
        pytest.param({"emp_id": "{{role}}"}, "malformed", "1 to 32 letters", id="a parameter"),
        pytest.param({"emp_id": "Е123"}, "malformed", "1 to 32 letters", id="a Cyrillic E"),
        pytest.param({"emp_id": "E１"}, "malformed", "1 to 32 letters", id="a full-width digit"),
        pytest.param({"emp_id": "../../x"}, "malformed", "1 to 32 letters", id="a path"),
        pytest.param({"role": "DevOps"}, "malformed", "lower-case", id="a role in capitals"),
        pytest.param({"role": "Devops"}, "malformed", "lower-case", id="a capital first"),
        pytest.param({"role": "ops\x00"}, "malformed", "lower-case", id="a NUL"),
        pytest.param({"request_id": "a b"}, "malformed", "without spaces", id="a space in the id"),
        pytest.param({"request_id": "r" * 129}, "malformed", "1 to 128", id="a long request id"),
        pytest.param({"request_id": "http://x"}, "malformed", "1 to 128", id="a URL as id"),
        pytest.param({"chat": "https://x"}, "malformed", "chat is", id="a URL as chat"),
        pytest.param(
            {"role": "unheard"}, "unknown-role", "it has: all, dba, devops", id="an unknown role"
        ),
    ],
)
def test_each_field_is_checked_as_a_whole(changes: dict[str, Any], code: str, words: str) -> None:
    """A field that is not in order stops the request with a reason that names it."""
    found = rejected(http_event(detail(**changes)))
    assert found.reason.code == code
    assert words in told(found)
    assert told(found, Language.CHINESE)


def test_the_length_limits_are_exact() -> None:
    """The longest values that are accepted have exactly the length that the reason names."""
    longest = detail(emp_id="E" * 32, request_id="r" * 128, requested_by="x" * 64)
    assert accepted(http_event(longest)).emp_id == "E" * 32


@pytest.mark.parametrize(
    "kind", [None, 7, "", "provisionrequest", "Other", {}, ["ProvisionRequest"]]
)
def test_other_kinds_are_rejected(kind: object) -> None:
    """Nothing but the two kinds of request runs."""
    found = rejected(http_event(detail(), kind=kind))
    assert found.reason.code == "unknown-type"
    assert "ProvisionRequest, DeprovisionRequest" in told(found)


@pytest.mark.parametrize("broken", [None, [], "text", 7, [detail()]])
def test_a_detail_is_needed(broken: object) -> None:
    """A request without an object of details is refused."""
    body = {"detail-type": "ProvisionRequest", "detail": broken}
    code = "text-detail" if broken == "text" else "no-detail"
    assert rejected(http_event(body=body)).reason.code == code


@pytest.mark.parametrize(
    ("posted", "kept"),
    [
        ("张三（运维）", "张三（运维）"),
        ("小明🚀", "小明"),
        ("王五、韩梅梅", "王五、韩梅梅"),
        ("a\nb", "ab"),
        ("x" * 65, "x" * 64),
        ("<at id=all>", "at idall"),
        ("http://a.example", "httpaexample"),
        (7.0, "7"),
        ({}, ""),
        ("li.lei", "li.lei"),
    ],
)
def test_a_name_never_refuses_a_request(posted: object, kept: str) -> None:
    """What only informs is cut to what can be shown."""
    assert accepted(http_event(detail(requested_by=posted))).requested_by == kept


def test_a_moment_is_the_earlier_of_what_the_cloud_stamped() -> None:
    """A retry or a put-back has a later time of publishing, and stays the word that it was."""
    event = json.loads(http_event(detail(), time="2026-01-01T00:00:00.123Z"))
    event["aliyunpublishtime"] = "2025-12-31T23:59:59.500Z"
    assert accepted(json.dumps(event).encode()).moment == "1767225599500"


def test_a_request_from_the_future_is_refused() -> None:
    """Five minutes are the clocks'; what is dated later would win for ever."""
    assert accepted(http_event(detail(), time="2026-01-01T00:04:59Z"))
    found = rejected(http_event(detail(), time="2028-01-01T00:00:00Z"))
    assert (found.reason.code, "730 d in the future" in told(found)) == ("future", True)


def test_days_become_a_date() -> None:
    """The script gets the day, counted from the moment of the request."""
    assert accepted(http_event(detail(expires="90d"))).expires == "2026-03-31"
    assert accepted(http_event(detail(expires="2027-01-31"))).expires == "2027-01-31"


def test_a_key_is_given_as_it_is() -> None:
    """One public key, with or without a name."""
    for key in (KEY, KEY.rpartition(" ")[0]):
        assert accepted(http_event(detail(ssh_key=key))).parameters()["ssh_key"] == key


@pytest.mark.parametrize(
    ("time", "code"),
    [
        pytest.param("2026-01-01T00:00:00.000Z", None, id="now"),
        pytest.param("2025-12-31T23:00:00Z", None, id="just in time"),
        pytest.param("2025-12-31T22:59:59Z", "stale", id="a second too late"),
        pytest.param("2026-01-01T07:30:00.000Asia/Shanghai", None, id="with a zone's name"),
        pytest.param("2025-12-01T07:30:00.000Asia/Shanghai", "stale", id="old with a zone's name"),
        pytest.param("yesterday", "no-time", id="not a time"),
        pytest.param(None, "no-time", id="no time"),
        pytest.param(1767225600, "no-time", id="a number"),
    ],
)
def test_an_old_approval_does_not_run(time: object, code: str | None) -> None:
    """A request that was delivered too late is refused, as is one of unknown age."""
    found = decided(http_event(detail(), time=time))
    assert (found.reason.code if isinstance(found, Rejection) else None) == code


def test_people_are_told_how_old_it_is() -> None:
    """The reason says the age and the limit in the reader's language."""
    found = rejected(http_event(detail(), time="2025-12-30T21:00:00Z"))
    assert "2 d 3 h" not in told(found, Language.CHINESE)
    assert "the approval is 1 d 3 h old; requests older than 1 h are not run" in told(found)
    assert "1 天 3 小时" in told(found, Language.CHINESE)


def test_removal_can_be_switched_off() -> None:
    """Without a command for it, a removal is refused, and giving still works."""
    payload = http_event(detail(), kind="DeprovisionRequest")
    assert rejected(payload, DeprovisionCommandId="").reason.code == "no-deprovision"
    assert accepted(http_event(detail()), DeprovisionCommandId="")


def test_a_role_without_instances_is_rejected() -> None:
    """A role that would run nowhere is refused with a reason for its administrator."""
    found = rejected(http_event(detail(role="all")), InstanceIds="[]")
    assert found.reason.code == "no-instances"


hostile = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=200),
    st.text(
        st.sampled_from("Eab1 ;|&$`'\"\\\n\r\t{}[]()<>*?!#~%@=+,./:-_\x00\x1b\u202e"), max_size=40
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@patient
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(POSTED_FIELDS, hostile)), hostile)
@example({"emp_id": "E1\n", "role": "devops"}, "ProvisionRequest")
@example({"emp_id": "E1'; id #", "role": "devops"}, "ProvisionRequest")
@example({"emp_id": '{"a":1}', "role": "devops"}, "ProvisionRequest")
def test_whatever_is_posted_only_narrow_values_come_through(
    posted: dict[str, Any], kind: object
) -> None:
    """No value that could leave a shell word, a tag or JSON is ever in a decision."""
    for said in ("ProvisionRequest", kind):
        found = decided(http_event(posted, kind=said))
        assert not isinstance(found, Untrusted)
        request = found.request if isinstance(found, Rejection) else found
        assert set(request.emp_id) <= set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
        )
        assert not request.emp_id.startswith(("-", ".", "_"))
        assert set(request.role) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert request.chat in LOOP["chats"]
        for value in (request.request_id, request.requested_by, request.approved_by):
            assert len(value) <= 128
            assert value.isprintable()
            assert "://" not in value
            assert not set(value) & set("'\"`$;|&<>\\{}[]*?!~%\n") - {"'"}
        if isinstance(found, Rejection):
            assert told(found).isprintable()
            assert len(told(found, Language.CHINESE)) < 700


@patient
@given(
    st.recursive(hostile, lambda inner: st.dictionaries(st.text(max_size=12), inner, max_size=4))
)
@example({"data": {"body": {"detail": {"emp_id": {}}}}})
@example({"data": [], "source": 7, "id": {}, "time": []})
def test_no_event_whatever_makes_it_raise(event: object) -> None:
    """Any JSON object that claims to be an event ends in a decision."""
    body = event if isinstance(event, dict) else {"data": event}
    for given_event in (body, {"source": "dingtalk.approval", "data": body}):
        found = decide(events.read(json.dumps(given_event)), SETTINGS, NOW)
        assert isinstance(found, Rejection | Untrusted)
