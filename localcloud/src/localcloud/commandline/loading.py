"""Loads modules without looking for garbage: what they make stays, and each look goes over it all.

What is there when all are loaded is set apart: the collector never looks at it again.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Keep the garbage collector away while a block loads what lives as long as the process."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
