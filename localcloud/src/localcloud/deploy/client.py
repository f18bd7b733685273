"""Sends API requests to a local cloud, signed and shaped as the provider's own clients do.

Three styles: RPC (EventBridge, ECS, RAM, MNS, ResourceManager), ROA (Function Compute) and SLS,
whose project is part of the host name.
"""

import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from localcloud import signing
from localcloud.commandline import endpoints
from localcloud.settings import CloudSettings

SLS_HOST = "http.sls.localcloud.invalid"
"""What the stack file names as SLS's endpoint; projects are labels before it."""


class RefusedError(Exception):
    """The local cloud refused a request."""

    def __init__(self, request: str, status: int, code: str, message: str) -> None:
        super().__init__(f"{request} failed with HTTP {status}, {code}: {message}")
        self.status = status
        self.code = code

    @property
    def is_conflict(self) -> bool:
        """Return whether the thing to be made exists already."""
        code = self.code.lower()
        return "exist" in code and "not" not in code


class Client:
    """One key's way to a local cloud; every thread has its own connection."""

    def __init__(
        self,
        endpoint: str,
        access_key_id: str,
        access_key_secret: str,
        region: str = CloudSettings.region,
    ) -> None:
        self.endpoint = endpoints.checked(endpoint)
        parts = urlsplit(self.endpoint)
        self._address = (parts.hostname or "", parts.port or 80)
        self._key = access_key_id
        self._secret = access_key_secret
        self._region = region
        self._threads = threading.local()

    def rpc(self, version: str, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Call an RPC action; structures become JSON text, numbers and truth values text."""
        form = {name: _as_text(value) for name, value in params.items() if value is not None}
        query = {
            "AccessKeyId": self._key,
            "Action": action,
            "Format": "json",
            "RegionId": self._region,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": uuid4().hex,
            "SignatureVersion": "1.0",
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Version": version,
        }
        text = signing.rpc_text("POST", {**query, **form})
        key = signing.rpc_key(self._secret)
        query["Signature"] = signing.base64_hmac(hashlib.sha1, key, text)
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-acs-action": action,
            "x-acs-version": version,
        }
        body = urlencode(form).encode()
        return self._json(action, "POST", f"/?{urlencode(query)}", headers, body)

    def fc_invoke(self, function: str, event: Any) -> str:
        """Call a function and wait for it; return what it returns."""
        path = f"/2023-03-30/functions/{function}/invocations"
        content = json.dumps(event).encode()
        status, answer = self._send("POST", path, self._fc_headers("POST", path), content)
        if status >= 400:
            raise RefusedError(f"POST {path}", status, "", answer.decode("utf-8", "replace"))
        return answer.decode("utf-8", "replace")

    def fc(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Call Function Compute 3.0 on a path below ``/2023-03-30``."""
        path = f"/2023-03-30{path}"
        content = b"" if body is None else json.dumps(body).encode()
        headers = self._fc_headers(method, path)
        return self._json(f"{method} {path}", method, path, headers, content)

    def _fc_headers(self, method: str, path: str) -> dict[str, str]:
        headers = {
            "accept": "application/json",
            "content-md5": "",
            "content-type": "application/json; charset=utf-8",
            "date": _http_date(),
            "x-acs-signature-method": "HMAC-SHA1",
            "x-acs-signature-nonce": uuid4().hex,
            "x-acs-signature-version": "1.0",
            "x-acs-version": "2023-03-30",
        }
        named = ("accept", *signing.DATED_HEADERS)
        text = signing.header_text(method, headers, path, ("x-acs-",), named)
        signature = signing.base64_hmac(hashlib.sha1, self._secret, text)
        headers["authorization"] = f"acs {self._key}:{signature}"
        return headers

    def sls(self, method: str, path: str, body: Any = None, project: str = "") -> dict[str, Any]:
        """Call SLS; ``project`` becomes the first label of the host."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = {
            "content-md5": hashlib.md5(content, usedforsecurity=False).hexdigest().upper(),
            "content-type": "application/json",
            "date": _http_date(),
            "host": f"{project}.{SLS_HOST}" if project else SLS_HOST,
            "x-log-apiversion": "0.6.0",
            "x-log-bodyrawsize": str(len(content)),
            "x-log-signaturemethod": "hmac-sha256",
        }
        text = signing.header_text(method, headers, path, ("x-log-", "x-acs-"))
        signature = signing.base64_hmac(hashlib.sha256, self._secret, text)
        headers["authorization"] = f"LOG {self._key}:{signature}"
        return self._json(f"{method} {path}", method, path, headers, content)

    def _json(
        self, request: str, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> dict[str, Any]:
        status, content = self._send(method, target, headers, body)
        try:
            answer = json.loads(content) if content else {}
        except ValueError:
            raise endpoints.foreign(self.endpoint, status) from None
        if not isinstance(answer, dict):
            return {"Items": answer}
        code = str(answer.get("Code") or answer.get("errorCode") or "")
        if status >= 400 or answer.get("Success") is False:
            message = str(answer.get("Message") or answer.get("errorMessage") or "")
            raise RefusedError(request, status, code, message)
        return answer

    def _send(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """Send on this thread's connection; once more if the server had closed it meanwhile."""
        for attempt in (1, 2):
            connection = self._connection()
            try:
                connection.request(method, target, body, headers)
                response = connection.getresponse()
                return response.status, response.read()
            except (HTTPException, OSError) as error:
                connection.close()
                if attempt == 2 or isinstance(error, ConnectionRefusedError):
                    raise endpoints.unreachable(self.endpoint, error) from error
        raise AssertionError("unreachable")

    def _connection(self) -> HTTPConnection:
        if not hasattr(self._threads, "connection"):
            self._threads.connection = HTTPConnection(*self._address, timeout=60)
        connection: HTTPConnection = self._threads.connection
        return connection


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _http_date() -> str:
    return format_datetime(datetime.now(UTC), usegmt=True)
