"""The life of an account on an instance of the local cloud, at each isolation that works here."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.sandbox import SandboxLab
from localcloud.sandbox import skeleton
from localcloud.sandbox.instance import Script
from localcloud.sandbox.isolation import SandboxUnavailableError
from localcloud.sandbox.level import Level
from scripts.provision.render import Action, render
from tests.unit.provision.host import Run, substituted
from tests.unit.provision.real import CATALOGUE

LIFE: list[tuple[str, Action, str]] = [
    ("devops", "provision", "created"),
    ("devops", "provision", "unchanged"),
    ("reader", "provision", "updated"),
    ("reader", "deprovision", "locked"),
    ("reader", "deprovision", "unchanged"),
    ("devops", "provision", "updated"),
]


@pytest.fixture(params=list(Level), ids=str)
async def lab(request: pytest.FixtureRequest) -> AsyncIterator[SandboxLab]:
    """Return a cloud with one instance."""
    folder = Path(tempfile.mkdtemp(prefix="localcloud-provision-", dir=tempfile.gettempdir()))
    folder.chmod(0o755)
    lab = SandboxLab(folder, request.param)
    try:
        await lab.machines.isolation()
        yield lab
    except SandboxUnavailableError as error:
        pytest.skip(str(error))
    finally:
        await lab.close()
        skeleton.remove(folder)
        shutil.rmtree(folder, ignore_errors=True)


async def test_account_lives_its_whole_life_on_an_instance(lab: SandboxLab) -> None:
    """Also where root is only pretended the two scripts do and report the same."""
    for number, (role, action, status) in enumerate(LIFE):
        text = substituted(render(CATALOGUE, action).text, "E123", role)
        script = Script(f"t-{number}", text.encode(), 60.0)
        ended = await lab.machines.run("i-1", script, None)
        output = ended.output.decode()
        found = Run(ended.exit_code, output.splitlines()[-1], output)
        assert status == found.result["status"], output
