"""Lark's pushes: signature, cipher, both envelopes, and the challenge.

Sources: "Step 3: receive events" (Encrypt Key), "Configure the request URL"; checked against
``lark-oapi`` 1.7.5. Events must be encrypted and signed. Only the request that verifies the URL is
never signed, and comes in the clear as long as no Encrypt Key is set in the console.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from functions.receive_approval import aes, push
from functions.receive_approval.http_call import Call
from functions.receive_approval.push import Approval, Handshake, Members, Other, Refused
from functions.receive_approval.settings import Source

_DECIDED = {"APPROVED", "REVERTED"}
_APPROVALS = {"approval_instance", "approval.instance.status_changed_v4"}
_MEMBERS = {"contact.user.created_v3": True, "contact.user.deleted_v3": False}


def open_push(
    call: Call, source: Source, now: float
) -> tuple[Refused | Handshake | push.Received, Mapping[str, Any]]:
    """Return what was pushed, and the answer by which Lark knows that it arrived.

    Args:
        call: the HTTP call.
        source: the app, with its secrets.
        now: seconds since 1970.
    """
    body = aes.json_object(call.body)
    if body is None:
        return Refused("no-envelope"), {}
    sealed = body.get("encrypt")
    if not isinstance(sealed, str):
        # In the clear: nothing but a challenge is answered, and nothing of it is believed.
        return _challenge(body, source) or Refused("not-encrypted"), {}
    # Both are looked at, whatever the first of them says: the time tells nothing of the ciphertext.
    reason = _distrust(call, source, now)
    payload = unsealed(source.key, sealed)
    if payload is None:
        return Refused("unreadable"), {}
    if challenge := _challenge(payload, source):
        return challenge, challenge.answer
    if reason:
        return Refused(reason), {}
    return _received(payload, source), {}


def _distrust(call: Call, source: Source, now: float) -> str:
    """Return why an event is not believed to be the platform's; empty if it is."""
    if not is_signed(call, source.key):
        return "wrong-signature"
    stamp = call.headers.get("x-lark-request-timestamp", "")
    is_number = stamp.isascii() and stamp.isdigit() and len(stamp) < 14
    return "" if is_number and push.is_timely(float(stamp), now) else "stale"


def is_signed(call: Call, key: str) -> bool:
    """Return whether the raw body carries the signature of the Encrypt Key."""
    names = ("x-lark-request-timestamp", "x-lark-request-nonce", "x-lark-signature")
    stamp, nonce, shown = (call.headers.get(name, "") for name in names)
    expected = signature(stamp, nonce, key, call.body)
    return hmac.compare_digest(expected.encode(), shown.encode("utf-8", "replace"))


def signature(stamp: str, nonce: str, key: str, body: bytes) -> str:
    """Return the signature of a body."""
    head = f"{stamp}{nonce}{key}".encode("utf-8", "replace")
    return hashlib.sha256(head + body).hexdigest()


def unsealed(key: str, sealed: str) -> dict[str, Any] | None:
    """Return the object in a ciphertext; None if there is none."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except ValueError:
        return None
    if len(raw) < 2 * aes.BLOCK:
        return None
    iv, ciphertext = raw[: aes.BLOCK], raw[aes.BLOCK :]
    plain, is_right = aes.decrypted(
        hashlib.sha256(key.encode()).digest(), iv, ciphertext, aes.BLOCK
    )
    payload = aes.json_object(plain)
    return payload if is_right else None


def sealed(key: str, content: str, iv: bytes) -> str:
    """Return the ciphertext of a text, as Lark makes it."""
    secret = hashlib.sha256(key.encode()).digest()
    return base64.b64encode(iv + aes.encrypted(secret, iv, content.encode(), aes.BLOCK)).decode()


def _challenge(payload: Mapping[str, Any], source: Source) -> Handshake | None:
    challenge = payload.get("challenge")
    if payload.get("type") != "url_verification" or not isinstance(challenge, str):
        return None
    if not _is_ours(payload.get("token"), source) or len(challenge) > 1024:
        return None
    return Handshake({"challenge": challenge})


def _is_ours(token: object, source: Source) -> bool:
    shown = token.encode("utf-8", "replace") if isinstance(token, str) else b""
    return hmac.compare_digest(shown, source.token.encode())


def _received(payload: Mapping[str, Any], source: Source) -> Refused | push.Received:
    is_second = payload.get("schema") == "2.0"
    event = payload.get("event")
    event = event if isinstance(event, dict) else {}
    header = payload.get("header")
    # The first version says about the app in the event what the second says in a header.
    about = (header if isinstance(header, dict) else {}) if is_second else event
    token = about.get("token") if is_second else payload.get("token")
    if not _is_ours(token, source):
        return Refused("wrong-token")
    if about.get("tenant_key") != source.tenant:
        return Refused("other-tenant")
    if about.get("app_id") != source.app_id:
        return Refused("other-app")
    kind = about.get("event_type") if is_second else event.get("type")
    event_id = push.text(about, "event_id") if is_second else push.text(payload, "uuid")
    if kind in _MEMBERS:
        return _members(event, event_id, joined=_MEMBERS[str(kind)])
    if kind not in _APPROVALS or event.get("status") not in _DECIDED:
        return Other(event_id)
    instance = push.text(event, "instance_code")
    definition = push.text(event, "approval_code")
    return Approval(event_id, instance, definition) if instance else Other(event_id)


def _members(event: Mapping[str, Any], event_id: str, *, joined: bool) -> push.Received:
    about = event.get("object")
    about = about if isinstance(about, dict) else {}
    # Who has left can be known by no open_id any more; emp_id is the user_id, which the platform
    # leaves out where the app lacks the permission for it.
    name = "open_id" if joined else "user_id"
    person = push.text(about, name)
    return Members(event_id, joined, (person,)) if person else Other(event_id, lacks=name)
