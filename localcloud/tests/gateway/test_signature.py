"""Signatures are read as Alibaba's own clients make them: their signers are the oracles here."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from alibabacloud_eventbridge_util.client import Client as EventBridgeSigner
from alibabacloud_openapi_util.client import Client as OpenApiSigner
from mns.mns_client import MNSClient
from Tea.request import TeaRequest

from localcloud.errors import ApiError
from localcloud.gateway import signature
from localcloud.gateway.request import Request
from localcloud.gateway.signature import (
    ACS3,
    ROA,
    RPC,
    IncompleteSignatureError,
    MissingSignatureError,
    Scheme,
)
from localcloud.gateway.styles import style_of
from localcloud.gateway.styles.eventbridge_data import EVENTS
from localcloud.gateway.styles.rpc import Rpc
from localcloud.products import PRODUCTS

SECRET = "a-secret"
OTHER = "another-secret"
STYLES = {name: style_of(product) for name, product in PRODUCTS.items()}
SCHEMES = {scheme for style in STYLES.values() for scheme in style.schemes}


def unsigned(**changes: object) -> Request:
    """Return a request with nothing in it but what is named."""
    parts: dict[str, object] = {
        "method": "POST",
        "path": "/",
        "query": {},
        "form": {},
        "headers": {},
        "body": b"",
    }
    return Request(**{**parts, **changes})  # type: ignore[arg-type]


def read(request: Request) -> signature.Signed:
    """Read a signature of any scheme."""
    return signature.read(request, SCHEMES)


def rpc() -> Request:
    """Return an RPC request as the provider and `aliyun` sign it."""
    query = {
        "AccessKeyId": "key",
        "Action": "InvokeCommand",
        "Timestamp": "2026-01-01T00:00:00Z",
        "SecurityToken": "token/+=",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "once",
        "SignatureVersion": "1.0",
    }
    form = {"Parameters": '{"emp_id":"E 123*~"}', "Name": "中文"}
    signed = OpenApiSigner.get_rpcsignature({**query, **form}, "POST", SECRET)
    return unsigned(query={**query, "Signature": signed}, form=form)


def acs3() -> Request:
    """Return a request as the current SDKs sign it."""
    request = TeaRequest()
    request.method, request.pathname = "POST", "/2023-03-30/functions/f%20g"
    request.query = {"qualifier": "LATEST", "a": "ü &"}
    request.headers = {
        "host": "127.0.0.1:8642",
        "x-acs-date": "2026-01-01T00:00:00Z",
        "x-acs-security-token": "token",
        "x-acs-signature-nonce": "once",
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


def roa() -> Request:
    """Return a request as the older ROA clients sign it."""
    request = TeaRequest()
    request.method, request.pathname = "PUT", "/2023-03-30/functions/f"
    request.query = {"empty": "", "a": "1"}
    request.headers = {
        "accept": "application/json",
        "content-type": "application/json",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "x-acs-signature-nonce": "once",
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


def eventbridge_data() -> Request:
    """Return a PutEvents request of EventBridge's data-plane SDK."""
    request = TeaRequest()
    request.method, request.pathname, request.query = "POST", "/openapi/putEvents", {}
    request.headers = {
        "content-type": "application/cloudevents-batch+json; charset=utf-8",
        "date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "x-acs-signature-method": "HMAC-SHA1",
        "x-acs-signature-nonce": "once",
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
def test_a_client_signature_is_recognised(request_of: Callable[[], Request]) -> None:
    """The secret that signed is accepted, another is not, and the key and time are read."""
    signed = read(request_of())
    assert signed.access_key_id == "key"
    assert (signed.time, signed.nonce) == (1_767_225_600, "once")
    assert signed.is_signed_with(SECRET)
    assert not signed.is_signed_with(OTHER)


@pytest.mark.parametrize("request_of", [rpc, acs3])
def test_the_security_token_is_read(request_of: Callable[[], Request]) -> None:
    """Requests of assumed roles name the token that goes with the key."""
    assert read(request_of()).security_token.startswith("token")


def test_a_changed_parameter_breaks_the_signature() -> None:
    """What was signed is what is judged: a changed parameter is noticed."""
    request = rpc()
    changed = unsigned(query=request.query, form={**request.form, "Name": "other"})
    assert not read(changed).is_signed_with(SECRET)


def test_a_changed_body_breaks_an_acs3_signature() -> None:
    """ACS3 covers the body itself, not what a header says of it."""
    request = acs3()
    changed = unsigned(
        path=request.path, query=request.query, headers=request.headers, body=b'{"x": 2}'
    )
    assert not read(changed).is_signed_with(SECRET)


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
    signed = read(request)
    assert signed.access_key_id == "mockAccessKeyID"
    assert signed.is_signed_with("mockAccessKeySecret")


V4_HEADERS = {
    "authorization": "SLS4-HMAC-SHA256 Credential=key/20260101/cn-hangzhou/sls/aliyun_v4_request,"
    "Signature=ccc280bacc49f46559cad12c5643c281ac797e39a15dce15d506d33ee800b698",
    "content-type": "application/json",
    "host": "logs.http.sls.localcloud.invalid",
    "x-acs-security-token": "token/+=",
    "x-log-apiversion": "0.6.0",
    "x-log-bodyrawsize": "8",
    "x-log-content-sha256": "613fe5aa65343dbb1b9abe6abac6773f5c91bd60d3f2ffb7e2eae69e1db8b227",
    "x-log-date": "20260101T000000Z",
}


def sls_v4(**changes: str) -> Request:
    """Return a request as ``AuthV4`` of aliyun-log-python-sdk 0.9.52 signed it."""
    return unsigned(
        method="PUT",
        path="/logstores/events",
        query={"a": "1 ü&", "empty": "", "b": "~*"},
        headers={**V4_HEADERS, **changes},
        body=b'{"x": 1}',
    )


def test_sls_v4_signature_is_that_of_the_sdks() -> None:
    """Version 4 covers path, query, headers and body, and says its key, region and time."""
    signed = signature.read(sls_v4(), STYLES["sls"].schemes)
    assert signed.is_signed_with(SECRET)
    assert not signed.is_signed_with(OTHER)
    assert (signed.access_key_id, signed.region, signed.security_token) == (
        "key",
        "cn-hangzhou",
        "token/+=",
    )
    assert signed.time == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert not read(sls_v4(**{"x-log-bodyrawsize": "9"})).is_signed_with(SECRET)


def test_sls_v4_signature_matches_the_published_vector() -> None:
    """The example in the tests of aliyun-log-go-sdk 0.1.108, which signs no host."""
    body = b"adasd= -asd zcas"
    request = unsigned(
        path="/logstores",
        headers={
            "authorization": "SLS4-HMAC-SHA256 "
            "Credential=acsddda21dsd/20220808/cn-shanghai/sls/aliyun_v4_request,"
            "Signature=8a10a5e723cb2e75964816de660b2c16a58af8bc0261f7f0722d832468c76ce8",
            "x-log-content-sha256": hashlib.sha256(body).hexdigest(),
            "x-log-date": "20220808T032330Z",
        },
        body=body,
    )
    assert read(request).is_signed_with("zxasdasdasw2")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-log-date", "20260102T000000Z"),
        ("x-log-content-sha256", hashlib.sha256(b"").hexdigest()),
        ("authorization", "SLS4-HMAC-SHA256 Credential=key,Signature=ab"),
    ],
)
def test_sls_v4_covers_day_scope_and_body(name: str, value: str) -> None:
    """A day, scope or body other than the signed one is named."""
    with pytest.raises(IncompleteSignatureError):
        read(sls_v4(**{name: value}))


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
    signed = read(
        unsigned(
            method="GET",
            path=path,
            query={"waitseconds": "3", "numOfMessages": "5"},
            headers={**headers, "authorization": authorization},
        )
    )
    assert signed.is_signed_with(SECRET)
    assert not signed.is_signed_with(OTHER)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer abc", "Basic abc", quote("ACS3-HMAC-SM3 x"), "Signature x", "ACS3-HMAC-SHA256x y"],
)
def test_a_request_without_a_known_signature_is_refused(authorization: str) -> None:
    """No signature, or one of an unknown scheme, is refused by name."""
    with pytest.raises(MissingSignatureError, match="not signed"):
        read(unsigned(headers={"authorization": authorization}))


