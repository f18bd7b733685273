"""RPC: the parameters ``Action`` and ``Version`` name action and API; every path is ``/``."""

from collections.abc import Mapping
from typing import Any

from localcloud.api import Answer
from localcloud.errors import ApiError
from localcloud.gateway.request import Request
from localcloud.gateway.signature import ACS3, RPC
from localcloud.gateway.styles.style import Parsed, Style
from localcloud.http import HttpResponse


class Rpc(Style):
    """An RPC API.

    Args:
        version: what names it; no two APIs have the same one.
        error_fields: what its errors hold besides code, message and request id.
    """

    schemes = (RPC, ACS3)

    def __init__(self, version: str, error_fields: Mapping[str, Any] | None = None) -> None:
        self._version = version
        self._error_fields = error_fields or {}

    def recognises(self, request: Request) -> bool:
        """Return whether the request names the API's version."""
        return version_of(request) == self._version

    def parse(self, request: Request) -> Parsed | None:
        """Return the action that the request names."""
        if request.path not in {"/", ""}:
            return None
        if request.method not in {"GET", "POST"}:
            raise ApiError("UnsupportedHTTPMethod", "this API takes GET and POST")
        return Parsed(_named(request, "Action", "x-acs-action"), request.params)

    def answer(self, value: Answer, request_id: str) -> HttpResponse:
        """Return an answer that begins with the request's id."""
        if isinstance(value, dict):
            value = {"RequestId": request_id, **value}
        return super().answer(value, request_id)

    def error_body(self, failure: ApiError, request_id: str) -> dict[str, Any]:
        """Return code and message, and what the failure says besides."""
        return {
            "RequestId": request_id,
            "Code": failure.code,
            "Message": failure.message,
            **failure.data,
            **self._error_fields,
        }


def version_of(request: Request) -> str:
    """Return the version of the API that a request names, or an empty text."""
    return _named(request, "Version", "x-acs-version")


def _named(request: Request, parameter: str, header: str) -> str:
    """Return a parameter or, where headers are signed, the header in its place."""
    value = request.params.get(parameter, "")
    return value or (request.headers.get(header, "") if ACS3.signs(request) else "")
