"""Simple Log Service: REST with JSON; the project is a label of the host name."""

import hashlib
import hmac
import re
from functools import reduce
from typing import Any, ClassVar

from localcloud.errors import ApiError
from localcloud.gateway.request import Request
from localcloud.gateway.signature import (
    IncompleteSignatureError,
    Scheme,
    Signed,
    compact_time,
    dated,
    resource_of,
)
from localcloud.gateway.styles.style import Parsed, PathStyle
from localcloud.settings import SUFFIX
from localcloud.signing import header_text, percent


def _signed(request: Request) -> Signed:
    """Its own signature; its two clients differ only in the hash."""
    headers = request.headers
    if request.body and not headers.get("content-md5"):
        raise IncompleteSignatureError("the body: there is no Content-MD5")
    sha256 = headers.get("x-log-signaturemethod") == "hmac-sha256"
    resource = resource_of(request.path, request.query)
    return dated(
        request,
        headers["authorization"].partition(" ")[2],
        headers.get("x-acs-security-token", ""),
        header_text(request.method, headers, resource, ("x-log-", "x-acs-")),
        hashlib.sha256 if sha256 else hashlib.sha1,
    )


_CLAIM = re.compile(
    r"Credential=(?P<key>[^/,]*)/(?P<scope>(?P<date>\d{8})/(?P<region>[^/,]+)/sls/aliyun_v4_request),"
    r" *Signature=(?P<signature>[0-9a-f]+)"
)


def _signed_v4(request: Request) -> Signed:
    """Signature version 4, as the SDKs of Log Service for Go and Python and the gateway make it."""
    headers = request.headers
    claim = _CLAIM.fullmatch(headers["authorization"].partition(" ")[2].strip())
    if claim is None:
        raise IncompleteSignatureError(
            "the scope: Credential=<key>/<date>/<region>/sls/aliyun_v4_request,Signature=<hex>"
        )
    stamp = headers.get("x-log-date", "")
    if stamp[:8] != claim["date"]:
        raise IncompleteSignatureError("the day of x-log-date")
    digest = hashlib.sha256(request.body).hexdigest()
    if headers.get("x-log-content-sha256") != digest:
        raise IncompleteSignatureError("the body: x-log-content-sha256 is not its digest")
    names = sorted(
        name
        for name in headers
        if name in {"host", "content-type"} or name.startswith(("x-log-", "x-acs-"))
    )
    canonical = "\n".join(
        [
            request.method,
            request.decoded_path or "/",
            "&".join(f"{k}={percent(v)}" if v else k for k, v in sorted(request.query.items())),
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            ";".join(names),
            digest,
        ]
    )
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{V4.name}\n{stamp}\n{claim['scope']}\n{hashed}"

    def expected(secret: str) -> str:
        parts = [claim["date"], claim["region"], "sls", "aliyun_v4_request", text]
        return reduce(_hmac_sha256, parts, f"aliyun_v4{secret}".encode()).hex()

    return Signed(
        access_key_id=claim["key"],
        security_token=headers.get("x-acs-security-token", ""),
        signature=claim["signature"],
        expected=expected,
        time=compact_time(stamp),
        region=claim["region"],
    )


def _hmac_sha256(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


LOG = Scheme("LOG", _signed)
V4 = Scheme("SLS4-HMAC-SHA256", _signed_v4)


class SlsStyle(PathStyle):
    """Simple Log Service."""

    schemes = (LOG, V4)
    request_id_header = "x-log-requestid"
    # "Error codes", Simple Log Service.
    own_codes: ClassVar = {
        "InvalidAccessKeyId.NotFound": ("Unauthorized", 401),
        "SignatureDoesNotMatch": ("SignatureNotMatch", 401),
        "InvalidTimeStamp.Expired": ("RequestTimeExpired", 400),
        "InvalidTimeStamp.Format": ("InvalidDateFormat", 400),
        "InvalidSecurityToken.Expired": ("Unauthorized", 401),
        "InvalidSecurityToken.MismatchWithAccessKey": ("Unauthorized", 401),
        "MissingAccessKeyId": ("MissAccessKeyId", 400),
        # guess: the page has no code for what a signature leaves out.
        "IncompleteSignature": ("SignatureNotMatch", 401),
    }

    def recognises(self, request: Request) -> bool:
        """Return whether the request names a version of the API."""
        return "x-log-apiversion" in request.headers

    def parse(self, request: Request) -> Parsed | None:
        """Return the action of the path, and the project of the host name."""
        parsed = super().parse(request)
        if parsed is None:
            return None
        path = {**parsed.path, "project": _project(request.host)}
        action = parsed.action
        # Two actions share a path: the store, and with ``type=log`` its entries; and so do one
        # project, which the host names, and all of them.
        if action == "GetLogStore" and parsed.params.get("type") == "log":
            action = "GetLogs"
        elif action == "GetProject" and not path["project"]:
            action = "ListProject"
        return Parsed(action, parsed.params, path)

    def error_body(self, failure: ApiError, request_id: str) -> dict[str, Any]:  # noqa: ARG002
        """Return code and message."""
        return {"errorCode": failure.code, "errorMessage": failure.message}


def _project(host: str) -> str:
    """Return the project of a host name, ``<project>.http.sls.localcloud.invalid``."""
    label, dot, rest = host.removesuffix(SUFFIX).partition(".http.sls")
    return label if dot and not rest else ""
