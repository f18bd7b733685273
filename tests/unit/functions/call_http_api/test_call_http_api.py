"""What call-http-api sends to the company's API, and what it makes of each answer."""

import base64
import json
from typing import Any

import pytest

from functions.call_http_api.act import serve
from functions.call_http_api.decide import ApiBusyError, ApiRejectedError, settings
from functions.cloud.errors import PermanentError, SettingError, UnreachableError
from functions.cloud.web import Answer
from tests.unit.functions.samples import http_event

ENVIRONMENT = {
    "ENDPOINT": "https://hr.example.com/api/employees",
    "METHOD": "post",
    "HEADERS": '{"Authorization":"Bearer hr-credential"}',
    "TIMEOUT_SECONDS": "7.5",
}
MEMBER = {"EventType": "user_add_org", "userId": ["0153880000000227"], "name": "李雷"}


class Api:
    """Stands in for the company's API."""

    def __init__(self, answer: Answer | UnreachableError) -> None:
        self.answer = answer
        self.seen: list[tuple[str, str, dict[str, str], bytes, float]] = []

    def __call__(self, method: str, url: str, headers: Any, body: bytes, seconds: float) -> Answer:
        """Take a request."""
        self.seen.append((method, url, dict(headers), body, seconds))
        if isinstance(self.answer, UnreachableError):
            raise self.answer
        return self.answer


def never(event: str) -> None:
    """Fail: nothing is to be served later."""
    raise AssertionError(event)


def member(body: object = MEMBER, event_id: str = "event-1") -> bytes:
    """Return the event of a new member."""
    return http_event(body=body, source="dingtalk.member", event_id=event_id)


def test_the_posted_body_goes_on_as_json() -> None:
    """Method, address, headers and time limit are the stack's, the key is the event's id."""
    api = Api(Answer(201, b"{}"))
    line = json.loads(serve(member(), settings(ENVIRONMENT), api, never))
    ((method, url, headers, body, seconds),) = api.seen
    assert (method, url, seconds) == ("POST", "https://hr.example.com/api/employees", 7.5)
    assert headers == {
        "Authorization": "Bearer hr-credential",
        "content-type": "application/json; charset=utf-8",
        "idempotency-key": "event-1",
    }
    assert json.loads(body) == MEMBER
    assert "李雷".encode() in body
    assert (
        line["decision"],
        line["status"],
        line["source"],
    ) == ("delivered", 201, "dingtalk.member")


