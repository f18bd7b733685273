"""EventBridge's data plane: ROA below ``/openapi/``, with its own signature."""

from typing import Any

from localcloud.errors import ApiError
from localcloud.gateway.request import Request
from localcloud.gateway.signature import (
    IncompleteSignatureError,
    Scheme,
    Signed,
    dated,
    resource_of,
)
from localcloud.gateway.styles.style import PathStyle
from localcloud.signing import header_text


def _signed(request: Request) -> Signed:
    """ROA's signature, but for ``Accept``, and with a nonce that must be there."""
    headers = request.headers
    nonce = headers.get("x-acs-signature-nonce", "")
    if not nonce:
        raise IncompleteSignatureError("the header x-acs-signature-nonce")
    resource = resource_of(request.path, request.query)
    return dated(
        request,
        headers["authorization"].partition(":")[2],
        headers.get("x-acs-security-token", ""),
        header_text(request.method, headers, resource, ("x-acs",)),
        nonce=nonce,
    )


EVENTS = Scheme("acs:", _signed)


class EventBridgeDataStyle(PathStyle):
    """EventBridge's data plane."""

    schemes = (EVENTS,)

    def recognises(self, request: Request) -> bool:
        """Return whether the path is one of the data plane's."""
        return request.decoded_path.startswith("/openapi/")

    def error_body(self, failure: ApiError, request_id: str) -> dict[str, Any]:
        """Return code and message, in lower case."""
        return {"code": failure.code, "message": failure.message, "requestId": request_id}
