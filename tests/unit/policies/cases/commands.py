"""The cases of the rules about Cloud Assistant commands."""

from tests.unit.policies.cases.case import KEY, RESTART, Case, script
from tests.unit.policies.sample_stack import SCRIPT, UNKNOWN

CASES: dict[str, Case] = {
    "command-encoded": Case(
        broken=(
            ({"command.commandContent": "echo hello"}, "is not Base64"),
            ({"command.commandContent": None}, "is not Base64"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-size": Case(
        broken=((script("#" * 24_576), "32768 bytes; at most 24576"),),
        kept=({}, script("#" * 13_824)),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-timeout": Case(
        broken=(
            ({"command.timeout": None}, "no timeout is set"),
            ({"command.timeout": 7200}, "timeout is 7200 s; at most 3600 s"),
        ),
        unknown={"command.timeout": UNKNOWN},
    ),
    "command-parameters-enabled": Case(
        broken=(
            ({"command.enableParameter": False}, "has the parameters user"),
            ({"command.enableParameter": None}, "has the parameters user"),
            (script("set -e\n: as root\n"), "has no {{parameter}}"),
        ),
        kept=({}, {**script("echo {{ACS::InstanceId}}"), "command.enableParameter": None}),
        unknown={"command.enableParameter": UNKNOWN},
    ),
    "command-parameters-quoted": Case(
        broken=(
            (script("user={{user}}\n"), "line 1: {{user}} stands unquoted"),
            (script('\nuser="{{user}}"\n'), "line 2: {{user}} stands in double quotes"),
            (script("# {{user}}\nexit\ntrue\n"), "stands in a comment"),
            (script("cat <<EOF\n{{user}}\nEOF\n"), "in a here-document that is expanded"),
            (script("user='{{user}}'\n"), "stands in single quotes"),
            (script("cat <<'EOF'\n{{user}}\nEOF\n"), "in a here-document that is not expanded"),
        ),
        kept=(
            {},
            script("#!/usr/bin/env python3\nuser = {{user}}\n"),
            {**script("echo {{user}}\n"), "command.type": "RunPowerShellScript"},
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-parameters-validated": Case(
        broken=(
            (script("user='{{user}}'\nuseradd \"$user\"\n"), "value of {{user}} is compared"),
            (script("who='{{user}}'\n[[ $other =~ ^a$ ]]\n"), "value of {{user}} is compared"),
        ),
        kept=(
            {},
            script("who='{{user}}'\n[[ ${who} =~ ^[a-z]+$ ]] || exit 2\n"),
            script("user='{{ user }}'\ncase \"$user\" in *[!a-z]*) exit 2 ;; esac\n"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-stops-on-error": Case(
        broken=(
            (script("useradd x\nexit 0\n"), "may go on after an error"),
            (script("useradd x\nset -e\n"), "may go on after an error"),
        ),
        kept=(
            {},
            script("#!/bin/sh -e\ntrue\n"),
            script("set -o errexit\n"),
            script("# why\nreadonly A='b;\nc'\nB=(1 2)\nset -e\n"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-root-stated": Case(
        broken=((script(SCRIPT.replace("Needs root", "Careful")), "gives no reason"),),
        kept=(
            {},
            {**script("set -e\n"), "command.description": "Makes accounts, so it runs as root"},
        ),
        unknown={"command.description": UNKNOWN},
    ),
    "command-readable": Case(
        broken=(
            (script("#!/usr/bin/env python3\n# {{user}}\n"), "is not a shell script"),
            ({"command.type": "RunPowerShellScript"}, "'RunPowerShellScript' is not a shell"),
        ),
        kept=({}, script("#!/bin/dash\n"), {"command.commandContent": "?"}),
        unknown={"command.type": UNKNOWN},
    ),
    "command-fetches-https": Case(
        broken=((script("curl http://a.example/b"), "line 1 names a.example over plain HTTP"),),
        kept=(
            {},
            script("curl https://a.example\n# http://a.example\ncurl http://127.0.0.1/\n"),
            script("curl http://100.100.100.200/latest/meta-data/instance-id\n"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-runs-what-it-holds": Case(
        broken=(
            (script("curl -s https://a.example | sh\n"), "line 1 runs what is not in the script"),
            (script("yum install -y https://a.example/b.rpm\n"), "installs what it fetches"),
            (
                script("curl -so a.sh https://a.example\nbash a.sh\n"),
                "line 2 runs a.sh, which was fetched",
            ),
        ),
        kept=(
            {},
            script("# curl x | sh\ncurl -s https://a.example | jq .id\nyum install -y jq\n"),
            script(
                "curl -so a.sh https://a.example\necho '0  a.sh' | sha256sum --check\nbash a.sh\n"
            ),
            script("curl -so a.json https://a.example\njq . a.json\n"),
            script("curl -s https://a.example | python3 -c 'import json'\n"),
            script("python3 - <<'END'\nprint(1)\nEND\nbash /opt/own.sh </dev/null\n"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-sudo-narrow": Case(
        broken=(
            (script("sudo ALL=(ALL) NOPASSWD: ALL"), "line 1 allows every command"),
            (script("sudo ALL=(root) NOPASSWD: /bin/vi"), "allows /bin/vi, which opens a shell"),
            (script("sudo ALL=(root) /bin/cat /var/log/*"), "has a wildcard"),
            (script("sudo ALL=(root) NOPASSWD: reboot"), "names 'reboot' without its path"),
        ),
        kept=(
            {},
            script("sudo ALL=(root) NOPASSWD: /usr/bin/systemctl restart app.service\n"),
            script("sudo ALL=(deploy, www) NOPASSWD: ALL\nPATH=/bin:/usr/bin\n"),
            script("sudo ALL=(root) NOPASSWD: /usr/bin/journalctl --no-pager -u app\n"),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-groups-narrow": Case(
        broken=(
            (script("usermod -aG docker x"), "adds the group 'docker'"),
            (script("groups deploy wheel"), "adds the group 'wheel'"),
        ),
        kept=({}, script("groups deploy systemd-journal adm\n# usermod -aG docker x\n")),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-keys-personal": Case(
        broken=(
            (script(f"key {KEY} a\nkey {KEY} b"), "line 2 gives the public key of line 1"),
            (script(f"readonly EVERYONE='key {KEY} a'"), "gives everybody the same public key"),
        ),
        kept=({}, script(f"key {KEY} a\nkey {KEY[:-1]}B b")),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "command-accounts-end": Case(
        broken=(
            (script(f"[ops]='packages git\n{RESTART}'"), "'ops' a sudo rule for root, and no end"),
            (script(f"[ops]='{RESTART}\nexpires 900'"), "sudo rule for root, and 900 days"),
            (script(f"EVERYONE='{RESTART}'\n[ops]='groups ops'"), "'ops' a sudo rule for root"),
            (script("useradd --create-home emp-1"), "line 1 creates an account that has no end"),
            (script("useradd -e '' emp-1"), "takes an account's end away"),
            (script("chage -E -1 emp-1"), "takes an account's end away"),
        ),
        kept=(
            {},
            script(f"[ops]='{RESTART}\nexpires 365'"),
            script("[ops]='groups deploy\nsudo ALL=(deploy) NOPASSWD: ALL'"),
            script("useradd --system --shell /usr/sbin/nologin agent"),
            script('useradd emp-1\nchage -E "$end" emp-1'),
        ),
        unknown={"command.commandContent": UNKNOWN},
    ),
}
