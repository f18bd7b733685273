"""Simple Log Service: REST with JSON; the project is a label of the host name."""

import hashlib
from typing import Any, ClassVar

from localcloud.errors import ApiError
from localcloud.gateway.request import Request
from localcloud.gateway.signature import (
    IncompleteSignatureError,
    Scheme,
    Signed,
    dated,
    resource_of,
)
from localcloud.gateway.styles.style import Parsed, PathStyle
from localcloud.settings import SUFFIX
from localcloud.signing import header_text


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


LOG = Scheme("LOG", _signed)


class SlsStyle(PathStyle):
    """Simple Log Service."""

    schemes = (LOG,)
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
        # Two actions share a path: the store, and with ``type=log`` its entries.
        is_search = parsed.action == "GetLogStore" and parsed.params.get("type") == "log"
        return Parsed("GetLogs" if is_search else parsed.action, parsed.params, path)

    def error_body(self, failure: ApiError, request_id: str) -> dict[str, Any]:  # noqa: ARG002
        """Return code and message."""
        return {"errorCode": failure.code, "errorMessage": failure.message}


def _project(host: str) -> str:
    """Return the project of a host name, ``<project>.http.sls.localcloud.invalid``."""
    label, dot, rest = host.removesuffix(SUFFIX).partition(".http.sls")
    return label if dot and not rest else ""
