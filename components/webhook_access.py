"""Who may post to the webhook of an HTTPS event source.

Source: EventBridge, "Create an HTTP/HTTPS event source".
"""

from collections.abc import Sequence

MOST_LISTED = 5
"""How many addresses, or referers, a source checks."""


def contradiction(allowed_ips: Sequence[object], allowed_referers: Sequence[object]) -> str | None:
    """Return why EventBridge takes no source with these lists; None if it takes it."""
    if allowed_ips and allowed_referers:
        return "a source checks either IP addresses or referers, not both"
    if len(allowed_ips) > MOST_LISTED or len(allowed_referers) > MOST_LISTED:
        return f"a source checks at most {MOST_LISTED} IP addresses or referers"
    return None
