"""What a shell has exported for real accounts reaches nothing that only plays."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.commandline.environment import clean

ROOT = Path(__file__).parents[3]
POISONED = str(ROOT / "ops" / "dev" / "poisoned.sh")
_PRINT = "import json, os; print(json.dumps(dict(os.environ)))"
_WRITE = 'echo "a stack" >"${PULUMI_BACKEND_URL#file://}/stack"'


def exported() -> dict[str, str]:
    """Return what the script exports, with the value of each."""
    shown = subprocess.run(
        [POISONED, sys.executable, "-E", "-c", _PRINT], capture_output=True, text=True, check=True
    )
    found = json.loads(shown.stdout)
    return {name: value for name, value in found.items() if os.environ.get(name) != value}


def test_nothing_of_a_poisoned_shell_is_kept() -> None:
    """Of all that is exported only the place of the engine's plugins stays; no login is used."""
    poison = exported()
    assert {"PULUMI_BACKEND_URL", "PULUMI_CONFIG", "PULUMI_CONFIG_PASSPHRASE_FILE"} < set(poison)
    assert {"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_SECRET_KEY", "HTTPS_PROXY"} < set(poison)
    assert set(clean(poison)) - {"COLUMNS", "LINES"} == {"PULUMI_HOME"}


def test_what_a_program_needs_is_kept() -> None:
    """Without them no command is found, and no package fetched."""
    needed = {"PATH": "/bin", "HOME": "/root", "LC_ALL": "C", "PIP_CERT": "/etc/ca.crt"}
    assert clean(needed) == needed


def test_make_hands_on_no_setting_of_the_interpreter() -> None:
    """Modules of elsewhere would be loaded, or each start would compile all of them anew."""
    settings = {"PYTHONPATH": "/x", "PYTHONHOME": "/x", "PYTHONDONTWRITEBYTECODE": "1"}
    show = "show:; @env"
    done = subprocess.run(
        ["make", "--no-print-directory", f"--eval={show}", "show"],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert not [line for line in done.stdout.splitlines() if line.partition("=")[0] in settings]


def test_the_tests_themselves_run_in_a_clean_environment() -> None:
    """Whatever this shell has exported, a test and its children see nothing of it."""
    kept = set(clean(os.environ))
    assert [n for n in set(os.environ) - kept if not n.startswith(("PYTEST_", "HYPOTHESIS_"))] == []


@pytest.mark.parametrize(("command", "code"), [("true", 0), (_WRITE, 1), ("exit 3", 3)])
def test_a_touched_backend_is_noticed(command: str, code: int) -> None:
    """The check fails if the command fails, or left a stack in the team's backend."""
    done = subprocess.run(
        [POISONED, "bash", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert ("wrote into the backend" in done.stderr) == (code == 1)
