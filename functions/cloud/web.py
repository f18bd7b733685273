"""Sends one HTTP request with a time limit for all of it.

Redirects are answers like any other: whoever runs the other end must not be able to send a
function on to an address inside the network. Errors name neither the URL nor a header, because a
chat's webhook URL is its credential.
"""

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from functions.cloud import connections
from functions.cloud.errors import PermanentError, UnreachableError

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse
    from urllib.parse import SplitResult

LARGEST_ANSWER_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class Answer(NamedTuple):
    """The server's answer."""

    status: int
    body: bytes


class Send(Protocol):
    """Sends a request; tests put their own in place of :func:`send`."""

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Answer:
        """Return the answer, whatever its status, or raise :class:`UnreachableError`."""
        ...


def send(method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Answer:
    """Send a request and read the answer, through the proxy if the environment names one.

    Raises:
        UnreachableError: if there is no whole answer within the time limit.
        PermanentError: if the URL or a header cannot be sent at all.
        SettingError: if the proxy that the environment names is not one.
    """
    from http.client import HTTPException  # noqa: PLC0415 - as in `connections`

    route = connections.route(_parts(url))
    end = time.monotonic() + seconds
    connection = _connected(route.peer, seconds)
    try:
        with connections.lent(route.peer, connection):
            connection.request(method, route.target, body, {**headers, **route.headers})
            with connection.getresponse() as answer:
                return Answer(answer.status, b"".join(_chunks(answer, end)))
    except TimeoutError:
        raise UnreachableError(f"no whole answer within {seconds:g} s", "Timeout") from None
    except (OSError, HTTPException) as error:
        name = type(error).__name__
        raise UnreachableError(f"the connection broke: {name}", name) from None
    except ValueError:
        raise PermanentError("a header or the URL holds characters that HTTP forbids") from None


def _chunks(answer: "HTTPResponse", end: float) -> Iterator[bytes]:
    size = 0
    while chunk := answer.read1(_CHUNK_BYTES):
        size += len(chunk)
        yield chunk
        if size > LARGEST_ANSWER_BYTES:
            raise UnreachableError("the answer is longer than 4 MiB", "AnswerTooLong")
        if time.monotonic() > end:
            raise TimeoutError


def _connected(peer: connections.Peer, seconds: float) -> "HTTPConnection":
    try:
        return connections.take(peer, seconds)
    except TimeoutError:
        raise UnreachableError(f"no connection within {seconds:g} s", "Timeout") from None
    except OSError as error:
        name = type(error).__name__
        raise UnreachableError(f"no connection: {name}", name) from None


def check_url(url: str) -> None:
    """Refuse anything but a plain http or https URL with a host and without a user name."""
    _parts(url)


def _parts(url: str) -> "SplitResult":
    from urllib.parse import urlsplit  # noqa: PLC0415

    try:
        parts = urlsplit(url)
        host, user, _ = parts.hostname, parts.username, parts.port
    except ValueError:
        host, user, parts = None, None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or user is not None:
        raise PermanentError("the URL is not http(s)://host/..., without user and password")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise PermanentError("the URL holds spaces or characters outside ASCII")
    return parts


def header_value(text: str) -> str:
    """Return an id in a form that any HTTP header can hold; an odd one becomes its hash."""
    if 0 < len(text) <= 200 and text.isascii() and text.isprintable():
        return text
    from hashlib import sha256  # noqa: PLC0415

    return sha256(text.encode("utf-8", "replace")).hexdigest()
