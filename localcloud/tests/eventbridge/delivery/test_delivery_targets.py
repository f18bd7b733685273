"""Each kind of target is sent what its page says, and failures are seen as failures."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import pytest

from localcloud.environment import Environment, ManualClock
from localcloud.errors import ApiError
from localcloud.eventbridge.delivery.http_client import HttpClient
from localcloud.eventbridge.delivery.target import DeliveryError, DeliveryRequest
from localcloud.eventbridge.delivery.targets import senders
from localcloud.eventbridge.delivery.targets.function import FunctionTarget
from localcloud.eventbridge.delivery.targets.own import BusTarget, LogTarget, QueueTarget
from localcloud.eventbridge.delivery.targets.web import DingTalkTarget, HttpTarget, signed
from localcloud.eventbridge.target_config import REQUIRED
from localcloud.readings import Readings

EVENT = {"id": "e", "source": "s", "type": "t", "data": {"a": 1}}


def delivery_request(kind: str, endpoint: str = "", **parameters: str) -> DeliveryRequest:
    """Return what a target of a kind is sent."""
    return DeliveryRequest(kind, endpoint, parameters, "bus", EVENT, json.dumps(EVENT))


@dataclass
class Result:
    """What Function Compute gives back."""

    status: int = 200
    error_type: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Request:
    """A request as the small server below saw it."""

    line: str
    headers: dict[str, str]
    body: bytes


@asynccontextmanager
async def serving(answer: bytes) -> AsyncIterator[tuple[int, list[Request]]]:
    """Run a server on loopback that always answers the same; tell its port and what it saw."""
    seen: list[Request] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                headers = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                seen.append(Request(line.decode().strip(), headers, body))
                writer.write(answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def test_every_type_that_a_rule_accepts_can_be_delivered() -> None:
    """No target is accepted for which there is no sender, and the other way round."""
    found = senders(
        Environment(),
        HttpClient("http://127.0.0.1:1"),
        Readings(),
        invoke=_returns(Result()),
        invoke_later=_accepts([]),
        send_message=lambda queue, body: None,
        append_log=lambda role, project, store, entries: None,
        publish=lambda bus, event: None,
    )
    assert set(found) == set(REQUIRED)


def _returns(result: Result) -> Callable[[str, bytes, str], Awaitable[Result]]:
    async def invoke(name: str, payload: bytes, request_id: str) -> Result:
        assert (name, payload, request_id) == ("f", b"{}", "REQUEST")
        return result

    return invoke


def _accepts(
    accepted: list[tuple[str, bytes, str]],
) -> Callable[[str, bytes, str], Awaitable[None]]:
    async def invoke_later(name: str, payload: bytes, request_id: str) -> None:
        accepted.append((name, payload, request_id))

    return invoke_later


async def test_an_asynchronous_call_is_delivered_when_it_is_accepted() -> None:
    """With InvocationType Async nothing is waited for: what the function does is not seen."""
    accepted: list[tuple[str, bytes, str]] = []
    failing = _returns(Result(status=500))
    target = FunctionTarget(Readings(), failing, _accepts(accepted), lambda: "REQUEST")
    request = delivery_request(
        "acs.fc.function", "acs:fc:r:1:functions/f", Body="{}", InvocationType="Async"
    )
    assert await target(request) == "f accepted (request REQUEST)"
    assert accepted == [("f", b"{}", "REQUEST")]


RAISED = Result(error_type="UnhandledInvocationError", body=b'{"errorMessage":"boom"}')


@pytest.mark.parametrize(
    ("reading", "result", "expected"),
    [
        ("delivered", Result(body=b"done"), "f returned (request REQUEST)"),
        ("failed", Result(body=b"done"), "f returned (request REQUEST)"),
        ("delivered", RAISED, "f failed (request REQUEST)"),
        ("failed", RAISED, "UnhandledInvocationError: boom"),
        ("delivered", Result(status=500), "500: the function failed"),
        ("failed", Result(status=500), "500: the function failed"),
    ],
)
async def test_whether_an_exception_is_a_delivery_is_a_matter_of_reading(
    reading: Literal["delivered", "failed"], result: Result, expected: str
) -> None:
    """The call of a function that raised was answered with HTTP 200; any other status fails."""
    target = FunctionTarget(
        Readings(exceptions=reading), _returns(result), _accepts([]), lambda: "REQUEST"
    )
    sending = target(delivery_request("acs.fc.function", "acs:fc:r:1:functions/f", Body="{}"))
    try:
        seen = await sending
    except DeliveryError as error:
        seen = str(error)
    assert seen == expected


async def test_a_missing_function_is_a_failed_delivery() -> None:
    """Function Compute's own error passes through, so that its code is in the trace."""

    async def invoke(name: str, payload: bytes, request_id: str) -> Result:
        raise ApiError("FunctionNotFound", "no function 'f'", 404)

    with pytest.raises(ApiError, match="FunctionNotFound"):
        await FunctionTarget(Readings(), invoke, _accepts([]), str)(
            delivery_request("acs.fc.function", functionName="f", Body="x")
        )


