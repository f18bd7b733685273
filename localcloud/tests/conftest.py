"""The fixtures of all tests of the local cloud."""

from collections.abc import Iterator

import pytest

from lab.isolated import anyio_backend
from lab.plain_user import turn

__all__ = ["anyio_backend"]


@pytest.fixture(autouse=True)
def turn_of_users(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep tests that start processes as another user out of one that fills that user's up."""
    if request.path.parent.name not in {"fc", "sandbox"}:
        yield
        return
    with turn(alone=bool(request.node.get_closest_marker("fills_processes"))):
        yield
