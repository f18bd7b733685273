"""A terminal of one's own, as a developer's commands have it."""

import os
import pty
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """Yield both ends of a new terminal, what a person sees first; skip where there is none."""
    try:
        ends = pty.openpty()
    except OSError as error:
        pytest.skip(f"this machine gives no terminal: {error}")
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)