REQUESTS = {RPC: rpc, ACS3: acs3, ROA: roa, EVENTS: eventbridge_data}


@pytest.mark.parametrize("product", sorted(PRODUCTS))
@pytest.mark.parametrize("scheme", REQUESTS, ids=lambda scheme: scheme.name)
def test_a_product_takes_its_own_schemes_alone(product: str, scheme: Scheme) -> None:
    """A good signature of another product's scheme is none here."""
    schemes = STYLES[product].schemes
    if scheme in schemes:
        assert signature.read(REQUESTS[scheme](), schemes).is_signed_with(SECRET)
        return
    with pytest.raises(MissingSignatureError):
        signature.read(REQUESTS[scheme](), schemes)


def test_only_rpc_products_take_a_signature_in_the_query() -> None:
    """It covers neither path nor body, so a page could put both round it."""
    with_paths = {name for name, product in PRODUCTS.items() if product.routes}
    in_query = {name for name, style in STYLES.items() if RPC in style.schemes}
    assert with_paths == {"fc", "sls", "mns-data", "eventbridge-data"}
    assert {name for name, style in STYLES.items() if isinstance(style, Rpc)} == in_query
    assert with_paths & in_query == set()


@pytest.mark.parametrize(
    "name", ["SignatureNonce", "Timestamp", "SignatureMethod", "SignatureVersion"]
)
def test_rpc_needs_all_that_makes_a_signature_good_once(name: str) -> None:
    """The cloud names the parameter that is missing."""
    request = rpc()
    query = {key: value for key, value in request.query.items() if key != name}
    with pytest.raises(ApiError, match=f"Missing{name}"):
        read(unsigned(query=query, form=request.form))


