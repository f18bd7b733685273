"""Instances to test with: each test that takes ``lab`` runs once per isolation that works here."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.sandbox import SandboxLab
from localcloud.sandbox import skeleton
from localcloud.sandbox.isolation import SandboxUnavailableError
from localcloud.sandbox.level import Level

_broken: dict[Level, str] = {}


@pytest.fixture(params=list(Level), ids=str, scope="module")
async def lab(request: pytest.FixtureRequest) -> AsyncIterator[SandboxLab]:
    """Return a cloud with one instance for the tests of a file, at each level that works here."""
    level = request.param
    if level in _broken:
        pytest.skip(_broken[level])
    if not shutil.which("bash"):
        pytest.skip("no bash on this machine")
    folder = Path(tempfile.mkdtemp(prefix="localcloud-test-"))
    folder.chmod(0o755)  # the scripts of the weakest level run as another user
    lab = SandboxLab(folder, level)
    try:
        await lab.machines.isolation()
    except SandboxUnavailableError as error:
        _broken[level] = str(error)
        await lab.close()
        pytest.skip(str(error))
    yield lab
    await lab.close()
    skeleton.remove(folder)
    assert not folder.exists()


@pytest.fixture
def data(lab: SandboxLab) -> Path:
    """Return the folder of the lab's data."""
    return lab.data
