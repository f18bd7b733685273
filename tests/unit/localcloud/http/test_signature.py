"""Signatures are read as Alibaba's own clients make them: their signers are the oracles here."""

from urllib.parse import quote

import pytest
from alibabacloud_eventbridge_util.client import Client as EventBridgeSigner
from alibabacloud_openapi_util.client import Client as OpenApiSigner
from mns.mns_client import MNSClient
from Tea.request import TeaRequest

from localcloud.http import signature
from localcloud.http.signature import NoSignature, Unsigned

SECRET = "a-secret"
OTHER = "another-secret"


def unsigned(**changes: object) -> Unsigned:
    """Give a request with nothing in it but what is named."""
    parts: dict[str, object] = {
        "method": "POST",
        "path": "/",
        "query": {},
        "form": {},
        "headers": {},
        "body": b"",
    }
    return Unsigned(**{**parts, **changes})  # type: ignore[arg-type]


def rpc() -> Unsigned:
    """Give an RPC request as the provider and `aliyun` sign it."""
    query = {
        "AccessKeyId": "key",
        "Action": "InvokeCommand",
        "Timestamp": "2026-01-01T00:00:00Z",
        "SecurityToken": "token/+=",
    }
    form = {"Parameters": '{"emp_id":"E 123*~"}', "Name": "中文"}
    signed = OpenApiSigner.get_rpcsignature({**query, **form}, "POST", SECRET)
    return unsigned(query={**query, "Signature": signed}, form=form)


def acs3() -> Unsigned:
    """Give a request as the current SDKs sign it."""
    request = TeaRequest()
    request.method, request.pathname = "POST", "/2023-03-30/functions/f%20g"
    request.query = {"qualifier": "LATEST", "a": "ü &"}
    request.headers = {
        "host": "127.0.0.1:8642",
        "x-acs-date": "2026-01-01T00:00:00Z",
        "x-acs-security-token": "token",
    }
    body = b'{"x": 1}'
    payload = OpenApiSigner.hex_encode(OpenApiSigner.hash(body, "ACS3-HMAC-SHA256"))
    request.headers["x-acs-content-sha256"] = payload
    authorization = OpenApiSigner.get_authorization(
        request, "ACS3-HMAC-SHA256", payload, "key", SECRET
    )
    return unsigned(
        path=request.pathname,
        query=request.query,
        headers={**request.headers, "authorization": authorization},
        body=body,
    )


def roa() -> Unsigned:
    """Give a request as the older ROA clients sign it."""
    request = TeaRequest()
    request.method, request.pathname = "PUT", "/2023-03-30/functions/f"
    request.query = {"empty": "", "a": "1"}
    request.headers = {
        "accept": "application/json",
        "content-type": "application/json",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "x-acs-version": "2023-03-30",
    }
    text = OpenApiSigner.get_string_to_sign(request)
    signed = OpenApiSigner.get_roasignature(text, SECRET)
    return unsigned(
        method="PUT",
        path=request.pathname,
        query=request.query,
        headers={**request.headers, "authorization": f"acs key:{signed}"},
    )


def eventbridge_data() -> Unsigned:
    """Give a PutEvents request of EventBridge's data-plane SDK."""
    request = TeaRequest()
    request.method, request.pathname, request.query = "POST", "/openapi/putEvents", {}
    request.headers = {
        "content-type": "application/cloudevents-batch+json; charset=utf-8",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "x-acs-signature-method": "HMAC-SHA1",
    }
    signed = EventBridgeSigner.get_signature(EventBridgeSigner.get_string_to_sign(request), SECRET)
    return unsigned(
        path=request.pathname,
        headers={**request.headers, "authorization": f"acs:key:{signed}"},
    )


@pytest.mark.parametrize(
    "request_of",
    [
        pytest.param(rpc, id="RPC 1.0"),
        pytest.param(acs3, id="ACS3-HMAC-SHA256"),
        pytest.param(roa, id="ROA 1.0"),
        pytest.param(eventbridge_data, id="EventBridge data plane"),
    ],
)
def test_a_client_signature_is_recognised(request_of) -> None:
    """The secret that signed is accepted, another is not, and the key and time are read."""
    signed = signature.read(request_of())
    assert "key" == signed.access_key_id
    assert 1_767_225_600 == signed.time
    assert signed.is_signed_with(SECRET)
    assert not signed.is_signed_with(OTHER)


@pytest.mark.parametrize("request_of", [rpc, acs3])
def test_the_security_token_is_read(request_of) -> None:
    """Requests of assumed roles name the token that goes with the key."""
    assert signature.read(request_of()).security_token.startswith("token")


def test_a_changed_parameter_breaks_the_signature() -> None:
    """What was signed is what is judged: a changed parameter is noticed."""
    request = rpc()
    changed = unsigned(query=request.query, form={**request.form, "Name": "other"})
    assert not signature.read(changed).is_signed_with(SECRET)


def test_a_changed_body_breaks_an_acs3_signature() -> None:
    """ACS3 covers the body itself, not what a header says of it."""
    request = acs3()
    changed = unsigned(
        path=request.path, query=request.query, headers=request.headers, body=b'{"x": 2}'
    )
    assert not signature.read(changed).is_signed_with(SECRET)


def test_sls_signature_matches_the_published_vector() -> None:
    """The log service's scheme gives the digest of its documentation's example."""
    request = unsigned(
        method="GET",
        path="/logstores",
        headers={
            "authorization": "LOG mockAccessKeyID:Rwm6cTKzoti4HWoe+GKcb6Kv07E=",
            "x-log-apiversion": "0.6.0",
            "x-log-signaturemethod": "hmac-sha1",
            "x-log-bodyrawsize": "0",
            "date": "Mon, 3 Jan 2010 08:33:47 GMT",
        },
    )
    signed = signature.read(request)
    assert "mockAccessKeyID" == signed.access_key_id
    assert signed.is_signed_with("mockAccessKeySecret")


def test_mns_signature_is_that_of_the_sdk() -> None:
    """The queue service's scheme is the one of its Python SDK."""

    class Key:
        def get_access_key_id(self) -> str:
            return "key"

        def get_access_key_secret(self) -> str:
            return SECRET

    headers = {
        "content-type": "text/xml;charset=UTF-8",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "x-mns-version": "2015-06-06",
    }
    path = "/queues/dead/messages"
    authorization = MNSClient.get_signature(
        MNSClient.__new__(MNSClient), "GET", headers, f"{path}?waitseconds=3&numOfMessages=5", Key()
    )
    signed = signature.read(
        unsigned(
            method="GET",
            path=path,
            query={"waitseconds": "3", "numOfMessages": "5"},
            headers={**headers, "authorization": authorization},
        )
    )
    assert signed.is_signed_with(SECRET)
    assert not signed.is_signed_with(OTHER)


@pytest.mark.parametrize("authorization", ["", "Bearer abc", "Basic abc", quote("ACS3-HMAC-SM3 x")])
def test_a_request_without_a_known_signature_is_refused(authorization: str) -> None:
    """No signature, or one of an unknown scheme, is refused by name."""
    with pytest.raises(NoSignature, match="not signed"):
        signature.read(unsigned(headers={"authorization": authorization}))
