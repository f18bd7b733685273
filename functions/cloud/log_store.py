"""Reads a log store: Simple Log Service, "GetLogs" and "Request signatures"."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from functions.cloud import runtime
from functions.cloud.context import Context
from functions.cloud.errors import UnreachableError
from functions.cloud.rpc import ApiTroubleError, Credentials, failure
from functions.cloud.web import Send, send

ACTION = "GetLogs"
MOST_LINES = 100
_MOST_PAGES = 50


class LogStore:
    """One log store.

    Args:
        endpoint: where the service is.
        host: the host of the project, whose first label it is.
        store: the store.
        credentials: needs ``log:GetLogStoreLogs``.
        transport: sends the requests.
        now: seconds since 1970.
    """

    def __init__(
        self,
        endpoint: str,
        host: str,
        store: str,
        credentials: Credentials,
        *,
        transport: Send = send,
        now: Callable[[], float],
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._host = host
        self._store = store
        self._credentials = credentials
        self._transport = transport
        self._now = now

    def search(self, query: str, since: float) -> list[dict[str, Any]]:
        """Return the entries that match a query and were written since then.

        Raises:
            ApiTroubleError: if it is worth another try, also if the answer is not complete yet.
            ApiRefusedError: if it is not.
        """
        found: list[dict[str, Any]] = []
        for page in range(_MOST_PAGES):
            lines = self._page(query, since, page * MOST_LINES)
            found += lines
            if len(lines) < MOST_LINES:
                return found
        raise ApiTroubleError(ACTION, "TooManyEntries")

    def _page(self, query: str, since: float, offset: int) -> list[dict[str, Any]]:
        params = {
            "from": str(int(since)),
            "line": str(MOST_LINES),
            "offset": str(offset),
            "query": query,
            "to": str(int(self._now()) + 60),
            "type": "log",
        }
        # Imported for the connection as well, so a function that never calls does not pay for it.
        from email.utils import formatdate  # noqa: PLC0415

        path = f"/logstores/{self._store}"
        headers = {
            "content-type": "application/json",
            "date": formatdate(self._now(), usegmt=True),
            "host": self._host,
            "x-log-apiversion": "0.6.0",
            "x-log-bodyrawsize": "0",
            "x-log-signaturemethod": "hmac-sha1",
        }
        if self._credentials.security_token:
            headers["x-acs-security-token"] = self._credentials.security_token
        headers["authorization"] = self._authorization(path, params, headers)
        query_text = "&".join(f"{k}={quote(v, safe='')}" for k, v in params.items())
        url = f"{self._endpoint}{path}?{query_text}"
        try:
            answer = self._transport("GET", url, headers, b"", 10.0)
        except UnreachableError as error:
            raise ApiTroubleError(ACTION, error.code, str(error)) from None
        try:
            body = json.loads(answer.body)
        except (ValueError, RecursionError):
            body = None
        if answer.status < 300 and isinstance(body, list):
            return [line for line in body if isinstance(line, dict)]
        said = body if isinstance(body, dict) else {}
        code = str(said.get("errorCode") or f"Http{answer.status}")
        raise failure(ACTION, answer.status, code, str(said.get("errorMessage") or ""))

    def _authorization(self, path: str, params: dict[str, str], headers: dict[str, str]) -> str:
        resource = f"{path}?{'&'.join(f'{k}={v}' for k, v in sorted(params.items()))}"
        signed = [
            f"{name}:{value}"
            for name, value in sorted(headers.items())
            if name.startswith(("x-log-", "x-acs-"))
        ]
        lines = ["GET", "", headers["content-type"], headers["date"], *signed, resource]
        secret = self._credentials.access_key_secret.encode()
        mac = hmac.new(secret, "\n".join(lines).encode(), hashlib.sha1).digest()
        return f"LOG {self._credentials.access_key_id}:{base64.b64encode(mac).decode()}"


def connect(context: Context, environ: Mapping[str, str], project: str, store: str) -> LogStore:
    """Return a client for a log store in the function's own region."""
    host = f"{project}.{context.region}.log.aliyuncs.com"
    local = environ.get("ALIBABA_CLOUD_ENDPOINT_SLS")
    # A local cloud is one address for all hosts, and knows a project by its host's first label.
    host = f"{project}.http.sls.localcloud.invalid" if local else host
    key = runtime.credentials(context, environ)
    return LogStore(local or f"https://{host}", host, store, key, now=time.time)
