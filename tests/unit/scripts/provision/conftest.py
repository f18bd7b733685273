"""A host in a folder, and a catalogue small enough to read in a test."""

from pathlib import Path

import pytest

from scripts.provision.catalogue import Catalogue
from tests.unit.scripts.provision.host import Host, key

CATALOGUE = {
    "everyone": {"groups": ["employees"]},
    "roles": {
        "devops": {
            "packages": ["git", {"dnf": "vim-enhanced", "apt": "vim"}],
            "groups": ["deploy", "adm"],
            "sudo": ["ALL=(root) NOPASSWD: /usr/bin/systemctl restart app.service"],
            "ssh_keys": [key("team"), key("devops")],
            "files": [{"path": ".config/role", "content": "devops\n", "mode": "0600"}],
        },
        "dba": {
            "groups": ["dba", "adm"],
            "sudo": ["ALL=(mysql) NOPASSWD: ALL"],
            "ssh_keys": [key("team"), key("dba")],
        },
        "analyst": {"groups": ["analysts"], "primary_group": "data", "expires_days": 30},
        "shellless": {"shell": "/usr/bin/no-such-shell"},
        "refused": {"sudo": ["ALL=(root) REFUSED"]},
        "broken-package": {"packages": ["no-such-package"]},
    },
}


@pytest.fixture
def catalogue() -> Catalogue:
    """Give the catalogue of these tests."""
    return Catalogue.model_validate(CATALOGUE)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Give a host that knows root and one account made by somebody else."""
    return Host(tmp_path)
