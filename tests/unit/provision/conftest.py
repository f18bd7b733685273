"""A host in a folder, and a catalogue small enough to read in a test."""

from pathlib import Path
from typing import Any

import pytest

from scripts.provision.catalogue import Catalogue
from tests.unit.provision.host import Host, key

REASON = "the tests of the script need it"
ADM = {"group": "adm", "reason": REASON}
CATALOGUE: dict[str, Any] = {
    "everyone": {"groups": ["employees"]},
    "roles": {
        "devops": {
            "packages": ["git", {"dnf": "vim-enhanced", "apt": "vim"}],
            "groups": ["deploy", ADM],
            "sudo": ["ALL=(root) NOPASSWD: /usr/bin/systemctl restart app.service"],
            "ssh_keys": [key("team"), key("devops")],
            "files": [{"path": ".config/role", "content": "devops\n", "mode": "0600"}],
        },
        "dba": {
            "groups": ["dba", ADM],
            "sudo": [{"rule": "ALL=(mysql) NOPASSWD: ALL", "reason": REASON}],
            "ssh_keys": [key("team"), key("dba")],
        },
        "analyst": {"groups": ["analysts"], "primary_group": "data", "expires_days": 30},
        "shellless": {"shell": "/usr/bin/no-such-shell"},
        "refused": {"sudo": [{"rule": "ALL=(root) REFUSED", "reason": REASON}]},
        "broken-package": {"packages": ["no-such-package"]},
    },
}


@pytest.fixture
def catalogue() -> Catalogue:
    """Return the catalogue of these tests."""
    return Catalogue.model_validate(CATALOGUE)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Return a host that knows root and one account made by somebody else."""
    return Host(tmp_path)
