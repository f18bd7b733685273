"""The texts that requests to Alibaba Cloud sign; clients write them, the gateway checks them."""

import base64
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import quote

DATED_HEADERS = ("content-md5", "content-type", "date")
"""The headers without a prefix of its own that every scheme with a ``Date`` signs."""


def rpc_text(method: str, params: Mapping[str, str]) -> str:
    """Return what RPC 1.0 signs: all parameters, of the query and of the form."""
    return f"{method}&{percent('/')}&{percent(sorted_query(params))}"


def rpc_key(secret: str) -> str:
    """Return the key with which RPC 1.0 signs."""
    return secret + "&"


def header_text(
    method: str,
    headers: Mapping[str, str],
    resource: str,
    prefixes: tuple[str, ...],
    named: tuple[str, ...] = DATED_HEADERS,
) -> str:
    """Return what the schemes with a ``Date`` sign.

    Args:
        method: the request's method.
        headers: its headers, with lower-case names.
        resource: its path and query, in the order that the scheme wants.
        prefixes: headers whose names begin so are signed with their names.
        named: headers that are signed by their values alone.
    """
    lines = [method, *(headers.get(name, "") for name in named)]
    lines += [
        f"{name}:{value}" for name, value in sorted(headers.items()) if name.startswith(prefixes)
    ]
    return "".join(f"{line}\n" for line in lines) + resource


def sorted_query(params: Mapping[str, str]) -> str:
    """Return parameters sorted and percent-encoded."""
    return "&".join(f"{percent(k)}={percent(v)}" for k, v in sorted(params.items()))


def percent(text: str) -> str:
    """Return a text percent-encoded as RFC 3986 has it."""
    return quote(text, safe="~")


def base64_hmac(digest: Callable[..., object], secret: str, text: str) -> str:
    """Return a signature as all schemes but the newest write it."""
    mac = hmac.new(secret.encode(), text.encode(), digest)  # type: ignore[arg-type]
    return base64.b64encode(mac.digest()).decode()
