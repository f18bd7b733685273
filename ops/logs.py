"""Searches the log stores of a stack (Simple Log Service, "GetLogs" and "Request signatures")."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from urllib.parse import quote

import httpx

from functions.cloud.rpc import Credentials
from localcloud.commandline.errors import UserError

_LINES = 100
_LOCAL_HOST = "http.sls.localcloud.invalid"


class LogsRefused(UserError):
    """Log Service did not search."""


class LogStores:
    """The log stores of one project.

    Args:
        http: sends the requests.
        endpoint: a local cloud's address; empty for the service of the region.
        region: the region of the project.
        project: the project.
        key: whose request it is; needs ``log:GetLogStoreLogs``.
        now: the time in seconds since 1970.
    """

    def __init__(
        self,
        http: httpx.Client,
        endpoint: str,
        region: str,
        project: str,
        key: Credentials,
        now: Callable[[], float],
    ) -> None:
        self._http = http
        # A local cloud is one address for all hosts, and tells projects apart by this name.
        domain = _LOCAL_HOST if endpoint else f"{region}.log.aliyuncs.com"
        self._host = f"{project}.{domain}"
        self._endpoint = endpoint or f"https://{self._host}"
        self._key = key
        self._now = now

    def search(self, store: str, query: str, since: float) -> list[dict[str, str]]:
        """Return up to 100 entries that match a query and were written since then.

        Raises:
            LogsRefused: with the code of the refusal, such as a store without an index.
        """
        params = {
            "from": str(int(since)),
            "line": str(_LINES),
            "query": query,
            "reverse": "true",
            "to": str(int(self._now()) + 1),
            "type": "log",
        }
        path = f"/logstores/{store}"
        text = "&".join(f"{name}={value}" for name, value in params.items())
        named = {
            "x-log-apiversion": "0.6.0",
            "x-log-bodyrawsize": "0",
            "x-log-signaturemethod": "hmac-sha1",
        }
        if self._key.security_token:
            named["x-acs-security-token"] = self._key.security_token
        date = formatdate(self._now(), usegmt=True)
        lines = "".join(f"{name}:{value}\n" for name, value in sorted(named.items()))
        signed = f"GET\n\n\n{date}\n{lines}{path}?{text}"
        # SHA-1 is the scheme's own; HMAC with it is not weakened by its collisions.
        mac = hmac.new(self._key.access_key_secret.encode(), signed.encode(), hashlib.sha1)
        signature = base64.b64encode(mac.digest()).decode()
        headers = {
            **named,
            "date": date,
            "host": self._host,
            "authorization": f"LOG {self._key.access_key_id}:{signature}",
        }
        query_text = "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items())
        url = f"{self._endpoint}{path}?{query_text}"
        answer = self._http.get(url, headers=headers)
        found = None
        with suppress(ValueError):
            found = answer.json()
        if answer.status_code != 200 or not isinstance(found, list):
            refusal = found if isinstance(found, dict) else {}
            code = refusal.get("errorCode") or refusal.get("Code") or f"HTTP {answer.status_code}"
            message = str(refusal.get("errorMessage") or refusal.get("Message") or "")[:200]
            raise LogsRefused(f"log store {store}: {code} {message}".rstrip())
        return found
