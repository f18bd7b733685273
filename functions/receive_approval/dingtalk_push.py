"""DingTalk's pushes: signature, cipher, envelope and the answer that it waits for.

Sources: "HTTP callback overview" and open-dingtalk/DingTalk-Callback-Crypto, whose samples read the
query parameters under two names each.
"""

import base64
import hashlib
import hmac
import struct
from collections.abc import Mapping
from typing import Any

from functions.receive_approval import aes, push
from functions.receive_approval.http_call import Call
from functions.receive_approval.push import Approval, Handshake, Members, Other, Refused
from functions.receive_approval.settings import Source

_PADDING = 32
_RANDOM_BYTES = 16
_LENGTH = struct.Struct(">I")


def open_push(
    call: Call, source: Source, now: float, chance: bytes
) -> tuple[Refused | Handshake | push.Received, Mapping[str, Any]]:
    """Return what was pushed, and the answer by which DingTalk knows that it arrived.

    Args:
        call: the HTTP call.
        source: the app, with its secrets.
        now: seconds since 1970.
        chance: 16 random bytes.
    """
    body = aes.json_object(call.body)
    sealed = body.get("encrypt") if body else None
    if not isinstance(sealed, str):
        return Refused("no-envelope"), {}
    if reason := _distrust(call, source, sealed, now):
        return Refused(reason), {}
    opened, owner = unsealed(source.key, sealed)
    if opened is None:
        return Refused("unreadable"), {}
    payload = {name.lower(): value for name, value in opened.items()}
    if owner not in {source.app_id, source.tenant}:
        return Refused("other-app"), {}
    if payload.get("corpid", source.tenant) != source.tenant:
        return Refused("other-tenant"), {}
    answer = success(source, owner, now, chance)
    is_question = payload.get("eventtype") == "check_url"
    return Handshake(answer) if is_question else _received(payload), answer


def _distrust(call: Call, source: Source, sealed: str, now: float) -> str:
    """Return why a ciphertext is not believed to be the platform's; empty if it is."""
    stamp, nonce = call.first("timestamp", "timeStamp"), call.first("nonce")
    shown = call.first("signature", "msg_signature")
    expected = signature(source.token, stamp, nonce, sealed)
    if not hmac.compare_digest(expected.encode(), shown.encode("utf-8", "replace")):
        return "wrong-signature"
    is_number = stamp.isascii() and stamp.isdigit() and len(stamp) < 16
    return "" if is_number and push.is_timely(int(stamp) / 1000, now) else "stale"


def signature(token: str, stamp: str, nonce: str, sealed: str) -> str:
    """Return the signature of a ciphertext."""
    parts = "".join(sorted([token, stamp, nonce, sealed]))
    return hashlib.sha1(parts.encode("utf-8", "replace")).hexdigest()  # noqa: S324 - theirs


def unsealed(key_text: str, sealed: str) -> tuple[dict[str, Any] | None, str]:
    """Return the object in a ciphertext and whom it is for; None if there is none."""
    key = base64.b64decode(key_text + "=")
    try:
        ciphertext = base64.b64decode(sealed, validate=True)
    except ValueError:
        return None, ""
    plain, is_right = aes.decrypted(key, key[: aes.BLOCK], ciphertext, _PADDING)
    head = _RANDOM_BYTES + _LENGTH.size
    if len(plain) < head:
        return None, ""
    (length,) = _LENGTH.unpack(plain[_RANDOM_BYTES:head])
    content, owner = plain[head : head + length], plain[head + length :]
    payload = aes.json_object(content)
    is_whole = is_right and len(content) == length
    return (payload if is_whole else None), owner.decode("utf-8", "replace")


def sealed(key_text: str, content: str, owner: str, chance: bytes) -> str:
    """Return the ciphertext of a text for somebody."""
    key = base64.b64decode(key_text + "=")
    raw = content.encode()
    plain = chance[:_RANDOM_BYTES] + _LENGTH.pack(len(raw)) + raw + owner.encode()
    return base64.b64encode(aes.encrypted(key, key[: aes.BLOCK], plain, _PADDING)).decode()


def success(source: Source, owner: str, now: float, chance: bytes) -> dict[str, str]:
    """Return the word ``success``, encrypted: any other answer counts as a failure."""
    stamp, nonce = str(int(now * 1000)), chance.hex()[:16]
    text = sealed(source.key, "success", owner, chance)
    return {
        "msg_signature": signature(source.token, stamp, nonce, text),
        "timeStamp": stamp,
        "nonce": nonce,
        "encrypt": text,
    }


def _received(payload: Mapping[str, Any]) -> push.Received:
    kind, event_id = payload.get("eventtype"), push.text(payload, "eventid")
    event_id = event_id or push.text(payload, "bizid")
    if kind in {"user_add_org", "user_leave_org"}:
        given = payload.get("userid")
        ids = given if isinstance(given, list) else [given]
        named = tuple(i for i in ids if isinstance(i, str) and 0 < len(i) <= 64)
        return Members(event_id, kind == "user_add_org", named) if named else Other(event_id)
    # Revoked and modified approvals are instances of their own, which end like any other.
    if kind != "bpms_instance_change" or payload.get("type") != "finish":
        return Other(event_id)
    if payload.get("result") != "agree":
        return Other(event_id)
    instance = push.text(payload, "processinstanceid")
    definition = push.text(payload, "processcode")
    return Approval(event_id, instance, definition) if instance else Other(event_id)
