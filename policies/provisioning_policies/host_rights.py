"""Finds in a script what makes root of an ordinary account: sudo rules and groups.

Sources: sudoers(5), and GTFOBins for the programs that start another one, read or write any file.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

_RULE = re.compile(
    r"(?P<host>[\w.*?-]+)[ \t]*=[ \t]*(?:\((?P<users>[^)\n]*)\)[ \t]*)?"
    r"(?P<tags>(?:[A-Z_]{4,}:[ \t]*)*)(?P<commands>[!/A-Za-z][^'\"\n]*)?"
)
_A_COMMAND = re.compile(r"!|/|ALL\b|sudoedit\b|[A-Z_]{3,}\b")
_ORDINARY_USER = re.compile(r"(?!root$)[a-z_][\w.-]*\$?")
_ALWAYS_A_SHELL = """
    vi vim vim.basic vimdiff view rvim nvim nano pico joe ed ex emacs mcedit sudoedit visudo vipw
    less more most pg man info
    sh bash dash ash zsh ksh mksh csh tcsh fish su sudo
"""
"""Editors, pagers and shells lead to a shell whatever they are started with."""
_A_SHELL_OR_ANY_FILE = """
    busybox python python2 python3 perl ruby node php lua awk gawk mawk tclsh expect gdb irb
    jrunscript env nice nohup timeout time watch xargs find script screen tmux strace ltrace at
    batch crontab systemd-run run-parts start-stop-daemon chroot nsenter unshare setarch ssh scp
    sftp git svn hg journalctl make cmake docker podman ctr nerdctl kubectl lxc lxd virsh ansible
    ansible-playbook mysql psql sqlite3 mongo redis-cli tcpdump nmap ftp telnet socat nc ncat
    systemctl cp mv dd tee install ln tar zip unzip cpio rsync sed cat head tail base64 xxd chmod
    chown chgrp setfacl setcap mount umount debugfs losetup insmod modprobe passwd chpasswd
    useradd usermod userdel groupadd groupmod gpasswd chsh apt apt-get dpkg yum dnf rpm zypper
    snap pip pip3 npm gem curl wget openssl
"""
"""These do no more than their arguments say, so a rule has to write the arguments down."""
_ROOT_GROUPS = (
    *("root", "wheel", "sudo", "admin", "docker", "podman", "lxd", "lxc", "libvirt", "kvm"),
    *("disk", "shadow", "kmem", "mem", "sys", "tty"),
)
_NAMES = r"[ =]*[\"']?(?P<{}>[\w,.-]+)"
_JOINS = re.compile(
    rf"\b(?:usermod|useradd|adduser)\b[^\n;|]*?\s(?:-\w*[gG]|--groups?|--gid){_NAMES.format('a')}"
    rf"|\bgpasswd\b[^\n;|]*?(?:-a|--add)[ =]+\S+{_NAMES.format('b')}"
    rf"|\bgroupmems\b[^\n;|]*?(?:-g|--group){_NAMES.format('c')}"
    rf"|\b(?:adduser|addgroup)[ ]+[\w$\"'{{}}-]+[ ]+{_NAMES.format('d')}"
    r"|(?:^|[(\"'])[ \t]*groups?[ ]+(?P<e>[a-z_][\w -]*)"
)
_GROUP_FILE = re.compile(
    r"(?:>>?|\btee\b(?:\s+-a)?|\bsed\b[^\n]*?)\s*[\"']?/etc/(?:group|gshadow)\b"
)
_VARIABLE = re.compile(
    r"(?m)^[ \t]*(?:readonly[ ]+|local[ ]+)?(\w+)=[\"']?([\w,./-]+)[\"']?[ \t]*(?:;|$)"
)
_KEY = re.compile(r"\b(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+[ ]+(?P<key>AAAA[A-Za-z0-9+/]{16,})")


def rules_for_root(script: str) -> Iterator[tuple[int, str]]:
    """Yield the lines, by number, whose sudo rule is as good as root, with what is wrong."""
    for number, line in _lines(script):
        for match in _RULE.finditer(line):
            commands = match["commands"] or ""
            is_rule = match["host"] == "ALL" or "PASSWD:" in match["tags"]
            # Anything else is an assignment of the shell, such as PATH=/bin.
            if not is_rule and not (match["users"] and _A_COMMAND.match(commands)):
                continue
            users = (match["users"] or "root").partition(":")[0].split(",")
            if all(_ORDINARY_USER.fullmatch(user.strip()) for user in users):
                continue
            for command in re.split(r"(?<!\\),", commands):
                if why := _why_root(re.sub(r"^(?:[A-Z_]{4,}:\s*)+", "", command.strip())):
                    yield number, why


def _why_root(command: str) -> str | None:
    program, _, arguments = command.removeprefix("!").strip().partition(" ")
    name = PurePosixPath(program).name
    reasons = {
        "allows every command": program == "ALL",
        f"has a wildcard in '{command}'": re.search(r"(?<!\\)[*?\[]", command),
        f"names '{program}' without its path": program[:1] not in {"", "/"}
        and program not in {"ALL", "sudoedit"},
        f"allows every program below {program}": program.endswith("/"),
        f"allows {program}, which opens a shell or any file": name in _ALWAYS_A_SHELL.split()
        or (name in _A_SHELL_OR_ANY_FILE.split() and not arguments),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def groups_for_root(script: str) -> Iterator[tuple[int, str]]:
    """Yield the lines, by number, that put an account into a group that is as good as root."""
    values = dict(_VARIABLE.findall(script))
    for number, line in _lines(script):
        text = re.sub(r"\$\{?(\w+)\}?", lambda found: values.get(found[1], found[0]), line)
        for match in _JOINS.finditer(text):
            named = re.split(r"[,\s]+", next(group for group in match.groups() if group))
            yield from ((number, name) for name in named if name in _ROOT_GROUPS)
        if _GROUP_FILE.search(text):
            yield number, "any that is written into /etc/group"


def keys_given_twice(script: str) -> Iterator[tuple[int, int]]:
    """Yield where a public key stands that stood before: its line and the line of the first."""
    first: dict[str, int] = {}
    for number, line in _lines(script):
        for match in _KEY.finditer(line):
            if (before := first.setdefault(match["key"], number)) != number:
                yield number, before


def _lines(script: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(script.splitlines(), start=1):
        if not line.lstrip().startswith("#"):
            yield number, line
