"""No test sees what the shell has exported, whatever of it is meant for real accounts."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from lab.plain_user import turn
from localcloud.commandline.environment import clean

_OWN = ("PYTEST_", "HYPOTHESIS_", "PYTHONPATH")
_kept = clean(os.environ)

for _name in set(os.environ) - _kept.keys():
    if not _name.startswith(_OWN):
        del os.environ[_name]


@pytest.fixture(autouse=True)
def turn_of_users(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep tests that start processes as another user out of one that fills that user's up."""
    if request.path.parent.name not in {"fc", "sandbox"}:
        yield
        return
    with turn(alone=bool(request.node.get_closest_marker("fills_processes"))):
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests in the event loop that the local cloud runs in."""
    return "asyncio"


# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
