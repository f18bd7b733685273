"""Apps of both platforms, and their pushes as the platforms make them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from functions.receive_approval import dingtalk_push, lark_push
from functions.receive_approval.declared import Kind
from functions.receive_approval.http_call import Call
from functions.receive_approval.settings import Definition, Source

NOW = 1_767_225_600.0
"""2026-01-01T00:00:00Z, the time of the test vectors."""
IV = b"fedcba9876543210"
CHANCE = b"0123456789abcdef"

DINGTALK = Source(
    name="dingtalk.oa",
    kind=Kind.DINGTALK,
    app_id="dingexampleappkey",
    tenant="dingexamplecorp",
    api="https://api.dingtalk.com",
    directory="https://oapi.dingtalk.com",
    definitions={
        "PROC-1": Definition(
            "ProvisionRequest",
            {"emp_id": "employee", "role": "role", "expires": "until"},
            {"chat": "ops"},
            {"数据库管理员": "dba"},
        )
    },
    app_secret="app-secret-of-dingtalk",
    token="exampleToken",
    key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
)
LARK = Source(
    name="lark.native",
    kind=Kind.LARK,
    app_id="cli_example",
    tenant="tenantexample",
    api="https://open.feishu.cn",
    directory="",
    definitions={"CODE-1": Definition("ProvisionRequest", {"emp_id": "employee", "role": "role"})},
    app_secret="app-secret-of-lark",
    token="vtok",
    key="exampleEncryptKey",
)

FINISHED = {
    "EventType": "bpms_instance_change",
    "EventTime": 1767225600000,
    "CorpId": "dingexamplecorp",
    "eventId": "c7c7120f2c074190example",
    "processInstanceId": "9Qgx5QqjR7axMwExample",
    "processCode": "PROC-1",
    "type": "finish",
    "result": "agree",
    "staffId": "manager75",
}
APPROVED = {
    "uuid": "bc447199585340d1example",
    "token": "vtok",
    "type": "event_callback",
    "ts": "1767225600.7171419",
    "event": {
        "app_id": "cli_example",
        "tenant_key": "tenantexample",
        "type": "approval_instance",
        "approval_code": "CODE-1",
        "instance_code": "81D31358-EXAMPLE",
        "status": "APPROVED",
        "operate_time": "1767225600000",
    },
}
APPROVED_V2 = {
    "schema": "2.0",
    "header": {
        "event_id": "5e3702a84e847582example",
        "event_type": "approval.instance.status_changed_v4",
        "create_time": "1767225600000",
        "token": "vtok",
        "app_id": "cli_example",
        "tenant_key": "tenantexample",
    },
    "event": {
        "approval_code": "CODE-1",
        "instance_code": "81D31358-EXAMPLE",
        "status": "APPROVED",
    },
}


def dingtalk(
    payload: Mapping[str, Any] | str,
    source: Source = DINGTALK,
    *,
    now: float = NOW,
    owner: str = "",
    token: str = "",
) -> Call:
    """Return a push of DingTalk's."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    sealed = dingtalk_push.sealed(source.key, text, owner or source.app_id, CHANCE)
    return dingtalk_sealed(sealed, source, now=now, token=token)


def dingtalk_sealed(
    sealed: str, source: Source = DINGTALK, *, now: float = NOW, token: str = ""
) -> Call:
    """Return a push of DingTalk's with a ciphertext of any kind, signed."""
    stamp, nonce = str(int(now * 1000)), "nonce123"
    signature = dingtalk_push.signature(token or source.token, stamp, nonce, sealed)
    return Call(
        "POST",
        f"/{source.name}",
        {"signature": signature, "timestamp": stamp, "nonce": nonce},
        {"content-type": "application/json"},
        json.dumps({"encrypt": sealed}).encode(),
    )


def lark(
    payload: Mapping[str, Any] | str, source: Source = LARK, *, now: float = NOW, key: str = ""
) -> Call:
    """Return an encrypted and signed push of Lark's."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return lark_sealed(lark_push.sealed(key or source.key, text, IV), source, now=now, key=key)


def lark_sealed(sealed: str, source: Source = LARK, *, now: float = NOW, key: str = "") -> Call:
    """Return a push of Lark's with a ciphertext of any kind, signed."""
    body = json.dumps({"encrypt": sealed}).encode()
    stamp, nonce = str(int(now)), "n0nce"
    headers = {
        "content-type": "application/json",
        "x-lark-request-timestamp": stamp,
        "x-lark-request-nonce": nonce,
        "x-lark-signature": lark_push.signature(stamp, nonce, key or source.key, body),
    }
    return Call("POST", f"/{source.name}", {}, headers, body)


def http_event(call: Call, *, base64_body: bool = False) -> bytes:
    """Return the event with which Function Compute calls a function for an HTTP call."""
    body = base64.b64encode(call.body) if base64_body else call.body
    event = {
        "version": "v1",
        "rawPath": call.path,
        "body": body.decode(),
        "isBase64Encoded": base64_body,
        "headers": {name.title(): value for name, value in call.headers.items()},
        "queryParameters": dict(call.query),
        "requestContext": {
            "requestId": "1-example",
            "http": {"method": call.method, "path": call.path, "sourceIp": "203.0.113.7"},
        },
    }
    return json.dumps(event).encode()
