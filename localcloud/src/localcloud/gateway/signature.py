"""Who signed a request, by the schemes that Alibaba Cloud's clients use.

========================  =====================================================================
RPC 1.0, HMAC-SHA1        ``Signature`` among the parameters; the provider, ``aliyun``
ACS3-HMAC-SHA256          ``Authorization`` header over the whole request; the current SDKs
ROA 1.0, HMAC-SHA1        ``Authorization: acs key:signature``; older ROA clients
EventBridge, HMAC-SHA1    ``Authorization: acs:key:signature``; its data plane
MNS, HMAC-SHA1            ``Authorization: MNS key:signature``
SLS, HMAC-SHA1 or SHA256  ``Authorization: LOG key:signature``
========================  =====================================================================

Each product takes its own schemes and no other. Reading a request gives a :class:`Signed`: the key
it claims and a function that computes what the signature would be with a given secret. Nothing here
knows secrets or users.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from urllib.parse import quote

from localcloud.errors import ApiError, MissingParameter


class Scheme(StrEnum):
    """A way to sign, by what ``Authorization`` begins with; ``Signature`` is the parameter."""

    RPC = "Signature"
    ACS3 = "ACS3-HMAC-SHA256"
    ROA = "acs"
    EVENTS = "acs:"
    MNS = "MNS"
    LOG = "LOG"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a request says about who sent it."""

    scheme: Scheme
    access_key_id: str
    security_token: str
    signature: str
    expected: Callable[[str], str]
    """The signature that the holder of a secret would have made."""
    time: float | None
    """When it was signed, seconds since 1970; nothing if the scheme does not say."""
    nonce: str = ""
    """What no second request may carry; the queues and logs have none."""

    def is_signed_with(self, secret: str) -> bool:
        """Return whether the request was signed with that secret, in constant time."""
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

    @property
    def params(self) -> dict[str, str]:
        """What RPC signs and reads: query and form."""
        return {**self.query, **self.form}


class NoSignature(ApiError):
    """The request carries no signature of a scheme that the product takes."""

    def __init__(self, accepted: Collection[Scheme]) -> None:
        super().__init__(
            "MissingAccessKeyId",
            "the request is not signed in a way that this product takes "
            f"({', '.join(sorted(accepted))}); sign it with the access key that "
            "'localcloud serve' prints",
        )


class IncompleteSignature(ApiError):
    """Something that must be signed is not."""

    def __init__(self, what: str) -> None:
        super().__init__("IncompleteSignature", f"the signature does not cover {what}")


def scheme_of(request: Unsigned) -> Scheme | None:
    """Return how a request is signed; nothing if it is not, or in a way that is unknown."""
    name = request.headers.get("authorization", "").partition(" ")[0]
    if name.startswith(Scheme.EVENTS):
        return Scheme.EVENTS
    if name:
        return Scheme(name) if name in set(Scheme) - {Scheme.RPC} else None
    return Scheme.RPC if "Signature" in request.params else None


def read(request: Unsigned, accepted: Collection[Scheme]) -> Signed:
    """Return what a request claims about who signed it.

    Raises:
        NoSignature: if there is no signature, or one of a scheme that is not accepted.
        IncompleteSignature: if something that must be signed is not.
    """
    scheme = scheme_of(request)
    if scheme is None or scheme not in accepted:
        raise NoSignature(accepted)
    return _READERS[scheme](request)


def _rpc(request: Unsigned) -> Signed:
    """Signature of RPC APIs, version 1.0 ("Request signatures", RPC)."""
    params = request.params
    signature = params.pop("Signature")
    for name in ("SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"):
        if not params.get(name):
            raise MissingParameter(name)
    if (params["SignatureMethod"], params["SignatureVersion"]) != ("HMAC-SHA1", "1.0"):
        raise ApiError(
            "InvalidSignatureMethod",
            "accepted are the SignatureMethod HMAC-SHA1 and the SignatureVersion 1.0",
        )
    query = "&".join(f"{_percent(k)}={_percent(v)}" for k, v in sorted(params.items()))
    text = f"{request.method}&{_percent('/')}&{_percent(query)}"
    return Signed(
        scheme=Scheme.RPC,
        access_key_id=params.get("AccessKeyId", ""),
        security_token=params.get("SecurityToken", ""),
        signature=signature,
        expected=lambda secret: _base64_hmac(hashlib.sha1, secret + "&", text),
        time=_iso_time(params["Timestamp"]),
        nonce=params["SignatureNonce"],
    )


