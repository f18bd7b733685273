"""The message queues' API, judged by Alibaba Cloud's own data SDK."""

import base64
from collections.abc import Callable
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from functions.cloud import smq
from functions.cloud.rpc import ApiRefusedError, ApiTroubleError, Credentials
from functions.cloud.smq import Queues, Received
from tests.unit.functions import sdk
from tests.unit.functions.loopback import Loopback, Reply, Seen
from tests.unit.functions.samples import NOW

KEY = Credentials("LTAIexample", "very-secret", "sts-token")
NAMESPACE = 'xmlns="http://mns.aliyuncs.com/doc/v1/"'


def queues(loopback: Loopback, credentials: Credentials = KEY) -> Queues:
    """Return a client of the loopback server."""
    return Queues(loopback.url, credentials, now=lambda: NOW, seconds=5)


def error(code: str, status: int = 400) -> Reply:
    """Return an error as the service writes it."""
    xml = f"<Error {NAMESPACE}><Code>{code}</Code><Message>why</Message></Error>"
    return Reply(status, xml.encode())


def use(client: Queues) -> None:
    """Make a call of each kind."""
    client.send("later", "中文 <&>", 60)
    client.receive("later", 16, 5)
    client.delete("later", ["1-a==", "1-b<&>"])
    client.again("later", "1-c==", 30)


def test_calls_are_what_the_data_sdk_sends(loopback: Loopback) -> None:
    """Methods, paths with their queries, and bodies are those of the official client."""
    answers = {
        "POST": f"<Message {NAMESPACE}><MessageId>m</MessageId>"
        "<MessageBodyMD5>x</MessageBodyMD5></Message>",
        "GET": f"<Messages {NAMESPACE}/>",
        "DELETE": "",
        "PUT": f"<ChangeVisibility {NAMESPACE}><ReceiptHandle>n</ReceiptHandle>"
        "<NextVisibleTime>1</NextVisibleTime></ChangeVisibility>",
    }
    loopback.answer = lambda seen: Reply(
        {"POST": 201, "DELETE": 204}.get(seen.method, 200), answers[seen.method].encode()
    )
    queue = sdk.mns_account.Account(loopback.url, *KEY).get_queue("later")
    queue.set_encoding(True)
    message = sdk.mns_queue.Message("中文 <&>", delay_seconds=60)
    queue.send_message(message)
    queue.batch_receive_message(16, 5)
    queue.batch_delete_message(["1-a==", "1-b<&>"])
    queue.change_message_visibility("1-c==", 30)
    theirs, loopback.seen = loopback.seen, []
    use(queues(loopback))
    ours = loopback.seen
    assert [(s.method, s.path, s.query) for s in ours] == [
        (s.method, s.path, s.query) for s in theirs
    ]
    assert [content(s) for s in ours] == [content(s) for s in theirs]


def content(seen: Seen) -> list[tuple[str, str]]:
    """Return the elements of a request's body and their texts, but for a default."""
    if not seen.body:
        return []
    root = ElementTree.fromstring(seen.body)
    return [(e.tag, e.text or "") for e in root.iter() if not e.tag.endswith("Priority")]


@pytest.mark.parametrize("credentials", [KEY, Credentials("LTAIexample", "very-secret")])
def test_signatures_are_the_sdks(loopback: Loopback, credentials: Credentials) -> None:
    """The Authorization header is what the data SDK computes for the request that arrived."""
    loopback.answer = lambda _: Reply(200, f"<Message {NAMESPACE}/>".encode())
    use(queues(loopback, credentials))
    signer = sdk.mns_client.MNSClient(loopback.url, *credentials)
    for seen in loopback.seen:
        headers = {n: v for n, v in seen.headers.items() if n != "authorization"}
        expected = signer.get_signature(
            seen.method, headers, seen.target, signer.credentials_provider.get_credentials()
        )
        assert seen.headers["authorization"] == expected
        assert seen.headers.get("security-token", "") == credentials.security_token