@pytest.mark.parametrize("name", ["SignatureMethod", "SignatureVersion"])
def test_rpc_is_signed_in_one_way(name: str) -> None:
    """Another method or version would be another text."""
    request = rpc()
    with pytest.raises(ApiError, match="InvalidSignatureMethod"):
        read(unsigned(query={**request.query, name: "other"}, form=request.form))


@pytest.mark.parametrize("name", ["x-acs-action", "x-acs-version", "x-acs-anything"])
def test_acs3_covers_every_common_header(name: str) -> None:
    """One that somebody added on the way is not signed, so it is not believed."""
    request = acs3()
    changed = unsigned(
        path=request.path,
        query=request.query,
        headers={**request.headers, name: "added"},
        body=request.body,
    )
    with pytest.raises(IncompleteSignatureError, match=f"the header {name}"):
        read(changed)


@pytest.mark.parametrize(
    "name", ["host", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"]
)
def test_acs3_has_headers_that_must_be_there(name: str) -> None:
    """Without them a signature would be good for ever, everywhere or for any body."""
    request = acs3()
    headers = {key: value for key, value in request.headers.items() if key != name}
    with pytest.raises(IncompleteSignatureError, match=f"the header {name}"):
        read(unsigned(path=request.path, query=request.query, headers=headers, body=request.body))


def test_events_need_a_nonce() -> None:
    """The time alone would let the same ones in again."""
    request = eventbridge_data()
    headers = {k: v for k, v in request.headers.items() if k != "x-acs-signature-nonce"}
    with pytest.raises(IncompleteSignatureError, match="nonce"):
        read(unsigned(method=request.method, path=request.path, headers=headers))


def test_roa_may_go_without_a_nonce() -> None:
    """As the command ``aliyun`` does when it speaks to Function Compute."""
    request = roa()
    headers = {k: v for k, v in request.headers.items() if k != "x-acs-signature-nonce"}
    assert read(unsigned(method="PUT", path=request.path, headers=headers)).nonce == ""


@pytest.mark.parametrize("path", ["/2023-03-30/functions/other", "/2023-03-30/functions/f/"])
def test_roa_covers_the_path(path: str) -> None:
    """The same request to another resource is not what was signed."""
    request = roa()
    changed = unsigned(method="PUT", path=path, query=request.query, headers=request.headers)
    assert not read(changed).is_signed_with(SECRET)


BODY = b"<Message/>"
HEX = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
PLAIN = hashlib.md5(BODY, usedforsecurity=False).digest()


@pytest.mark.parametrize(
    "claimed",
    [HEX.upper(), HEX, base64.b64encode(HEX.encode()).decode(), base64.b64encode(PLAIN).decode()],
)
@pytest.mark.parametrize("authorization", ["LOG k:s", "MNS k:s", "acs k:s", "acs:k:s"])
def test_the_digest_that_is_signed_is_the_bodys(authorization: str, claimed: str) -> None:
    """In whichever form a client writes it."""
    headers = {
        "authorization": authorization,
        "content-md5": claimed,
        "x-acs-signature-nonce": "once",
    }
    assert read(unsigned(headers=headers, body=BODY)).access_key_id == "k"
    with pytest.raises(IncompleteSignatureError, match="the body"):
        read(unsigned(headers=headers, body=BODY + b" "))


def test_logs_are_signed_with_their_body() -> None:
    """The log service asks for the digest wherever there is a body."""
    with pytest.raises(IncompleteSignatureError, match="no Content-MD5"):
        read(unsigned(headers={"authorization": "LOG k:s"}, body=BODY))


@pytest.mark.parametrize(
    "date", ["", "today", "Thu, 01 Jan 99999 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 +99999999"]
)
def test_a_date_that_is_none_says_nothing(date: str) -> None:
    """It is refused later, by the product's own code."""
    headers = {"authorization": "MNS k:s", "date": date}
    assert read(unsigned(headers=headers)).time is None


def test_a_date_without_a_zone_is_gmt() -> None:
    """Whatever the zone of this machine."""
    headers = {"authorization": "MNS k:s", "date": "Thu, 01 Jan 2026 00:00:00 -0000"}
    assert read(unsigned(headers=headers)).time == 1_767_225_600
