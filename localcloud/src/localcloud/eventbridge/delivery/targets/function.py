"""``acs.fc.function``: calls a function with the transformed body."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from localcloud import strict_json
from localcloud.eventbridge.delivery.target import DeliveryError, DeliveryRequest
from localcloud.readings import Readings


class Invocation(Protocol):
    """What Function Compute returns for a call."""

    @property
    def status(self) -> int:
        """Return the HTTP status of the call."""

    @property
    def error_type(self) -> str:
        """Return the kind of error, empty if the function returned."""

    @property
    def body(self) -> bytes:
        """Return what the function returned, or its error as JSON."""


Invoke = Callable[[str, bytes, str], Awaitable[Invocation]]
"""Calls the function of a name with a payload and a request id."""


InvokeLater = Callable[[str, bytes, str], Awaitable[None]]
"""Has Function Compute accept an asynchronous call; raises ``ApiError`` if it does not."""


class FunctionTarget:
    """Calls functions: waits for them, or with ``InvocationType`` Async leaves them to themselves.

    A function that does not exist or is throttled is a failed delivery. Whether one that was waited
    for and failed is, no page says: the call was answered with HTTP 200, so by default it is none.
    An asynchronous call is delivered as soon as it is accepted: what becomes of it is Function
    Compute's to repeat and to report.
    """

    def __init__(
        self,
        readings: Readings,
        invoke: Invoke,
        invoke_later: InvokeLater,
        request_ids: Callable[[], str],
    ) -> None:
        self._sees_exceptions = readings.exceptions == "failed"
        self._invoke = invoke
        self._invoke_later = invoke_later
        self._request_ids = request_ids

    async def __call__(self, request: DeliveryRequest) -> str:
        """Call the function with the parameter ``Body``."""
        body = request.required("Body")
        name = request.parameters.get("functionName") or request.endpoint.rpartition("/")[2]
        request_id = self._request_ids()
        # guess: that a target which does not say how waits.
        if request.parameters.get("InvocationType", "Sync") == "Async":
            await self._invoke_later(name, body.encode(), request_id)
            return f"{name} accepted (request {request_id})"
        result = await self._invoke(name, body.encode(), request_id)
        if result.status >= 400 or (result.error_type and self._sees_exceptions):
            raise DeliveryError(
                result.error_type or str(result.status), _error_message(result.body)
            )
        return f"{name} {'failed' if result.error_type else 'returned'} (request {request_id})"


def _error_message(body: bytes) -> str:
    try:
        found = strict_json.read(body)
    except ValueError:
        return "the function failed"
    if not isinstance(found, dict):
        return "the function failed"
    # The function's own error, or Function Compute's why it never ran.
    return str(found.get("errorMessage") or found.get("Message") or "the function failed")
