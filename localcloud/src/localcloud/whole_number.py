"""Whole numbers as requests write them."""

_DIGITS = 18
"""What a row of the store can keep."""


def whole_number(text: str) -> int | None:
    """Return what ASCII digits say; nothing for anything else that Python takes for digits."""
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS:
        return int(text)
    return None
