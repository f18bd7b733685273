"""What the command line and the demo ask of a running local cloud."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from localcloud.access_key import PREFIX, AccessKey
from localcloud.commandline import endpoints
from localcloud.commandline.errors import UserError
from localcloud.data_folder import DataFolderError, read_access_key

KEY_ID_VARIABLE = "ALIBABA_CLOUD_ACCESS_KEY_ID"
KEY_SECRET_VARIABLE = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105 - the name of a variable


class CloudUnreachableError(UserError):
    """There is no key for the local cloud, or it refused; the message says what to do."""


def page_of(endpoint: str, request: str) -> str:
    """Return the address of a request on a local cloud's page."""
    return f"{endpoint}/#/requests/{quote(request)}"


def access_key_of(endpoint: str, environ: Mapping[str, str] = os.environ) -> AccessKey:
    """Return the key with which requests to the local cloud at an endpoint are signed.

    The local cloud names the file in its data folder. Where that can't be read (it runs as another
    user, or in a container), the key of its ready line may be in the environment instead.

    Raises:
        EndpointError: if there is no local cloud.
        CloudUnreachableError: if there is no key for it.
    """
    health = Inspector(endpoint).get("health")
    if not isinstance(health, dict):
        raise endpoints.foreign(endpoint, 200)
    path = health.get("access_key_file")
    try:
        if path:
            return read_access_key(Path(path))
        reason = "it names no file that holds its key"
    except DataFolderError as error:
        reason = str(error)
    key = AccessKey(environ.get(KEY_ID_VARIABLE, ""), environ.get(KEY_SECRET_VARIABLE, ""))
    if not key.id.startswith(PREFIX) or not key.secret:
        raise CloudUnreachableError(
            f"there is no key for the local cloud at {endpoint}: {reason}; run this as the user "
            f"who started it, or set {KEY_ID_VARIABLE} and {KEY_SECRET_VARIABLE} to the key that "
            "'localcloud serve' printed"
        )
    return key


class Inspector:
    """Reads the state of a running local cloud under ``/_localcloud/``."""

    def __init__(self, endpoint: str, *, timeout_seconds: float = 60) -> None:
        self.endpoint = endpoints.checked(endpoint)
        # The local cloud is on this machine: a proxy of the environment must not be asked.
        self._http = httpx.Client(base_url=self.endpoint, timeout=timeout_seconds, trust_env=False)

    def get(self, resource: str, /, **query: str | int | float | None) -> Any:
        """Return the JSON of ``/_localcloud/<resource>``.

        Raises:
            EndpointError: if there is no local cloud.
            CloudUnreachableError: if it has no such thing.
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
            raise endpoints.unreachable(self.endpoint, error) from error
        try:
            answer = response.json()
            refusal = answer["error"] if response.is_error else ""
        except (ValueError, TypeError, KeyError):
            raise endpoints.foreign(self.endpoint, response.status_code) from None
        if refusal:
            raise CloudUnreachableError(refusal)
        return answer
