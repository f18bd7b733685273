"""Whole numbers as requests write them."""

_DIGITS = 18
"""What a row of the store can keep."""


def whole_number(text: str) -> int | None:
    """Return the number that ASCII digits write, or None for any other text."""
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS:
        return int(text)
    return None
