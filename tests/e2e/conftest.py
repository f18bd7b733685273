"""A local cloud for each module, and the loop in it for those that need one."""

from collections.abc import Iterator

import pytest

from demo.loop import Loop
from lab.running_cloud import RunningCloud
from lab.sdks import Sdks, sdks_of
from tests.e2e.deployed import deploy, running_cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Return a local cloud with nothing in it."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def loop(cloud: RunningCloud) -> Loop:
    """Return the loop of stack ``local``, deployed without an engine."""
    return deploy(cloud)


@pytest.fixture(scope="module")
def sdks(cloud: RunningCloud) -> Sdks:
    """Return the official SDKs with the account's key."""
    return sdks_of(cloud)
