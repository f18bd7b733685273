"""Pushes of both platforms: signatures, ciphers, envelopes and handshakes."""

import json

import pytest

from functions.receive_approval import dingtalk_push, lark_push
from functions.receive_approval.http_call import Call
from functions.receive_approval.push import Approval, Handshake, Members, Other, Refused
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
    lark,
)

# Computed with the platforms' own code: DingCallbackCrypto3.py and lark-oapi 1.7.5.
CHECK_URL = (
    "Q3stYC6hdFzMh9T8HCvyDM5xDQrbPriEof85hlYUat3oDUcxyBjuWr+6SfYi8PBhbL4o+WwBQhhfjbFDxNpKlA=="
)
CHECK_URL_SIGNATURE = "d6972222ec87d0efc7225280ed92477ea7e783c7"
SUCCESS = {
    "msg_signature": "4758ee75effe2dacbf9dc21405151c719735b13c",
    "timeStamp": "1767225600000",
    "nonce": "nonce123",
    "encrypt": "Q3stYC6hdFzMh9T8HCvyDOVqkB+rSNzcUvKpEE/mCfj65zgvZGkgXMvO"
    "mcJghyc5HvOA8wGZeJxtK9aujhWeLA==",
}
CHALLENGE = {"challenge": "c-123", "token": "vtok", "type": "url_verification"}
CHALLENGE_BODY = (
    '{"encrypt":"ZmVkY2JhOTg3NjU0MzIxMDV7dsBddaGsU3lS51Tsxh+8H+GVaAGXEmIu4qc0Jj2BSVac6qOaH7zju/'
    'LyfyciBJauwybwF4guxTngnVmd1gg="}'
)


def test_dingtalk_check_url_of_the_test_vector() -> None:
    """The official sample's push is opened, whichever names the parameters have."""
    for names in (("signature", "timestamp"), ("msg_signature", "timeStamp")):
        query = dict(zip(names, (CHECK_URL_SIGNATURE, "1767225600000"), strict=True))
        body = json.dumps({"encrypt": CHECK_URL}).encode()
        call = Call("POST", "/dingtalk.oa", {**query, "nonce": "nonce123"}, {}, body)
        opened, answer = dingtalk_push.open_push(call, DINGTALK, NOW, CHANCE)
        assert isinstance(opened, Handshake)
        assert opened.answer == answer
        assert answer["encrypt"] == SUCCESS["encrypt"]


def test_dingtalk_success_of_the_test_vector() -> None:
    """The word success is encrypted and signed as the official sample does it."""
    assert (
        dingtalk_push.sealed(DINGTALK.key, "success", DINGTALK.app_id, CHANCE)
        == (SUCCESS["encrypt"])
    )
    parts = (SUCCESS["timeStamp"], SUCCESS["nonce"], SUCCESS["encrypt"])
    assert dingtalk_push.signature(DINGTALK.token, *parts) == SUCCESS["msg_signature"]


def test_lark_challenge_of_the_test_vector() -> None:
    """The encrypted challenge is echoed, with and without the vector's signature."""
    assert lark_push.sealed(LARK.key, json.dumps(CHALLENGE, separators=(",", ":")), IV) in (
        CHALLENGE_BODY
    )
    headers = {
        "x-lark-request-timestamp": "1767225600",
        "x-lark-request-nonce": "n0nce",
        "x-lark-signature": "52b0360947fccc075e330e3369e895871d271151482bd9e86525140626bdf8af",
    }
    for given in (headers, {}):
        call = Call("POST", "/lark.native", {}, given, CHALLENGE_BODY.encode())
        assert lark_push.is_signed(call, LARK.key) is bool(given)
        opened, _ = lark_push.open_push(call, LARK, NOW)
        assert opened == Handshake({"challenge": "c-123"})


def test_lark_challenge_in_the_clear() -> None:
    """Before an Encrypt Key is set in the console, the challenge comes as it is."""
    call = Call("POST", "/lark.native", {}, {}, json.dumps(CHALLENGE).encode())
    assert lark_push.open_push(call, LARK, NOW)[0] == Handshake({"challenge": "c-123"})
    wrong = json.dumps({**CHALLENGE, "token": "other"}).encode()
    opened, _ = lark_push.open_push(call._replace(body=wrong), LARK, NOW)
    assert opened == Refused("not-encrypted")


@pytest.mark.parametrize("owner", [DINGTALK.app_id, DINGTALK.tenant])
def test_dingtalk_approval(owner: str) -> None:
    """An approval is for the app key or, as an older registration has it, for the CorpId."""
    opened, answer = dingtalk_push.open_push(dingtalk(FINISHED, owner=owner), DINGTALK, NOW, CHANCE)
    assert opened == Approval("c7c7120f2c074190example", "9Qgx5QqjR7axMwExample", "PROC-1")
    parts = (answer["timeStamp"], answer["nonce"], answer["encrypt"])
    assert answer["msg_signature"] == dingtalk_push.signature(DINGTALK.token, *parts)
    assert set(answer) == set(SUCCESS)


@pytest.mark.parametrize("payload", [APPROVED, APPROVED_V2])
def test_lark_approval(payload: dict[str, object]) -> None:
    """Both envelopes name the same instance."""
    opened, answer = lark_push.open_push(lark(payload), LARK, NOW)
    assert isinstance(opened, Approval)
    assert (opened.instance, opened.definition) == ("81D31358-EXAMPLE", "CODE-1")
    assert opened.event_id
    assert answer == {}


@pytest.mark.parametrize(
    "change", [{"type": "start"}, {"result": "refuse"}, {"type": "terminate"}, {"EventType": "x"}]
)
def test_dingtalk_pushes_that_decide_nothing(change: dict[str, str]) -> None:
    """What is no approval that ended well is answered and leads to nothing."""
    opened, answer = dingtalk_push.open_push(dingtalk(FINISHED | change), DINGTALK, NOW, CHANCE)
    assert isinstance(opened, Other)
    assert answer["encrypt"]


def test_members() -> None:
    """Members of DingTalk come in a list or alone, those of Lark by what the app may know."""
    joined = {"EventType": "user_add_org", "CorpId": DINGTALK.tenant, "eventId": "e-1"}
    for key, value in (("userId", ["u-1"]), ("UserId", "u-1")):
        opened, _ = dingtalk_push.open_push(dingtalk({**joined, key: value}), DINGTALK, NOW, CHANCE)
        assert opened == Members("e-1", joined=True, ids=("u-1",))
    header = {**APPROVED_V2["header"], "event_type": "contact.user.deleted_v3"}  # type: ignore[dict-item]
    event = {"object": {"open_id": "ou_1", "user_id": "abcd1234"}}
    opened, _ = lark_push.open_push(
        lark({"schema": "2.0", "header": header, "event": event}), LARK, NOW
    )
    assert opened == Members("5e3702a84e847582example", joined=False, ids=("abcd1234",))
