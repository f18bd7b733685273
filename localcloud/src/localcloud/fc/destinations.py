"""Sends the outcome of asynchronous invocations to the destinations that are configured."""

import base64
from collections.abc import Callable

from localcloud import strict_json
from localcloud.environment import Clock
from localcloud.errors import ApiError, NoPermissionError
from localcloud.fc.async_config import AsyncConfig, destination
from localcloud.fc.invocation import ERROR_HEADER, Invocation
from localcloud.fc.journal import Pending
from localcloud.settings import CloudSettings


class Destinations:
    """Writes on behalf of the function's own role; what cannot be written is lost.

    The real cloud counts a lost outcome in a metric and nowhere else, so the function is not run
    again for it.
    """

    def __init__(
        self,
        settings: CloudSettings,
        clock: Clock,
        *,
        send_message: Callable[[str, str], object],
        is_allowed: Callable[[str, str, str], bool],
        invoke_later: Callable[[str, bytes], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._send_message = send_message
        self._is_allowed = is_allowed
        self._invoke_later = invoke_later

    def tell(self, pending: Pending, result: Invocation, config: AsyncConfig, role: str) -> str:
        """Send how an invocation ended; return why that failed, or an empty text.

        guess: invocations by time triggers have no destinations (so a page of Function Compute
        2.0; those of 3.0 do not say).
        """
        arn = config.on_success if result.is_success else config.on_failure
        if not arn or pending.by_timer:
            return ""
        body = strict_json.write(self._record(pending, result))
        wanted = destination(arn)
        try:
            if wanted.kind == "queue":
                self._require(role, "mns:SendMessage", arn)
                # guess: that the message is base64, as what EventBridge and the SDKs send.
                self._send_message(wanted.name, base64.b64encode(body.encode()).decode())
            else:
                self._require(role, "fc:InvokeFunction", arn)
                self._invoke_later(wanted.name, body.encode())
        except ApiError as failure:
            return f"not sent to {arn}: {failure.code}: {failure.message}"
        return ""

    def _require(self, role: str, action: str, resource: str) -> None:
        if not role or not self._is_allowed(role, action, resource):
            raise NoPermissionError(action, resource, role or "a function without a role")

    def _record(self, pending: Pending, result: Invocation) -> dict[str, object]:
        kind = "" if result.is_success else result.error_type
        if result.status == 200 and kind:
            kind = ERROR_HEADER
        settings = self._settings
        return {
            "timestamp": round(self._clock.now() * 1000),
            "requestContext": {
                "requestId": pending.request_id,
                "functionArn": (
                    f"acs:fc:{settings.region}:{settings.account_id}:functions/{pending.function}"
                ),
                "condition": kind,
                "approximateInvokeCount": pending.attempt,
            },
            "requestPayload": pending.payload.decode("utf-8", "replace"),
            "responseContext": {"statusCode": result.status, "functionError": kind},
            "responsePayload": result.body.decode("utf-8", "replace"),
        }