def test_a_message_is_read_with_its_body_in_base64_or_not(loopback: Loopback) -> None:
    """EventBridge's target and the SDKs encode bodies, others do not."""
    encoded = base64.b64encode('{"名":1}'.encode()).decode()
    rows = "".join(
        f"<Message><MessageId>{n}</MessageId><MessageBody>{body}</MessageBody>"
        f"<ReceiptHandle>r{n}</ReceiptHandle><EnqueueTime>1500</EnqueueTime>"
        "<DequeueCount>2</DequeueCount></Message>"
        for n, body in enumerate([encoded, "{&quot;b&quot;: 1}"])
    )
    loopback.answer = lambda _: Reply(200, f"<Messages {NAMESPACE}>{rows}</Messages>".encode())
    assert queues(loopback).receive("q") == [
        Received("0", '{"名":1}', "r0", 2, 1.5, is_base64=True),
        Received("1", '{"b": 1}', "r1", 2, 1.5),
    ]


def test_an_empty_queue_is_an_empty_list(loopback: Loopback) -> None:
    """The service calls it an error."""
    loopback.answer = lambda _: error("MessageNotExist", 404)
    assert queues(loopback).receive("q") == []


@pytest.mark.parametrize(
    ("reply", "expected", "match"),
    [
        (error("QueueNotExist", 404), ApiRefusedError, r"QueueNotExist \(why\)"),
        (error("AccessDenied", 403), ApiRefusedError, "AccessDenied"),
        (error("InternalError", 500), ApiTroubleError, "InternalError"),
        (Reply(200, b"<html>"), ApiTroubleError, "Http200"),
        (Reply(502, b"<html>"), ApiTroubleError, "Http502"),
    ],
)
def test_errors_say_whether_to_try_again(
    loopback: Loopback, reply: Reply, expected: type[Exception], match: str
) -> None:
    """Each call raises what the status and the code mean."""
    loopback.answer = lambda _: reply
    client = queues(loopback)
    calls: list[Callable[[], object]] = [
        lambda: client.send("q", "text"),
        lambda: client.receive("q"),
        lambda: client.again("q", "1-r", 5),
    ]
    for call in calls:
        with pytest.raises(expected, match=match):
            call()


def test_receipts_that_are_over_are_returned(loopback: Loopback) -> None:
    """A message that became visible again is not deleted, which is no error of the others."""
    rows = (
        "<Error><ErrorCode>ReceiptHandleError</ErrorCode><ReceiptHandle>b</ReceiptHandle></Error>"
    )
    xml = f"<Errors {NAMESPACE}>{rows}</Errors>"
    loopback.answer = lambda _: Reply(404, xml.encode())
    assert queues(loopback).delete("q", ["a", "b"]) == ["b"]
    loopback.answer = lambda _: error("QueueNotExist", 404)
    with pytest.raises(ApiRefusedError, match="DeleteMessage: QueueNotExist"):
        queues(loopback).delete("q", ["a"])


def test_many_receipts_go_in_batches(loopback: Loopback) -> None:
    """The API deletes 16 messages at a time."""
    loopback.answer = lambda _: Reply(204, b"")
    assert queues(loopback).delete("q", [f"1-{n}" for n in range(33)]) == []
    assert [s.body.count(b"<ReceiptHandle>") for s in loopback.seen] == [16, 16, 1]


def test_no_answer_is_worth_another_try() -> None:
    """A server that refuses connections is a temporary trouble."""
    unreachable = Queues("http://127.0.0.1:1", KEY, now=lambda: NOW)
    with pytest.raises(ApiTroubleError, match="SendMessage: ConnectionRefusedError"):
        unreachable.send("q", "text")


def test_the_endpoint_is_the_accounts() -> None:
    """Each account has a host of its own ("Regions and endpoints"), unless one is configured."""
    context = SimpleNamespace(request_id="r", region="cn-shanghai", account_id="1234567890123456")
    environ = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "a", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "b"}
    assert (
        smq.connect(context, environ)._endpoint
        == "https://1234567890123456.mns.cn-shanghai.aliyuncs.com"
    )
    local = {**environ, "ALIBABA_CLOUD_ENDPOINT_MNS": "http://127.0.0.1:7/"}
    assert smq.connect(context, local)._endpoint == "http://127.0.0.1:7"