@pytest.mark.parametrize(
    "body",
    [json.dumps(MEMBER), base64.b64encode(json.dumps(MEMBER).encode()).decode()],
)
def test_a_careless_senders_text_becomes_json(body: str) -> None:
    """The API gets an object whatever content type the sender forgot."""
    api = Api(Answer(200, b""))
    serve(member(body), settings(ENVIRONMENT), api, never)
    assert json.loads(api.seen[0][3]) == MEMBER


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_what_the_api_takes_is_delivered(status: int) -> None:
    """Any 2xx is a success."""
    assert "delivered" in serve(member(), settings(ENVIRONMENT), Api(Answer(status, b"")), never)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Answer(408, b""), ApiBusyError, "Http408"),
        (Answer(425, b""), ApiBusyError, "Http425"),
        (Answer(429, b""), ApiBusyError, "Http429"),
        (Answer(500, b"private"), ApiBusyError, "Http500"),
        (Answer(503, b""), ApiBusyError, "Http503"),
        (UnreachableError("no whole answer within 7.5 s", "Timeout"), ApiBusyError, "Timeout"),
        (Answer(301, b""), ApiRejectedError, "Http301"),
        (Answer(307, b""), ApiRejectedError, "Http307"),
        (Answer(400, b"private"), ApiRejectedError, "Http400"),
        (Answer(401, b""), ApiRejectedError, "Http401"),
        (Answer(404, b""), ApiRejectedError, "Http404"),
        (Answer(409, b""), ApiRejectedError, "Http409"),
        (Answer(100, b""), ApiRejectedError, "Http100"),
    ],
)
def test_everything_else_is_raised(
    answer: Answer | UnreachableError,
    error: type[Exception],
    code: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A new member is tried again or kept as a dead letter, never lost; nothing private is said."""
    with pytest.raises(error) as caught:
        serve(member(), settings(ENVIRONMENT), Api(answer), never)
    assert isinstance(caught.value, ApiBusyError | ApiRejectedError)
    assert caught.value.code == code
    shown = f"{caught.value}{capsys.readouterr().out}"
    assert not {word for word in ("private", "credential", "hr.example", "李雷") if word in shown}


@pytest.mark.parametrize("body", ["hello", [MEMBER], 7, ""])
def test_what_is_no_object_is_not_sent(body: object) -> None:
    """Garbage is raised, so that a person finds it among the dead letters."""
    api = Api(Answer(200, b""))
    with pytest.raises(PermanentError, match="event event-1: the posted body is not a JSON object"):
        serve(member(body), settings(ENVIRONMENT), api, never)
    assert api.seen == []


def test_an_odd_event_id_cannot_become_a_header() -> None:
    """The key for repeats is safe whatever the id is."""
    api = Api(Answer(200, b""))
    serve(member(event_id="a\r\nx-admin: 1"), settings(ENVIRONMENT), api, never)
    assert api.seen[0][2]["idempotency-key"].startswith("sha256-")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ENDPOINT": ""}, "ENDPOINT: is missing"),
        ({"ENDPOINT": "file:///etc/passwd"}, "ENDPOINT: the URL is not http"),
        ({"ENDPOINT": "https://user:credential@hr.example.com/"}, "ENDPOINT: the URL is not http"),
        ({"METHOD": "GET"}, "METHOD: must be one of: POST, PUT, PATCH"),
        ({"METHOD": "POST /x"}, "METHOD: must be one of"),
        ({"HEADERS": "[]"}, "HEADERS: must be a JSON object"),
        ({"HEADERS": '{"x-a":7}'}, "HEADERS: the value of 'x-a' must be an ASCII string"),
        (
            {"HEADERS": '{"x-a":"密钥credential"}'},
            "HEADERS: the value of 'x-a' must be an ASCII string",
        ),
        (
            {"HEADERS": r'{"x-a":"b\r\nx: credential"}'},
            "HEADERS: 'x-a' or its value contains characters that HTTP",
        ),
        ({"HEADERS": '{"x a":"credential"}'}, "HEADERS: 'x a' or its value contains"),
        ({"HEADERS": '{"":"credential"}'}, "HEADERS: '' or its value contains"),
        ({"HEADERS": '{"Idempotency-Key":"x"}'}, "HEADERS: Idempotency-Key is set by the function"),
        ({"HEADERS": '{"Host":"x"}'}, "HEADERS: Host is set by the function"),
        ({"TIMEOUT_SECONDS": "0"}, "TIMEOUT_SECONDS: must be a number from 1 to 600"),
        ({"TIMEOUT_SECONDS": "1000"}, "TIMEOUT_SECONDS: must be a number from 1 to 600"),
        ({"TIMEOUT_SECONDS": ""}, "TIMEOUT_SECONDS: is missing"),
    ],
)
def test_wrong_settings_are_named_without_their_value(changes: dict[str, str], words: str) -> None:
    """The message names the variable and what it must be, never a credential."""
    with pytest.raises(SettingError) as caught:
        settings({**ENVIRONMENT, **changes})
    assert f"environment variable {words}" in str(caught.value)
    assert "credential" not in str(caught.value)


def test_settings_do_not_show_their_headers() -> None:
    """A trace of the settings holds no credential."""
    assert "credential" not in repr(settings(ENVIRONMENT))


TOKENS = {**ENVIRONMENT, "SOURCE_TOKENS": '{"dingtalk.member":"right-token"}'}


@pytest.mark.parametrize(
    ("headers", "source", "decision"),
    [
        ({"X-Provisioning-Token": "right-token"}, "dingtalk.member", "delivered"),
        ({"X-Provisioning-Token": "wrong-token"}, "dingtalk.member", "untrusted"),
        ({}, "dingtalk.member", "untrusted"),
        ({"X-Provisioning-Token": "right-token"}, "lark.member", "untrusted"),
    ],
)
def test_only_a_sender_with_the_secret_reaches_the_api(
    headers: dict[str, str], source: str, decision: str
) -> None:
    """What nobody vouches for is dropped, and neither retried nor kept as a dead letter."""
    api = Api(Answer(200, b""))
    event = http_event(body=MEMBER, source=source, headers=headers)
    line = serve(event, settings(TOKENS), api, never)
    assert json.loads(line)["decision"] == decision
    assert len(api.seen) == (decision == "delivered")
    assert "right-token" not in line


@pytest.mark.parametrize(
    "body",
    [
        {"EventType": "user_leave_org", "userId": ["1"]},
        {"EventType": "check_url"},
        {"EventType": ["user_add_org"]},
        {"encrypt": "1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG"},
    ],
)
def test_what_is_no_new_member_never_reaches_the_api(body: dict[str, Any]) -> None:
    """A leaver, a platform's probe and what cannot be read are not employees to be made."""
    api = Api(Answer(200, b""))
    assert (
        json.loads(serve(member(body), settings(ENVIRONMENT), api, never))["decision"]
        == "no-new-member"
    )
    assert not api.seen


def test_an_event_with_three_members_becomes_three_events() -> None:
    """Each has a key of its own, which stays the same when the event comes again."""
    api, settled = Api(Answer(200, b"")), settings(TOKENS)
    body = {"EventType": "user_add_org", "userId": ["a", "b", "b", "c"], "CorpId": "ding1"}
    headers = {"X-Provisioning-Token": "right-token"}
    event = http_event(body=body, source="dingtalk.member", headers=headers)
    put: list[str] = []
    for _ in range(2):
        line = json.loads(serve(event, settled, api, put.append))
        assert (line["decision"], line["members"]) == ("divided", 3)
    assert api.seen == []
    for text in put:
        serve(text, settled, api, never)
    sent = [(headers["idempotency-key"], json.loads(text)) for *_, headers, text, _ in api.seen]
    once = [(f"event-1-{n}", {**body, "userId": [u]}) for n, u in enumerate("abc", 1)]
    assert sent == [*once, *once]


def test_a_member_twice_in_a_list_is_one_member() -> None:
    """And one event, as it came."""
    api = Api(Answer(200, b""))
    serve(member({"userId": ["a", "a"]}), settings(ENVIRONMENT), api, never)
    assert [json.loads(text)["userId"] for *_, text, _ in api.seen] == [["a"]]


def test_strangers_divide_nothing() -> None:
    """A list from whoever has no token fills no queue."""
    event = http_event(body={"userId": ["a", "b"]}, source="dingtalk.member")
    line = serve(event, settings(TOKENS), Api(Answer(200, b"")), never)
    assert json.loads(line)["decision"] == "untrusted"


def test_a_timer_only_looks_into_the_queue() -> None:
    """Nothing is sent for it."""
    timer = b'{"triggerTime": "t", "triggerName": "every-minute", "payload": "timer"}'
    line = serve(timer, settings(ENVIRONMENT), Api(Answer(200, b"")), never)
    assert json.loads(line)["decision"] == "timer"
