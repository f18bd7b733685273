"""Loading keeps the garbage collector away, and only while it lasts."""

import gc

import pytest

from localcloud.commandline.loading import loading


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_collector_is_left_as_it_was(was_enabled: bool) -> None:
    """Also by a block that fails."""
    if not was_enabled:
        gc.disable()
    try:
        with pytest.raises(ZeroDivisionError), loading():
            raise_unless(gc.isenabled())
        assert gc.isenabled() is was_enabled
    finally:
        gc.unfreeze()
        gc.enable()


def raise_unless(is_collecting: bool) -> None:
    """Fail as a module does, if the collector is away."""
    if not is_collecting:
        raise ZeroDivisionError
