"""The one error that a client of the local cloud sees.

Every service raises :class:`ApiError` with the cloud's own code; the gateway renders it in the
form of the product (RPC, ROA, SLS, MNS). What is specific to a service stands in its ``errors.py``.
"""

from typing import Any


class ApiError(Exception):
    """An answer other than success: the cloud's code, a sentence for people, an HTTP status.

    The provider takes 404 for "gone" and everything else for a failure, and it reads the text of
    codes inside messages, so a message never quotes another code.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.data = data or {}


class UnknownActionError(ApiError):
    """The action does not exist here; never a success, so that a gap is seen at once."""

    def __init__(self, product: str, action: str) -> None:
        super().__init__(
            "InvalidAction.NotFound",
            f"the local cloud has no action '{action}' of {product}; "
            "localcloud/README.md lists the actions that it has",
            404,
        )


class MissingParameterError(ApiError):
    """A required parameter is absent or empty."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Missing{name}", f"the parameter '{name}' is required for this request")


class InvalidParameterError(ApiError):
    """A parameter has a value that the cloud does not accept."""

    def __init__(self, name: str, value: str, accepted: str) -> None:
        super().__init__(
            f"InvalidParameter.{name}",
            f"the parameter '{name}' has the value '{value[:200]}'; accepted is {accepted}",
        )


class NoPermissionError(ApiError):
    """The caller's policies do not allow the action on the resource."""

    def __init__(self, action: str, resource: str, caller: str) -> None:
        super().__init__(
            "NoPermission",
            # What is missing comes first: a chat shows no more than the beginning.
            f"{action} on {resource} is not allowed to {caller}",
            403,
            {"AccessDeniedDetail": {"AuthAction": action, "AuthResource": resource}},
        )
