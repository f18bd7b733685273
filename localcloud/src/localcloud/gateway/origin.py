"""Requests that a web page sent: refused, whatever they ask for and however they are signed.

A browser on this machine reaches the local cloud for any page that it shows. It says so: ``Origin``
and ``Sec-Fetch-Site`` can't be changed by a page, nor can ``Host``, which is the page's own name
when that was made to lead here (DNS rebinding).
"""

from collections.abc import Mapping

from localcloud.settings import SUFFIX

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1", ""})
_SAME_SITE = frozenset({"", "none", "same-origin"})


def host_of(headers: Mapping[str, str]) -> str:
    """Return the name in ``Host``, lower-case and without the port."""
    text = headers.get("host", "").lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


def refusal(headers: Mapping[str, str]) -> str:
    """Return why a request is refused before anything else is looked at; empty if it is not."""
    host = host_of(headers)
    if host not in LOCAL_HOSTS and not host.endswith(SUFFIX):
        return f"the local cloud does not answer for the host '{host[:200]}'"
    origin = headers.get("origin", "")
    if origin and origin.lower() != f"http://{headers.get('host', '').lower()}":
        return f"the local cloud takes no requests from pages of '{origin[:200]}'"
    if headers.get("sec-fetch-site", "").lower() not in _SAME_SITE:
        return "the local cloud takes no requests from pages of other sites"
    return ""
