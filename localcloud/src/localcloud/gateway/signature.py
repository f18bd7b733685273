"""Who signed a request, by the schemes that Alibaba Cloud's clients use.

Here are the schemes that APIs share; a wire style with its own scheme keeps it in its module:

========================  =====================================================================
RPC 1.0, HMAC-SHA1        ``Signature`` among the parameters; the provider, ``aliyun``
ACS3-HMAC-SHA256          ``Authorization`` header over the whole request; the current SDKs
ROA 1.0, HMAC-SHA1        ``Authorization: acs key:signature``; older ROA clients
========================  =====================================================================

Reading a request gives a :class:`Signed`: the key that it claims and a function that computes what
the signature would be with a given secret. Nothing here knows secrets or users.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from localcloud.errors import ApiError, MissingParameterError
from localcloud.gateway.request import Request
from localcloud.signing import (
    DATED_HEADERS,
    base64_hmac,
    header_text,
    rpc_key,
    rpc_text,
    sorted_query,
)

_SCHEME_NAME = re.compile(r"[^ :]*:?")


@dataclass(frozen=True, slots=True)
class Signed:
    """What a request claims about who sent it."""

    access_key_id: str
    security_token: str
    signature: str
    expected: Callable[[str], str]
    """The signature that the holder of a secret would have made."""
    time: float | None
    """When it was signed, in seconds since 1970; None if it does not say."""
    nonce: str = ""
    """What no second request may carry; some schemes have none."""
    covers_body: bool = True
    region: str = ""
    """The region for which it is good; empty if for every one."""

    def is_signed_with(self, secret: str) -> bool:
        """Return whether the request was signed with that secret, in constant time."""
        return hmac.compare_digest(self.expected(secret).encode(), self.signature.encode())


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way to sign."""

    name: str
    """What ``Authorization`` begins with, or the parameter that holds the signature."""
    read: Callable[[Request], Signed]
    in_header: bool = True

    def signs(self, request: Request) -> bool:
        """Return whether a request claims to be signed in this way."""
        authorization = request.headers.get("authorization", "")
        if not self.in_header:
            return not authorization and self.name in request.params
        found = _SCHEME_NAME.match(authorization)
        return found is not None and found[0] == self.name


class MissingSignatureError(ApiError):
    """The request carries no signature of a scheme that the product takes."""

    def __init__(self, accepted: Collection[Scheme]) -> None:
        names = ", ".join(sorted(scheme.name for scheme in accepted))
        super().__init__(
            "MissingAccessKeyId",
            f"the request is not signed in a way that this product takes ({names}); sign it with "
            "the access key that 'localcloud serve' prints",
        )


class IncompleteSignatureError(ApiError):
    """Something that must be signed is not."""

    def __init__(self, what: str) -> None:
        super().__init__("IncompleteSignature", f"the signature does not cover {what}")


def read(request: Request, accepted: Collection[Scheme]) -> Signed:
    """Return what a request claims about who signed it.

    Raises:
        MissingSignatureError: if there is no signature, or none of an accepted scheme.
        IncompleteSignatureError: if something that must be signed is not.
    """
    for scheme in accepted:
        if scheme.signs(request):
            return scheme.read(request)
    raise MissingSignatureError(accepted)


def _rpc(request: Request) -> Signed:
    """Signature of RPC APIs, version 1.0 ("Request signatures", RPC)."""
    params = dict(request.params)
    signature = params.pop("Signature")
    for name in ("SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"):
        if not params.get(name):
            raise MissingParameterError(name)
    if (params["SignatureMethod"], params["SignatureVersion"]) != ("HMAC-SHA1", "1.0"):
        raise ApiError(
            "InvalidSignatureMethod",
            "accepted are the SignatureMethod HMAC-SHA1 and the SignatureVersion 1.0",
        )
    text = rpc_text(request.method, params)
    return Signed(
        access_key_id=params.get("AccessKeyId", ""),
        security_token=params.get("SecurityToken", ""),
        signature=signature,
        expected=lambda secret: base64_hmac(hashlib.sha1, rpc_key(secret), text),
        time=_iso_time(params["Timestamp"]),
        nonce=params["SignatureNonce"],
        covers_body=False,
    )


