"""Reads the numbers that events and APIs use."""


def whole_number(value: object) -> int | None:
    """Return a whole number that may arrive as text, or as a double after a re-write of JSON."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return None
