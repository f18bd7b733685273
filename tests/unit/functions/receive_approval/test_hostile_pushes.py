"""A corpus of hostile pushes: each is refused, with one answer for all reasons."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from functions.cloud.errors import FunctionError
from functions.cloud.rpc import ApiTroubleError
from functions.cloud.web import Answer
from functions.receive_approval import act, aes, declared, http_call, lark_push
from functions.receive_approval.http_call import Call
from functions.receive_approval.settings import Settings
from tests.unit.functions.receive_approval import mutations
from tests.unit.functions.receive_approval.pushes import (
    APPROVED,
    APPROVED_V2,
    CHANCE,
    DINGTALK,
    FINISHED,
    IV,
    LARK,
    NOW,
    dingtalk,
    dingtalk_sealed,
    http_event,
    lark,
    lark_sealed,
)

DEEP = '{"a":' * 20_000 + "1" + "}" * 20_000


class FakeBus:
    """Remembers what was put on it; fails when told to."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.failure: FunctionError | None = None

    def put(self, events: list[dict[str, Any]]) -> None:
        """Put events on the bus that each names."""
        if self.failure:
            raise self.failure
        self.events += events


def nothing_is_sent(
    method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float
) -> Answer:
    """Fail: an answer to a push needs no call of the platform."""
    raise AssertionError


def function(bus: FakeBus, memory: act.Memory | None = None) -> act.ReceiveApproval:
    """Return the function with both apps."""
    settings = Settings("approvals", {s.name: s for s in (DINGTALK, LARK)})
    return act.ReceiveApproval(
        settings, bus, memory or act.Memory(), nothing_is_sent, lambda: NOW, lambda: CHANCE
    )


def wrong_padding(call: Callable[[str], Call], key: bytes, iv: bytes, head: bytes = b"") -> Call:
    """Return a push whose plaintext is whole and whose padding is wrong."""
    plain = head or json.dumps(APPROVED).encode()
    plain += b" " * (-len(plain) % 16)
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    raw = cipher.update(plain) + cipher.finalize()
    return call(base64.b64encode((b"" if head else iv) + raw).decode())


def _dingtalk_head() -> bytes:
    raw = json.dumps(FINISHED).encode()
    return CHANCE + len(raw).to_bytes(4, "big") + raw + DINGTALK.app_id.encode()


DINGTALK_KEY = base64.b64decode(DINGTALK.key + "=")
LARK_KEY = hashlib.sha256(LARK.key.encode()).digest()
UNSIGNED = {"content-type": "application/json"}

HOSTILE: dict[str, Call] = {
    "dingtalk: forged signature": dingtalk(FINISHED, token="guessedToken"),
    "dingtalk: no signature": dingtalk(FINISHED)._replace(query={}),
    "dingtalk: old": dingtalk(FINISHED, now=NOW - 9 * 3600),
    "dingtalk: from the future": dingtalk(FINISHED, now=NOW + 3600),
    "dingtalk: other corporation": dingtalk(FINISHED | {"CorpId": "dingother"}),
    "dingtalk: other app": dingtalk(FINISHED, owner="dingotherappkey"),
    "dingtalk: wrong padding": wrong_padding(
        dingtalk_sealed, DINGTALK_KEY, DINGTALK_KEY[:16], _dingtalk_head()
    ),
    "dingtalk: half a block": dingtalk_sealed(base64.b64encode(b"0" * 40).decode()),
    "dingtalk: no base64": dingtalk_sealed("*" * 64),
    "dingtalk: random blocks": dingtalk_sealed(base64.b64encode(b"x" * 128).decode()),
    "dingtalk: length beyond the end": dingtalk_sealed(
        base64.b64encode(
            aes.encrypted(DINGTALK_KEY, DINGTALK_KEY[:16], CHANCE + b"\xff\xff\xff\xff{}", 32)
        ).decode()
    ),
    "dingtalk: no object": dingtalk("[1]"),
    "dingtalk: nested deeply": dingtalk(DEEP[:20_000]),
    "dingtalk: in the clear": Call(
        "POST", "/dingtalk.oa", {}, UNSIGNED, json.dumps(FINISHED).encode()
    ),
    "dingtalk: no JSON": dingtalk(FINISHED)._replace(body=b"encrypt=1"),
    "dingtalk: body nested deeply": dingtalk(FINISHED)._replace(body=DEEP[:60_000].encode()),
    "dingtalk: bytes that are not text": dingtalk(FINISHED)._replace(body=b"\xff\xfe\x00" * 99),
    "dingtalk: a list in place of the ciphertext": dingtalk(FINISHED)._replace(
        body=b'{"encrypt": ["a"]}'
    ),
    "dingtalk: time that is not a number": dingtalk(FINISHED)._replace(
        query={**dingtalk(FINISHED).query, "timestamp": "yesterday"}
    ),
    "lark: forged signature": lark_sealed(
        lark_push.sealed(LARK.key, json.dumps(APPROVED), IV)
    )._replace(headers={**lark(APPROVED).headers, "x-lark-signature": "0" * 64}),
    "lark: event without signature": lark(APPROVED)._replace(headers=UNSIGNED),
    "lark: encrypted with another key": lark(APPROVED, key="guessed"),
    "lark: old": lark(APPROVED, now=NOW - 9 * 3600),
    "lark: from the future": lark(APPROVED, now=NOW + 3600),
    "lark: other token": lark(APPROVED | {"token": "other"}),
    "lark: other tenant": lark(
        APPROVED | {"event": {**APPROVED["event"], "tenant_key": "other"}}  # type: ignore[dict-item]
    ),
    "lark: other app": lark(
        APPROVED | {"event": {**APPROVED["event"], "app_id": "cli_other"}}  # type: ignore[dict-item]
    ),
    "lark: other tenant, second envelope": lark(
        APPROVED_V2 | {"header": {**APPROVED_V2["header"], "tenant_key": "o"}}  # type: ignore[dict-item]
    ),
    "lark: wrong padding": wrong_padding(lark_sealed, LARK_KEY, IV),
    "lark: one block": lark_sealed(base64.b64encode(IV).decode()),
    "lark: no base64": lark_sealed("*" * 64),
    "lark: event in the clear": Call(
        "POST", "/lark.native", {}, UNSIGNED, json.dumps(APPROVED).encode()
    ),
    "lark: challenge with another token": lark(
        {"type": "url_verification", "challenge": "c", "token": "guessed"}
    )._replace(headers=UNSIGNED),
    "lark: challenge as long as a book": lark(
        {"type": "url_verification", "challenge": "c" * 2000, "token": "vtok"}
    )._replace(headers=UNSIGNED),
    "lark: nested deeply": lark(DEEP[:20_000]),
    "lark: no object": lark('"text"'),
}


