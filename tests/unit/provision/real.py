"""E123 on a real root: what the tests of the real tools share."""

from scripts.provision.catalogue import Catalogue
from scripts.provision.render import Action, render
from tests.unit.provision.conftest import ADM
from tests.unit.provision.host import STANDINS, Run, key, substituted
from tests.unit.provision.overlay import Overlay

CATALOGUE = Catalogue.model_validate(
    {
        "everyone": {"groups": ["employees"], "packages": ["coreutils", "bash"]},
        "roles": {
            "devops": {
                "groups": ["deploy", ADM],
                "sudo": ["ALL=(root) NOPASSWD: /usr/bin/systemctl restart app.service"],
                "ssh_keys": [key("devops")],
                "files": [{"path": ".config/role", "content": "devops\n"}],
            },
            "analyst": {
                "groups": ["analysts"],
                "primary_group": "data",
                "expires_days": 30,
                "ssh_keys": [key("analyst")],
            },
            "reader": {"files": [{"path": ".config/reader", "content": "reader\n"}]},
        },
    }
)

HOME = "/home/emp-e123"
KEYS = f"{HOME}/.ssh/authorized_keys"
SUDO = "/etc/sudoers.d/provisioning-emp-e123"


def prepare(root: Overlay) -> None:
    """Put into the root a sudoers that includes sudoers.d, and a visudo if the machine has none."""
    if root.run("PATH=$PATH:/usr/sbin; command -v visudo").code != 0:
        root.write("/usr/sbin/visudo", (STANDINS / "visudo").read_text(), "755")
    root.write("/etc/sudoers", "root ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n", "440")


def run(root: Overlay, role: str, action: Action = "provision", emp_id: str = "E123") -> Run:
    """Run the script."""
    return root.run_script(substituted(render(CATALOGUE, action).text, emp_id, role))


def as_employee(command: str) -> str:
    """Write a command that E123 runs in the home, with the groups of a login."""
    quoted = command.replace("'", "'\\''")
    return (
        f"cd {HOME} && HOME={HOME} setpriv --reuid=emp-e123 --regid=emp-e123 --init-groups"
        f" bash -c '{quoted}'"
    )
