"""No test sees what the shell has exported, whatever of it is meant for real accounts."""

import os

import hypothesis
import pytest

from localcloud.commandline.environment import clean

_OWN = ("PYTEST_", "HYPOTHESIS_")
_kept = clean(os.environ)

for _name in set(os.environ) - _kept.keys():
    if not _name.startswith(_OWN):
        del os.environ[_name]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests in asyncio."""
    return "asyncio"


# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
