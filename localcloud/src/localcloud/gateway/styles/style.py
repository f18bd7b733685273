"""What a wire style is: how an API is recognised, parsed, signed, answered and refused.

Most of it is common to several styles and stands here; what a style does differently it overrides.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from localcloud import strict_json
from localcloud.api import Answer, Route
from localcloud.errors import ApiError
from localcloud.gateway.request import Request
from localcloud.gateway.routes import RouteTable
from localcloud.gateway.signature import Scheme
from localcloud.http import HttpResponse

JSON = {"content-type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a request asks for."""

    action: str
    params: Mapping[str, str]
    path: Mapping[str, str] = field(default_factory=dict)
    """The variables of the path."""


class Style(ABC):
    """How one API of the cloud is spoken on the wire."""

    schemes: ClassVar[tuple[Scheme, ...]]
    """The ways of signing that it takes."""
    request_id_header: ClassVar[str] = "x-acs-request-id"
    status_without_body: ClassVar[int] = 200
    """The status of an answer without a value."""
    error_type: ClassVar[Mapping[str, str]] = JSON
    """The content type of an error."""
    own_codes: ClassVar[Mapping[str, tuple[str, int]]] = {}
    """For a code of the common gateway ("Common errors", OpenAPI): the style's own, and status."""

    @abstractmethod
    def recognises(self, request: Request) -> bool:
        """Return whether a request is for this API."""

    @abstractmethod
    def parse(self, request: Request) -> Parsed | None:
        """Return what a request asks for, or None if its path leads to no action.

        Raises:
            ApiError: if an action cannot be asked for like that.
        """

    def answer(self, value: Answer, request_id: str) -> HttpResponse:
        """Return what an action answered as the API's clients expect it."""
        headers = {self.request_id_header: request_id}
        if isinstance(value, HttpResponse):
            return replace(value, headers={**headers, **value.headers})
        if value is None:
            return HttpResponse(self.status_without_body, b"", headers)
        return HttpResponse(200, as_json(value), {**JSON, **headers})

    def error(self, failure: ApiError, request_id: str) -> HttpResponse:
        """Return an error as the API's clients expect it."""
        code, status = self.own_codes.get(failure.code, (failure.code, failure.status))
        failure = ApiError(code, failure.message, status, failure.data)
        body = self.write_error(self.error_body(failure, request_id))
        return HttpResponse(status, body, {**self.error_type, self.request_id_header: request_id})

    @abstractmethod
    def error_body(self, failure: ApiError, request_id: str) -> dict[str, Any]:
        """Return what an error says, by field."""

    def write_error(self, body: dict[str, Any]) -> bytes:
        """Return an error as it is sent."""
        return as_json(body)


class PathStyle(Style):
    """A style in which method and path name the action."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = RouteTable(routes)

    def parse(self, request: Request) -> Parsed | None:
        """Return the action of the request's path."""
        match = self._routes.find(request.method, request.path)
        return Parsed(match.action, request.query, match.variables) if match else None


def as_json(value: Any) -> bytes:
    """Return a value as compact JSON in UTF-8."""
    return strict_json.write(value).encode("utf-8", "replace")
