"""What every test needs to depend on nothing of the machine: a pytest plugin."""

import os

import hypothesis
import pytest

from localcloud.commandline.environment import clean

_OWN = ("PYTEST_", "HYPOTHESIS_", "PYTHONPATH")

# No test sees what the shell exports: some of it is meant for real accounts.
for _name in set(os.environ) - clean(os.environ).keys():
    if not _name.startswith(_OWN):
        del os.environ[_name]

# How long an example takes depends on how busy the machine is.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests in the event loop that the local cloud runs in."""
    return "asyncio"