def _acs3(request: Unsigned) -> Signed:
    """Signature version 3 ("Request syntax and signature method V3"): all of the request."""
    headers = request.headers
    rest = headers["authorization"].partition(" ")[2]
    claims = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    names = claims.get("SignedHeaders", "").split(";")
    # "Every common request header that is there must be signed."
    common = {"host", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
    common |= {name for name in headers if name.startswith("x-acs-")}
    if left_out := sorted(name for name in common if name not in names or not headers.get(name)):
        raise IncompleteSignature(f"the header {left_out[0]}")
    payload = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join(
        [
            request.method,
            request.path or "/",
            "&".join(f"{_percent(k)}={_percent(v)}" for k, v in sorted(request.query.items())),
            "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names),
            ";".join(names),
            payload,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"ACS3-HMAC-SHA256\n{digest}"
    return Signed(
        scheme=Scheme.ACS3,
        access_key_id=claims.get("Credential", ""),
        security_token=headers.get("x-acs-security-token", ""),
        signature=claims.get("Signature", ""),
        expected=lambda secret: hmac.new(
            secret.encode(), text.encode(), hashlib.sha256
        ).hexdigest(),
        time=_iso_time(headers["x-acs-date"]),
        nonce=headers["x-acs-signature-nonce"],
    )


def _roa(request: Unsigned) -> Signed:
    """Signature of ROA APIs, version 1.0; EventBridge's data plane leaves ``Accept`` out."""
    authorization = request.headers["authorization"]
    events = authorization.startswith(Scheme.EVENTS)
    nonce = request.headers.get("x-acs-signature-nonce", "")
    if events and not nonce:
        # The other form may go without: `aliyun` sends Function Compute none.
        raise IncompleteSignature("the header x-acs-signature-nonce")
    named = _DATED_HEADERS if events else ("accept", *_DATED_HEADERS)
    prefix = "x-acs" if events else "x-acs-"
    text = _text(request, named, (prefix,), _resource(request.path, request.query))
    return _dated(
        request,
        Scheme.EVENTS if events else Scheme.ROA,
        authorization[4:],
        request.headers.get("x-acs-security-token", ""),
        text,
        nonce=nonce,
    )


def _mns(request: Unsigned) -> Signed:
    """Signature of the MNS data plane ("Request signatures", Simple Message Queue)."""
    # The query stays in the order in which it was sent.
    query = "&".join(f"{k}={v}" if v else k for k, v in request.query.items())
    resource = f"{request.path}?{query}" if query else request.path
    text = _text(request, _DATED_HEADERS, ("x-mns-",), resource)
    claim = request.headers["authorization"].partition(" ")[2]
    return _dated(request, Scheme.MNS, claim, request.headers.get("security-token", ""), text)


def _sls(request: Unsigned) -> Signed:
    """Signature of Simple Log Service; its two clients differ only in the hash."""
    if request.body and not request.headers.get("content-md5"):
        raise IncompleteSignature("the body: there is no Content-MD5")
    sha256 = request.headers.get("x-log-signaturemethod") == "hmac-sha256"
    resource = _resource(request.path, request.query)
    text = _text(request, _DATED_HEADERS, ("x-log-", "x-acs-"), resource)
    token = request.headers.get("x-acs-security-token", "")
    claim = request.headers["authorization"].partition(" ")[2]
    digest = hashlib.sha256 if sha256 else hashlib.sha1
    return _dated(request, Scheme.LOG, claim, token, text, digest)


_READERS: Mapping[Scheme, Callable[[Unsigned], Signed]] = {
    Scheme.RPC: _rpc,
    Scheme.ACS3: _acs3,
    Scheme.ROA: _roa,
    Scheme.EVENTS: _roa,
    Scheme.MNS: _mns,
    Scheme.LOG: _sls,
}
_DATED_HEADERS = ("content-md5", "content-type", "date")


def _dated(
    request: Unsigned,
    scheme: Scheme,
    claim: str,
    token: str,
    text: str,
    digest: Callable[..., object] = hashlib.sha1,
    nonce: str = "",
) -> Signed:
    """Return what a request says whose ``Authorization`` is ``key:signature``."""
    _check_md5(request)
    key, _, signature = claim.partition(":")
    return Signed(
        scheme=scheme,
        access_key_id=key,
        security_token=token,
        signature=signature,
        expected=lambda secret: _base64_hmac(digest, secret, text),
        time=_http_time(request.headers.get("date", "")),
        nonce=nonce,
    )


def _check_md5(request: Unsigned) -> None:
    """Let the header that is signed speak for the body that is there."""
    claimed = request.headers.get("content-md5", "")
    if not claimed:
        return
    digest = hashlib.md5(request.body, usedforsecurity=False)
    # Its form differs: SLS writes hexadecimal digits, ROA base64, and MNS base64 of the digits.
    forms = {
        digest.hexdigest().upper(),
        base64.b64encode(digest.digest()).decode(),
        base64.b64encode(digest.hexdigest().encode()).decode(),
    }
    if claimed not in forms and claimed.upper() not in forms:
        raise IncompleteSignature("the body: Content-MD5 is another one's")


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
        found = parsedate_to_datetime(text)
        # Without a zone it is what HTTP means: GMT.
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
