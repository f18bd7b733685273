"""What the functions' tests share."""

from collections.abc import Iterator

import pytest

from tests.unit.functions.loopback import Loopback, serving


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """Return an HTTP server on loopback."""
    with serving() as server:
        yield server
