"""A local cloud for each module, and the clients for it."""

from collections.abc import Iterator

import pytest

from lab.running_cloud import RunningCloud, running_cloud
from lab.sdks import Sdks, sdks_of


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Return a local cloud with nothing in it."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def sdks(cloud: RunningCloud) -> Sdks:
    """Return the official SDKs with the account's key."""
    return sdks_of(cloud)
