"""Where a local cloud listens, as people write it."""

import re
from urllib.parse import urlsplit

from localcloud.commandline.errors import UserError

DEFAULT_PORT = 8642


class EndpointError(UserError):
    """An endpoint is not one, or no local cloud answers there."""


def of_port(port: int) -> str:
    """Return the endpoint of the local cloud that listens on a port of this machine."""
    return f"http://127.0.0.1:{port}"


DEFAULT = of_port(DEFAULT_PORT)


def checked(endpoint: str) -> str:
    """Return an endpoint without its last slash.

    Raises:
        EndpointError: if it is not a plain ``http://host:port``.
    """
    found = endpoint.strip().rstrip("/")
    try:
        parts = urlsplit(found)
        is_good = parts.scheme == "http" and parts.hostname and parts.port != 0
    except ValueError:  # the port is not a number below 65536
        is_good = False
    if not is_good or found != f"http://{parts.netloc}" or "@" in parts.netloc:
        raise EndpointError(
            f"'{endpoint}' is not the endpoint of a local cloud; write it as in {DEFAULT}"
        )
    return found


def unreachable(endpoint: str, error: Exception) -> EndpointError:
    """Return the error for an endpoint at which nobody answers."""
    reason = getattr(error, "strerror", "") or str(error) or type(error).__name__
    reason = re.sub(r"^\[Errno -?\d+\] ", "", reason)
    return EndpointError(
        f"no local cloud answers at {endpoint} ({reason}); start one with 'make cloud', or name "
        "another with --endpoint"
    )


def foreign(endpoint: str, status: int) -> EndpointError:
    """Return the error for an endpoint at which somebody else answers."""
    return EndpointError(
        f"what answers at {endpoint} is not a local cloud (HTTP {status}); start one with "
        "'make cloud ARGS=\"--port 0\"', and name it with --endpoint"
    )
