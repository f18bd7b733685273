"""What the command line and the demo ask of a running local cloud."""

from typing import Any

import httpx

DEFAULT_ENDPOINT = "http://127.0.0.1:8642"


class CloudUnreachable(Exception):
    """No local cloud answers at the endpoint, or it refused; the message says what to do."""


class Inspector:
    """Reads the state of a running local cloud under ``/_localcloud/``."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint.rstrip("/")
        # The local cloud is on this machine: a proxy of the environment must not be asked.
        self._http = httpx.Client(base_url=self.endpoint, timeout=60, trust_env=False)

    def get(self, resource: str, /, **query: str | int | float | None) -> Any:
        """Give the JSON of ``/_localcloud/<resource>``.

        Raises:
            CloudUnreachable: if there is no local cloud, or it has no such thing.
        """
        params = {name: value for name, value in query.items() if value is not None}
        return self._json("GET", resource, params=params)

    def post(self, path: str, body: Any) -> Any:
        """Post JSON to ``/_localcloud/<path>``."""
        return self._json("POST", path, json=body)

    def _json(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            response = self._http.request(method, f"/_localcloud/{path}", **arguments)
        except httpx.TransportError as error:
            raise CloudUnreachable(
                f"no local cloud answers at {self.endpoint} ({type(error).__name__}); "
                "start one with 'make cloud', or name another with --endpoint"
            ) from error
        if response.status_code >= 400:
            raise CloudUnreachable(response.json().get("error", response.text))
        return response.json()