def _acs3(request: Request) -> Signed:
    """Signature version 3 ("Request syntax and signature method V3"): all of the request."""
    headers = request.headers
    rest = headers["authorization"].partition(" ")[2]
    claims = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    names = claims.get("SignedHeaders", "").split(";")
    # "Every common request header that is there must be signed."
    common = {"host", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
    common |= {name for name in headers if name.startswith("x-acs-")}
    if left_out := sorted(name for name in common if name not in names or not headers.get(name)):
        raise IncompleteSignatureError(f"the header {left_out[0]}")
    payload = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join(
        [
            request.method,
            request.path or "/",
            sorted_query(request.query),
            "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names),
            ";".join(names),
            payload,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"ACS3-HMAC-SHA256\n{digest}"
    return Signed(
        access_key_id=claims.get("Credential", ""),
        security_token=headers.get("x-acs-security-token", ""),
        signature=claims.get("Signature", ""),
        expected=lambda secret: hmac.new(
            secret.encode(), text.encode(), hashlib.sha256
        ).hexdigest(),
        time=_iso_time(headers["x-acs-date"]),
        nonce=headers["x-acs-signature-nonce"],
    )


def _roa(request: Request) -> Signed:
    """Signature of ROA APIs, version 1.0."""
    named = ("accept", *DATED_HEADERS)
    resource = resource_of(request.path, request.query)
    return dated(
        request,
        request.headers["authorization"].partition(" ")[2],
        request.headers.get("x-acs-security-token", ""),
        header_text(request.method, request.headers, resource, ("x-acs-",), named),
        # It may be missing: `aliyun` sends Function Compute none.
        nonce=request.headers.get("x-acs-signature-nonce", ""),
    )


RPC = Scheme("Signature", _rpc, in_header=False)
ACS3 = Scheme("ACS3-HMAC-SHA256", _acs3)
ROA = Scheme("acs", _roa)


def dated(
    request: Request,
    claim: str,
    token: str,
    text: str,
    digest: Callable[..., object] = hashlib.sha1,
    nonce: str = "",
) -> Signed:
    """Return what a request says whose claim is ``key:signature`` and whose time is its ``Date``.

    Raises:
        IncompleteSignatureError: if the body is not the one whose digest is signed.
    """
    _check_md5(request)
    key, _, signature = claim.partition(":")
    return Signed(
        access_key_id=key,
        security_token=token,
        signature=signature,
        expected=lambda secret: base64_hmac(digest, secret, text),
        time=_http_time(request.headers.get("date", "")),
        nonce=nonce,
    )


def _check_md5(request: Request) -> None:
    """Check that the digest that is signed is the body's."""
    claimed = request.headers.get("content-md5", "")
    if not claimed:
        return
    digest = hashlib.md5(request.body, usedforsecurity=False)
    # Clients write hexadecimal digits, base64, or base64 of the digits.
    forms = {
        digest.hexdigest().upper(),
        base64.b64encode(digest.digest()).decode(),
        base64.b64encode(digest.hexdigest().encode()).decode(),
    }
    if claimed not in forms and claimed.upper() not in forms:
        raise IncompleteSignatureError("the body: Content-MD5 is that of another one")


def resource_of(path: str, query: Mapping[str, str]) -> str:
    """Return a path with its query, sorted."""
    if not query:
        return path
    return path + "?" + "&".join(f"{k}={v}" if v else k for k, v in sorted(query.items()))


@lru_cache(maxsize=64)  # many requests are signed in the same second
def _iso_time(text: str) -> float | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def compact_time(text: str) -> float | None:
    """Return the time of ``20260101T000000Z`` in seconds since 1970, or None for another text."""
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _http_time(text: str) -> float | None:
    try:
        found = parsedate_to_datetime(text)
        # Without a zone it is what HTTP means: GMT.
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
