"""Calls Alibaba Cloud's RPC APIs, signed with ACS3-HMAC-SHA256.

Source: "Request syntax and signature method V3" (Alibaba Cloud SDK). The requests have the form
that the official Python SDK gives them: everything in the query, an empty body.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from functions.cloud.errors import PermanentError, TemporaryError, UnreachableError
from functions.cloud.web import Answer, Send, send

ALGORITHM = "ACS3-HMAC-SHA256"
_EMPTY_HASH = hashlib.sha256(b"").hexdigest()

_TEMPORARY_STATUS = {408, 425, 429}
_TEMPORARY_CODES = {
    "IdempotentProcessing",
    "InvalidSecurityToken.Expired",
    "InvalidTimeStamp.Expired",
    "SDK.ServerUnreachable",
    "ServiceUnavailable",
    "SignatureNonceUsed",
    "SystemBusy",
}


class Credentials(NamedTuple):
    """The short-lived key of the function's role."""

    access_key_id: str
    access_key_secret: str
    security_token: str = ""

    def __repr__(self) -> str:
        """Return the beginning of the key's id, never a secret."""
        return f"Credentials({self.access_key_id[:8]}...)"


class ApiTroubleError(TemporaryError):
    """An API is throttled, failing or unreachable."""

    def __init__(self, action: str, code: str, message: str = "") -> None:
        super().__init__(f"{action}: {code}{_tail(message)}", code)
        self.action = action


class ApiRefusedError(PermanentError):
    """An API refused the call and would refuse it again."""

    def __init__(self, action: str, code: str, message: str = "") -> None:
        super().__init__(f"{action}: {code}{_tail(message)}", code)
        self.action = action
        self.message = message


class Rpc:
    """One product's API at one endpoint."""

    def __init__(
        self,
        endpoint: str,
        version: str,
        credentials: Credentials,
        *,
        transport: Send = send,
        now: Callable[[], float],
        nonce: Callable[[], str] = lambda: os.urandom(16).hex(),
        seconds: float = 10,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._version = version
        self._credentials = credentials
        self._transport = transport
        self._now = now
        self._nonce = nonce
        self._seconds = seconds

    def call(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return an action's answer.

        Raises:
            ApiTroubleError: if it is worth another try.
            ApiRefusedError: if it is not.
        """
        query = flatten(params)
        headers = {
            "host": self._endpoint.partition("://")[2],
            "x-acs-version": self._version,
            "x-acs-action": action,
            "x-acs-date": datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": self._nonce(),
            "x-acs-content-sha256": _EMPTY_HASH,
            "accept": "application/json",
        }
        if self._credentials.security_token:
            headers["x-acs-accesskey-id"] = self._credentials.access_key_id
            headers["x-acs-security-token"] = self._credentials.security_token
        headers["authorization"] = authorization("POST", "/", query, headers, self._credentials)
        url = f"{self._endpoint}/?{canonical_query(query)}"
        try:
            answer = self._transport("POST", url, headers, b"", self._seconds)
        except UnreachableError as error:
            raise ApiTroubleError(action, error.code, str(error)) from None
        return read_answer(action, answer)


def read_answer(action: str, answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer, or raise what its status and code mean."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if answer.status < 300 and isinstance(body, dict):
        return body
    found = body if isinstance(body, dict) else {}
    code = str(found.get("Code") or found.get("code") or f"Http{answer.status}")
    message = str(found.get("Message") or found.get("message") or "")
    raise failure(action, answer.status, code, message)


def failure(
    action: str, status: int, code: str, message: str = ""
) -> ApiTroubleError | ApiRefusedError:
    """Return what an API's error means by its HTTP status and code."""
    temporary = (
        status < 300
        or status >= 500
        or status in _TEMPORARY_STATUS
        or code in _TEMPORARY_CODES
        or code.startswith(("Throttling", "InternalError"))
    )
    return (ApiTroubleError if temporary else ApiRefusedError)(action, code, message)


def flatten(params: Mapping[str, Any]) -> dict[str, str]:
    """Write lists and objects as RPC wants them: ``Tag.1.Key``, ``InstanceId.1``."""
    flat: dict[str, str] = {}

    def put(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, item in value.items():
                put(f"{name}.{key}", item)
        elif isinstance(value, list | tuple):
            for position, item in enumerate(value, 1):
                put(f"{name}.{position}", item)
        elif isinstance(value, bool):
            flat[name] = "true" if value else "false"
        elif value is not None:
            flat[name] = str(value)

    for name, value in params.items():
        put(name, value)
    return flat


def canonical_query(query: Mapping[str, str]) -> str:
    """Write parameters sorted and percent-encoded."""
    from urllib.parse import quote  # noqa: PLC0415

    return "&".join(
        f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query)
    )


def authorization(
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    credentials: Credentials,
) -> str:
    """Return the Authorization header for a request with an empty body; header names lower case."""
    names = sorted(headers)
    signed = ";".join(names)
    canonical = "\n".join(
        [
            method,
            path,
            canonical_query(query),
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            signed,
            _EMPTY_HASH,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(
        credentials.access_key_secret.encode(), f"{ALGORITHM}\n{digest}".encode(), hashlib.sha256
    ).hexdigest()
    return (
        f"{ALGORITHM} Credential={credentials.access_key_id},"
        f"SignedHeaders={signed},Signature={signature}"
    )


def _tail(message: str) -> str:
    return f" ({message[:200]})" if message else ""
