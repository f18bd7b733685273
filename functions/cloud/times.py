"""Reads and writes the times that events, APIs and chats use."""

from datetime import UTC, datetime


def parse(text: object) -> float | None:
    """Return seconds since 1970, or None if the text is not a time.

    EventBridge's own samples have three forms: ``...Z``, ``...+08:00`` and ``...Asia/Shanghai``.
    A time without a zone is taken as UTC.
    """
    if not isinstance(text, str) or not 10 <= len(text) <= 64:
        return None
    if text.endswith("Asia/Shanghai"):
        text = text.removesuffix("Asia/Shanghai").strip() + "+08:00"
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def iso(seconds: float) -> str:
    """Write a time as CloudEvents want it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def seconds_between(start: str, finish: str) -> int | None:
    """Return how long something took, or None if that is unknown."""
    first, last = parse(start), parse(finish)
    if first is None or last is None or last < first:
        return None
    return round(last - first)
