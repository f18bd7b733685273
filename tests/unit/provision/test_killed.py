"""A run that is killed leaves a state that the next run mends: on a real root."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.provision.render import Action, render
from tests.unit.provision.host import key, substituted
from tests.unit.provision.overlay import Overlay, missing
from tests.unit.provision.real import CATALOGUE, prepare, run

_REASON = missing()
pytestmark = pytest.mark.skipif(bool(_REASON), reason=_REASON)

STEPS = [1, 2, 4, 6, 8, 11, 14, 17, 21, 26]
"""Before which of a run's tools it is killed; beyond the last one nothing is killed."""

LIFE: list[tuple[str, Action]] = [
    ("devops", "provision"), ("analyst", "provision"), ("analyst", "deprovision"),
    ("devops", "provision"),
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Overlay]:
    """Return a throw-away root."""
    with Overlay(tmp_path) as overlay:
        prepare(overlay)
        yield overlay


def killed(root: Overlay, emp_id: str, role: str, action: Action, step: int) -> None:
    """Run the script and kill it before one of its tools."""
    text = substituted(render(CATALOGUE, action).text, emp_id, role)
    inserted = f"try() {{\n((++step != {step})) || kill -KILL $$\n"
    assert text.count("\ntry() {\n") == 1
    text = text.replace("\ntry() {\n", f"\nstep=0\n{inserted}")
    assert root.run_script(text).code in {0, 137}


@pytest.mark.parametrize("step", STEPS)
def test_next_run_mends_what_a_killed_one_left(root: Overlay, step: int) -> None:
    """Killed at any step of a life, an account is what it would have been without."""
    for role, action in LIFE:
        killed(root, "E123", role, action, step)
        again = run(root, role, action)
        assert again.code == 0, again.stderr
        groups = set(root.output("id -Gn emp-e123").split())
        sudo = root.run("test -e /etc/sudoers.d/provisioning-emp-e123").code == 0
        entry = root.output("getent shadow emp-e123").split(":")
        keys = root.run("cat /home/emp-e123/.ssh/authorized_keys").stdout.strip()
        found = (groups, sudo, entry[7] == "1", keys)
        assert {
            "devops": ({"emp-e123", "employees", "deploy", "adm"}, True, False, key("devops")),
            "analyst": ({"data", "employees", "analysts"}, False, False, key("analyst")),
            "nobody": ({"emp-e123"}, False, True, ""),
        }[role if action == "provision" else "nobody"] == found
        assert run(root, role, action).result["status"] == "unchanged"
        assert root.output("ls -A /home/.provisioning 2>/dev/null | grep -v homes; true") == ""
    assert root.output("stat -c %U /home/emp-e123") == "emp-e123"
