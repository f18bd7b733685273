"""A local cloud for each module, and the loop in it for those that need one."""

from collections.abc import Iterator

import pytest

from localcloud.demo.loop import Loop
from tests.e2e.running_cloud import RunningCloud, running_cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """Give a local cloud with nothing in it."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def loop(cloud: RunningCloud) -> Loop:
    """Give the loop of stack ``local``, deployed without an engine."""
    return cloud.deploy()
