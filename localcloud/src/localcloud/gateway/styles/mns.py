"""MNS's data plane: REST with XML (2015-06-06)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from localcloud.errors import ApiError
from localcloud.gateway.request import Request
from localcloud.gateway.signature import Scheme, Signed, dated
from localcloud.gateway.styles.style import Parsed, PathStyle
from localcloud.mns import encoding
from localcloud.signing import header_text


def _signed(request: Request) -> Signed:
    """Its own signature ("Request signatures", Simple Message Queue)."""
    # The query stays in the order in which it was sent.
    query = "&".join(f"{k}={v}" if v else k for k, v in request.query.items())
    resource = f"{request.path}?{query}" if query else request.path
    return dated(
        request,
        request.headers["authorization"].partition(" ")[2],
        request.headers.get("security-token", ""),
        header_text(request.method, request.headers, resource, ("x-mns-",)),
    )


MNS = Scheme("MNS", _signed)


class MnsStyle(PathStyle):
    """MNS's data plane."""

    schemes = (MNS,)
    request_id_header = "x-mns-request-id"
    error_type: ClassVar = {"content-type": "text/xml"}
    # "Error codes", Simple Message Queue.
    own_codes: ClassVar = {
        "InvalidAccessKeyId.NotFound": ("InvalidAccessKeyId", 403),
        "SignatureDoesNotMatch": ("SignatureDoesNotMatch", 403),
        "InvalidTimeStamp.Expired": ("TimeExpired", 408),
        "InvalidTimeStamp.Format": ("InvalidDateHeader", 400),
        # guess: the page has no code for tokens.
        "InvalidSecurityToken.Expired": ("InvalidSecurityToken", 403),
        "InvalidSecurityToken.MismatchWithAccessKey": ("InvalidSecurityToken", 403),
        "MissingAccessKeyId": ("MissingAuthorizationHeader", 400),
        # guess: the page has no code for what a signature leaves out.
        "IncompleteSignature": ("SignatureDoesNotMatch", 403),
    }

    def recognises(self, request: Request) -> bool:
        """Return whether the request names a version of the API, or a queue."""
        return "x-mns-version" in request.headers or request.decoded_path.startswith("/queues")

    def parse(self, request: Request) -> Parsed | None:
        """Return the action of the path; several share the path of a queue's messages."""
        parsed = super().parse(request)
        if parsed is None:
            return None
        return replace(parsed, action=action_of(parsed.action, request.query, request.body))

    def error_body(self, failure: ApiError, request_id: str) -> dict[str, Any]:
        """Return the elements of an error."""
        return {
            "Code": failure.code,
            "Message": failure.message,
            "RequestId": request_id,
            "HostId": "localcloud",
        }

    def write_error(self, body: dict[str, Any]) -> bytes:
        """Return an error in XML."""
        return encoding.write("Error", body)


def action_of(routed: str, query: Mapping[str, str], body: bytes) -> str:
    """Tell apart what the query, or a list in the body, makes an action of its own."""
    match routed:
        case "SendMessage" if body.rstrip().endswith(b"</Messages>"):
            return "BatchSendMessage"
        case "DeleteMessage" if "ReceiptHandle" not in query:
            return "BatchDeleteMessage"
        case "ReceiveMessage":
            batch = "Batch" if "numOfMessages" in query else ""
            peek = query.get("peekonly") == "true"
            return f"{batch}{'Peek' if peek else 'Receive'}Message"
        case _:
            return routed