async def test_an_http_target_gets_the_body_and_the_token() -> None:
    """The body is posted as JSON; the token travels in the documented header."""
    async with serving(OK) as (port, seen):
        client = HttpClient("http://127.0.0.1:1")
        url = f"http://127.0.0.1:{port}/hook?x=1"
        for _ in range(2):
            said = await HttpTarget(client)(
                delivery_request("http", "http://elsewhere", url=url, Body='{"中":1}', Token="t")
            )
        assert said == "HTTP 200"
        await client.close()

    (request, _) = seen
    assert (
        request.line,
        request.body.decode(),
        request.headers["x-eventbridge-signature-token"],
        request.headers["content-type"],
    ) == ("POST /hook?x=1 HTTP/1.1", '{"中":1}', "t", "application/json")


async def test_own_hosts_are_reached_through_the_local_cloud_as_proxy() -> None:
    """A host below .localcloud.invalid is asked for in absolute form at the cloud's own port."""
    async with serving(OK) as (port, seen):
        client = HttpClient(f"http://127.0.0.1:{port}")
        url = "http://open.lark.localcloud.invalid/open-apis/bot/v2/hook/board-hook"
        await HttpTarget(client)(delivery_request("http", url=url, Body="{}"))
        await client.close()

    (request,) = seen
    assert (
        request.line
        == "POST http://open.lark.localcloud.invalid/open-apis/bot/v2/hook/board-hook HTTP/1.1"
    )


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param(b"HTTP/1.1 404 Gone\r\ncontent-length: 0\r\n\r\n", "404", id="404"),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n", "302", id="redirect"
        ),
        pytest.param(b"not http\r\n\r\n", "ConnectionFailed", id="not http"),
    ],
)
async def test_anything_but_2xx_is_a_failed_delivery_that_keeps_the_url_secret(
    answer: bytes, status: str
) -> None:
    """The reason names the host at most: path and query may be credentials."""
    async with serving(answer) as (port, _):
        client = HttpClient("http://127.0.0.1:1")
        url = f"http://127.0.0.1:{port}/secret-hook?access_token=secret-token"
        with pytest.raises(DeliveryError) as failed:
            await HttpTarget(client)(delivery_request("http", url=url, Body="{}"))
        assert failed.value.status == status
        assert "secret" not in str(failed.value)
        await client.close()


@pytest.mark.parametrize("url", ["ftp://x/secret", "nothing", "http://[secret"])
async def test_a_url_that_is_none_is_a_failed_delivery(url: str) -> None:
    """Only http and https are sent to, and the wrong URL is not repeated."""
    with pytest.raises(DeliveryError) as failed:
        await HttpTarget(HttpClient(""))(delivery_request("http", url=url, Body="{}"))
    assert failed.value.status == "InvalidUrl"
    assert "secret" not in str(failed.value)