@pytest.mark.parametrize("call", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_push_has_no_effect_and_no_reason(call: Call) -> None:
    """Nothing comes on the bus, and every refusal looks the same."""
    bus = FakeBus()
    answer = function(bus).answer(call)
    assert answer.http == http_call.answer(403, {"error": "refused"})
    assert bus.events == []


@pytest.mark.parametrize(
    ("change", "status"),
    [({"method": "GET"}, 405), ({"path": "/"}, 404), ({"body": b"x" * 70_000}, 413)],
)
def test_what_is_no_push_at_all(change: dict[str, Any], status: int) -> None:
    """Other methods, other paths and long bodies are refused before anything is read."""
    bus = FakeBus()
    answer = function(bus).answer(dingtalk(FINISHED)._replace(**change))
    assert answer.http["statusCode"] == status
    assert bus.events == []


@pytest.mark.parametrize("call", [dingtalk(FINISHED), lark(APPROVED), lark(APPROVED_V2)])
def test_a_push_of_the_platform_becomes_a_hint(call: Call) -> None:
    """The counterpart: what is in order is on the bus before the answer, once for a replay."""
    bus, memory = FakeBus(), act.Memory()
    first, again = (function(bus, memory).answer(call) for _ in range(2))
    assert (first.http["statusCode"], again.http["statusCode"]) == (200, 200)
    assert len(bus.events) == 1
    assert set(bus.events[0]["data"]) == {"instance", "definition"}
    assert (bus.events[0]["aliyuneventbusname"], bus.events[0]["type"]) == (
        "approvals",
        declared.PUSHED,
    )
    # Another instance of the function puts it again under the same id.
    function(bus).answer(call)
    assert bus.events[0]["id"] == bus.events[1]["id"]


def test_a_definition_that_nobody_connected_is_no_event() -> None:
    """Authentic and not configured: answered, and nothing else."""
    bus = FakeBus()
    answer = function(bus).answer(dingtalk(FINISHED | {"processCode": "PROC-OTHER"}))
    assert answer.http["statusCode"] == 200
    assert bus.events == []


def test_the_platform_hears_of_a_bus_that_takes_nothing() -> None:
    """No 200 before the hint is durable: the platform pushes again."""
    bus = FakeBus()
    bus.failure = ApiTroubleError("PutEvents", "Throttling")
    answer = function(bus).answer(dingtalk(FINISHED))
    assert answer.http["statusCode"] == 503
    bus.failure = None
    assert function(bus).answer(dingtalk(FINISHED)).http["statusCode"] == 200
    assert len(bus.events) == 1


def test_junk_is_counted_and_costs_no_event(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten thousand posts are no event, and a line of log a minute."""
    bus, memory = FakeBus(), act.Memory()
    junk = Call("POST", "/dingtalk.oa", {}, UNSIGNED, b"{}")
    receiver = function(bus, memory)
    for _ in range(10_000):
        receiver.answer(junk)
    assert bus.events == []
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_an_http_event_is_read_as_function_compute_writes_it() -> None:
    """Header names in capitals, bodies as text or as Base64; other events are no calls."""
    call = lark(APPROVED)
    for encoded in (False, True):
        assert http_call.read(json.loads(http_event(call, base64_body=encoded))) == call
    assert http_call.read({"source": "x", "data": {}}) is None
    assert http_call.read([1]) is None


def test_mutated_pushes_are_refused() -> None:
    """Five thousand pushes that were tampered with: none is accepted."""
    tried, taken = mutations.run(5000, seed=1)
    assert taken == []
    assert len(tried) == 9
    assert not mutations.accepted(HOSTILE["lark: wrong padding"])
    assert mutations.accepted(dingtalk(FINISHED))
    assert mutations.accepted(lark(APPROVED))
