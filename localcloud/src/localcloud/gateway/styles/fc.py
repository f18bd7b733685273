"""Function Compute 3.0: ROA below ``/<version>/``, with its own request id header."""

from collections.abc import Iterable
from typing import Any

from localcloud.api import Route
from localcloud.errors import ApiError
from localcloud.gateway.request import Request
from localcloud.gateway.signature import ACS3, ROA
from localcloud.gateway.styles.style import PathStyle


class FunctionComputeStyle(PathStyle):
    """Function Compute.

    Args:
        version: what its paths begin with.
        routes: its paths.
    """

    schemes = (ROA, ACS3)
    request_id_header = "x-fc-request-id"
    status_without_body = 204

    def __init__(self, version: str, routes: Iterable[Route]) -> None:
        super().__init__(routes)
        self._prefix = f"/{version}/"

    def recognises(self, request: Request) -> bool:
        """Return whether the path begins with the version."""
        return request.decoded_path.startswith(self._prefix)

    def error_body(self, failure: ApiError, request_id: str) -> dict[str, Any]:
        """Return what an RPC API does."""
        return {
            "RequestId": request_id,
            "Code": failure.code,
            "Message": failure.message,
            **failure.data,
        }