async def test_a_dingtalk_robot_gets_a_fresh_signature() -> None:
    """The signature is made at the moment of sending; the body of the answer is not read."""
    refused = b'{"errcode":310000,"errmsg":"sign not match"}'
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(refused), refused)
    async with serving(answer) as (port, requests):
        client, clock = HttpClient("http://127.0.0.1:1"), ManualClock()
        url = f"http://127.0.0.1:{port}/robot/send?access_token=t"
        target = DingTalkTarget(client, clock)
        await target(delivery_request("acs.dingtalk", URL=url, SecretKey="SEC1", Body="{}"))
        clock.advance(60)
        await target(delivery_request("acs.dingtalk", URL=url, SecretKey="SEC1", Body="{}"))
        await target(delivery_request("acs.dingtalk", url, Body="{}"))
        await client.close()

    first, second, unsigned = (parse_qs(urlsplit(r.line.split()[1]).query) for r in requests)
    assert (first["timestamp"], second["timestamp"]) == (["1767225600000"], ["1767225660000"])
    assert second["sign"] != first["sign"]
    assert list(unsigned) == ["access_token"]


def test_the_signature_is_the_documented_one() -> None:
    """HMAC-SHA256 over timestamp and secret, keyed with the secret, in base64, URL-encoded."""
    url = signed("https://h/robot/send?access_token=t", "SECdemo0123456789", 1767225600.0)
    assert "https://h/robot/send?access_token=t&timestamp=1767225600000&sign=" in url
    sign = parse_qs(urlsplit(url).query)["sign"][0]
    assert len(base64.b64decode(sign)) == 32


async def test_a_queue_gets_the_body_as_text_or_in_base64() -> None:
    """IsBase64Encode says how the message is written."""
    sent: list[tuple[str, str]] = []
    target = QueueTarget(lambda queue, body: sent.append((queue, body)))
    await target(delivery_request("acs.mns.queue", queue="q", Body="中"))
    await target(
        delivery_request("acs.mns.queue", "acs:mns:r:1:queues/q2", Body="中", IsBase64Encode="true")
    )
    assert [("q", "中"), ("q2", base64.b64encode("中".encode()).decode())] == sent


async def test_a_log_store_gets_the_body_as_content_or_keys_and_values() -> None:
    """ContentType JSON writes the field content; KeyValue what the schema makes of the event.

    Both are written in the name of the target's role.
    """
    written: list[Any] = []
    target = LogTarget(lambda *entry: written.append(entry))
    store = {"Project": "p", "LogStore": "events", "RoleName": "writer"}
    await target(
        delivery_request("acs.sls", **store, ContentType="JSON", Topic="s", Body='{"a":1}')
    )
    schema = {
        "Key_1": {"form": "CONSTANT", "value": "kind"},
        "Value_1": {"form": "JSONPATH", "value": "$.type"},
        "Key_2": {"form": "CONSTANT", "value": "missing"},
        "Value_2": {"form": "JSONPATH", "value": "$.data.nothing"},
    }
    await target(
        delivery_request(
            "acs.sls", **store, ContentType="KeyValue", ContentSchema=json.dumps(schema)
        )
    )
    assert written == [
        ("writer", "p", "events", [{"content": '{"a":1}', "__topic__": "s"}]),
        ("writer", "p", "events", [{"kind": "t"}]),
    ]
    with pytest.raises(DeliveryError, match="TransformFailed"):
        await target(
            delivery_request("acs.sls", **store, ContentType="KeyValue", ContentSchema="[1]")
        )


async def test_another_bus_gets_the_event_as_its_own() -> None:
    """The event is published again under the other bus's name."""
    published: list[Any] = []
    target = BusTarget(lambda bus, event: published.append((bus, event)))
    await target(delivery_request("acs.eventbridge", EventBusName="other", Body="{}"))
    assert published == [("other", {**EVENT, "aliyuneventbusname": "other"})]
