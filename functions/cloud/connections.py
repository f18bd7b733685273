"""HTTP connections that are used again while they are fresh, through the environment's proxy.

A function calls the same few hosts one after another, and a handshake takes longer than most calls.
"""

import os
import select
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from functions.cloud.errors import SettingError

# What is imported in functions takes longer to import than all the rest of a function; a cold start
# that ends in a decision without a call does not pay for it.
if TYPE_CHECKING:
    from http.client import HTTPConnection
    from ssl import SSLContext
    from urllib.parse import SplitResult

_FRESH_SECONDS = 3.0
"""How long a connection may lie idle; servers close theirs after five seconds or more."""


class Peer(NamedTuple):
    """The other end of a connection: a server, or the proxy before it."""

    secure: bool
    host: str
    port: int | None
    tunnel: tuple[str, int | None] | None = None
    """The server that the proxy is to connect to, for https."""
    authorization: str = ""
    """What the proxy wants to see in ``Proxy-Authorization``."""


class Route(NamedTuple):
    """How a request gets to its server."""

    peer: Peer
    target: str
    """What the request line asks for: a path, or the whole URL where a proxy is asked."""
    headers: Mapping[str, str]
    """What the request must say besides, to the proxy."""


_idle: "dict[Peer, list[tuple[float, HTTPConnection]]]" = {}
"""Open connections, and when each was used last by the wall's clock.

Function Compute may freeze an instance between two events, for minutes; the wall's clock goes on.
"""


def route(parts: "SplitResult") -> Route:
    """Return the way to a URL: through the proxy if the environment names one.

    Raises:
        SettingError: if what it names is not one.
    """
    secure, host = parts.scheme == "https", parts.hostname or ""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    proxy = _proxy(parts)
    if proxy is None:
        return Route(Peer(secure, host, parts.port), path, {})
    server, port = proxy.hostname or "", proxy.port
    authorization = _authorization(proxy)
    if secure:
        tunnel = (host, parts.port)
        return Route(Peer(secure, server, port, tunnel, authorization), path, {})
    asked = {"proxy-authorization": authorization} if authorization else {}
    whole = f"{parts.scheme}://{parts.netloc}{path}"
    return Route(Peer(secure, server, port), whole, asked)


def take(peer: Peer, seconds: float) -> "HTTPConnection":
    """Return an open connection, which no other caller has.

    Raises:
        OSError: if the peer cannot be reached within that time.
    """
    kept = _idle.get(peer, [])
    while kept:
        used, connection = kept.pop()
        if 0 <= time.time() - used <= _FRESH_SECONDS and not _has_news(connection):
            connection.sock.settimeout(seconds)
            return connection
        connection.close()
    connection = _new(peer, seconds)
    connection.connect()
    return connection


@contextmanager
def lent(peer: Peer, connection: "HTTPConnection") -> Iterator[None]:
    """Keep a connection whose answer was read to its end; close it after any error."""
    try:
        yield
    except BaseException:
        connection.close()
        raise
    # It is closed already where the server would not take another request.
    if connection.sock is not None:
        _idle.setdefault(peer, []).append((time.time(), connection))


def _has_news(connection: "HTTPConnection") -> bool:
    """Return whether the other end has closed, or says what nobody asked for."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _new(peer: Peer, seconds: float) -> "HTTPConnection":
    from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415

    if not peer.secure:
        return HTTPConnection(peer.host, peer.port, timeout=seconds)
    connection = HTTPSConnection(peer.host, peer.port, timeout=seconds, context=_certificates())
    if peer.tunnel:
        # Only the proxy may read how to log in to it.
        asked = {"Proxy-Authorization": peer.authorization} if peer.authorization else {}
        connection.set_tunnel(*peer.tunnel, headers=asked)
    return connection


@cache
def _certificates() -> "SSLContext":
    import ssl  # noqa: PLC0415

    # Loading the certificates takes longer than a handshake.
    return ssl.create_default_context()


def _proxy(parts: "SplitResult") -> "SplitResult | None":
    name = f"{parts.scheme}_proxy"
    if not (os.environ.get(name) or os.environ.get(name.upper())):
        return None
    settings = (name, name.upper(), "no_proxy", "NO_PROXY", "REQUEST_METHOD")
    return _proxy_to(parts.scheme, parts.netloc, tuple(map(os.environ.get, settings)))


@lru_cache(maxsize=64)
def _proxy_to(
    scheme: str,
    place: str,
    settings: tuple[str | None, ...],  # noqa: ARG001 - what the library reads of the environment
) -> "SplitResult | None":
    """Look the proxy up once, as long as the environment says the same: the library reads it all.

    Raises:
        SettingError: if what the environment names is not one.
    """
    from urllib.parse import urlsplit  # noqa: PLC0415
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415

    named = getproxies().get(scheme)
    if not named or proxy_bypass(place):
        return None
    try:
        proxy = urlsplit(named if "://" in named else f"http://{named}")
        is_right = proxy.scheme == "http" and proxy.hostname and " " not in proxy.netloc
        proxy.port  # noqa: B018 - raises if it is none
    except ValueError:
        is_right = False
    if not is_right or not named.isprintable():
        # The value may hold a password.
        raise SettingError(
            f"{scheme}_proxy".upper(), "is not the address of a proxy, http://host:port"
        )
    return proxy


def _authorization(proxy: "SplitResult") -> str:
    if proxy.username is None:
        return ""
    from base64 import b64encode  # noqa: PLC0415
    from urllib.parse import unquote  # noqa: PLC0415

    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return f"Basic {b64encode(login.encode()).decode()}"
