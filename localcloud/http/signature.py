"""Who signed a request, by the five schemes that Alibaba Cloud's clients use.

========================  =====================================================================
RPC 1.0, HMAC-SHA1        ``Signature`` among the parameters; the provider, ``aliyun``
ACS3-HMAC-SHA256          ``Authorization`` header over the whole request; the current SDKs
ROA 1.0, HMAC-SHA1        ``Authorization: acs key:signature``; older ROA clients, EventBridge's
                          data plane (``acs:key:signature``)
MNS, HMAC-SHA1            ``Authorization: MNS key:signature``
SLS, HMAC-SHA1 or SHA256  ``Authorization: LOG key:signature``
========================  =====================================================================

Reading a request gives a :class:`Signed`: the key it claims and a function that computes what the
signature would be with a given secret. Nothing here knows secrets or users.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from localcloud.errors import ApiError


@dataclass(frozen=True, slots=True)
class Signed:
    """What a request says about who sent it."""

    access_key_id: str
    security_token: str
    signature: str
    expected: Callable[[str], str]
    """The signature that the holder of a secret would have made."""
    time: float | None
    """When it was signed, seconds since 1970; nothing if the scheme does not say."""

    def is_signed_with(self, secret: str) -> bool:
        """Tell whether the request was signed with that secret, in constant time."""
        return hmac.compare_digest(self.expected(secret).encode(), self.signature.encode())


@dataclass(frozen=True, slots=True)
class Unsigned:
    """The parts of a request that a signature covers."""

    method: str
    path: str
    """As it was sent, still percent-encoded."""
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes


class NoSignature(ApiError):
    """The request carries no signature of a known scheme."""

    def __init__(self) -> None:
        super().__init__(
            "MissingAccessKeyId",
            "the request is not signed; sign it with the access key that 'localcloud serve' prints",
        )


def read(request: Unsigned) -> Signed:
    """Find the scheme of a request and what it claims.

    Raises:
        NoSignature: if there is no signature, or one of an unknown scheme.
    """
    authorization = request.headers.get("authorization", "")
    scheme, _, rest = authorization.partition(" ")
    if scheme == "ACS3-HMAC-SHA256":
        return _acs3(request, rest)
    if scheme == "acs" or scheme.startswith("acs:"):
        return _roa(request, authorization)
    if scheme == "MNS":
        return _mns(request, rest)
    if scheme == "LOG":
        return _sls(request, rest)
    if "Signature" in request.query or "Signature" in request.form:
        return _rpc(request)
    raise NoSignature


def _rpc(request: Unsigned) -> Signed:
    """Signature of RPC APIs, version 1.0 ("Request signatures", RPC)."""
    params = {**request.query, **request.form}
    signature = params.pop("Signature")
    query = "&".join(f"{_percent(k)}={_percent(v)}" for k, v in sorted(params.items()))
    text = f"{request.method}&{_percent('/')}&{_percent(query)}"
    return Signed(
        access_key_id=params.get("AccessKeyId", ""),
        security_token=params.get("SecurityToken", ""),
        signature=signature,
        expected=lambda secret: _base64_hmac(hashlib.sha1, secret + "&", text),
        time=_iso_time(params.get("Timestamp", "")),
    )


def _acs3(request: Unsigned, rest: str) -> Signed:
    """Signature version 3 ("Request syntax and signature method V3"): all of the request."""
    claims = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    names = claims.get("SignedHeaders", "").split(";")
    payload = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join(
        [
            request.method,
            request.path or "/",
            "&".join(f"{_percent(k)}={_percent(v)}" for k, v in sorted(request.query.items())),
            "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names),
            ";".join(names),
            payload,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"ACS3-HMAC-SHA256\n{digest}"
    return Signed(
        access_key_id=claims.get("Credential", ""),
        security_token=request.headers.get("x-acs-security-token", ""),
        signature=claims.get("Signature", ""),
        expected=lambda secret: hmac.new(
            secret.encode(), text.encode(), hashlib.sha256
        ).hexdigest(),
        time=_iso_time(request.headers.get("x-acs-date", "")),
    )


def _roa(request: Unsigned, authorization: str) -> Signed:
    """Signature of ROA APIs, version 1.0; EventBridge's data plane leaves ``Accept`` out."""
    data_plane = authorization.startswith("acs:")
    key, _, signature = authorization[4:].partition(":")
    named = _DATED_HEADERS if data_plane else ("accept", *_DATED_HEADERS)
    prefix = "x-acs" if data_plane else "x-acs-"
    text = _text(request, named, (prefix,), _resource(request.path, request.query))
    token = request.headers.get("x-acs-security-token", "")
    return _dated(request, f"{key}:{signature}", token, text)


def _mns(request: Unsigned, rest: str) -> Signed:
    """Signature of the MNS data plane ("Request signatures", Simple Message Queue)."""
    # The query stays in the order in which it was sent.
    query = "&".join(f"{k}={v}" if v else k for k, v in request.query.items())
    resource = f"{request.path}?{query}" if query else request.path
    text = _text(request, _DATED_HEADERS, ("x-mns-",), resource)
    return _dated(request, rest, request.headers.get("security-token", ""), text)


def _sls(request: Unsigned, rest: str) -> Signed:
    """Signature of Simple Log Service; its two clients differ only in the hash."""
    sha256 = request.headers.get("x-log-signaturemethod") == "hmac-sha256"
    resource = _resource(request.path, request.query)
    text = _text(request, _DATED_HEADERS, ("x-log-", "x-acs-"), resource)
    token = request.headers.get("x-acs-security-token", "")
    return _dated(request, rest, token, text, hashlib.sha256 if sha256 else hashlib.sha1)


_DATED_HEADERS = ("content-md5", "content-type", "date")


def _dated(
    request: Unsigned,
    claim: str,
    token: str,
    text: str,
    digest: Callable[..., object] = hashlib.sha1,
) -> Signed:
    """Give what a request says whose ``Authorization`` is ``key:signature``."""
    key, _, signature = claim.partition(":")
    return Signed(
        access_key_id=key,
        security_token=token,
        signature=signature,
        expected=lambda secret: _base64_hmac(digest, secret, text),
        time=_http_time(request.headers.get("date", "")),
    )


def _text(
    request: Unsigned, named: tuple[str, ...], prefixes: tuple[str, ...], resource: str
) -> str:
    """Write what is signed: method, named headers, headers with a prefix, the resource."""
    lines = [request.method, *(request.headers.get(name, "") for name in named)]
    lines += [
        f"{name}:{value}"
        for name, value in sorted(request.headers.items())
        if name.startswith(prefixes)
    ]
    return "".join(f"{line}\n" for line in lines) + resource


def _percent(text: str) -> str:
    return quote(text, safe="~")


def _base64_hmac(digest: Callable[..., object], secret: str, text: str) -> str:
    mac = hmac.new(secret.encode(), text.encode(), digest)  # type: ignore[arg-type]
    return base64.b64encode(mac.digest()).decode()


def _resource(path: str, query: Mapping[str, str]) -> str:
    if not query:
        return path
    return path + "?" + "&".join(f"{k}={v}" if v else k for k, v in sorted(query.items()))


def _iso_time(text: str) -> float | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _http_time(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
