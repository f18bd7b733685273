"""HTTP to the outside: a POST and what was answered.

Hosts below ``.localcloud.invalid`` are the local cloud's own and are reached through it as a proxy;
every other host is asked directly. ``httpx`` is loaded at the first request, because most local
clouds start long before they send anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from localcloud.eventbridge.delivery.target import DeliveryError
from localcloud.settings import SUFFIX

if TYPE_CHECKING:
    import httpx

# guess: how long EventBridge waits for a target is not documented for rules.
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 10.0
_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Reply:
    """What a target answered."""

    status: int
    body: bytes


class HttpClient:
    """Posts to targets, with connections that stay open."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Post a body as JSON.

        Raises:
            DeliveryError: when there is no answer; never with the URL, which may be a credential.
        """
        host = _host(url)
        client = self._client(is_own=host.endswith(SUFFIX))
        import httpx  # noqa: PLC0415 - see above

        try:
            response = await client.post(
                url, content=body, headers={"content-type": "application/json", **headers}
            )
        except httpx.TimeoutException:
            raise DeliveryError(
                "Timeout", f"no answer within {_ANSWER_SECONDS:.0f} s from {host}"
            ) from None
        except httpx.HTTPError as error:
            raise DeliveryError(
                "ConnectionFailed", f"{type(error).__name__} while talking to {host}"
            ) from None
        return Reply(response.status_code, response.content)

    async def close(self) -> None:
        """Close the connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    def _client(self, *, is_own: bool) -> "httpx.AsyncClient":
        client = self._clients.get(is_own)
        if client is None:
            import httpx  # noqa: PLC0415 - see above

            client = self._clients[is_own] = httpx.AsyncClient(
                proxy=self._endpoint if is_own else None,
                timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
                limits=httpx.Limits(
                    max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS
                ),
                # What is set in the environment for other programs is not for targets.
                trust_env=False,
            )
        return client


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise DeliveryError("InvalidUrl", "the target's URL is not an http or https URL")
    return host
