"""Finds in a script what an account is given on a host: sudo rules, groups, keys, and for how long.

Sources: sudoers(5), useradd(8), usermod(8), chage(1), and GTFOBins for the programs that start
another one, read or write any file.
"""

import re
import shlex
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
    *(
        "root",
        "wheel",
        "sudo",
        "admin",
        "docker",
        "podman",
        "lxd",
        "lxc",
        "incus",
        "libvirt",
        "kvm",
    ),
    *("disk", "shadow", "kmem", "mem", "sys", "tty"),
)
_NAMES = r"[ =]*[\"']?(?P<{}>[\w,.-]+)"
_JOINS = re.compile(
    rf"\b(?:usermod|useradd|adduser)\b[^\n;|]*?\s(?:-\w*[gG]|--groups?|--gid){_NAMES.format('a')}"
    rf"|\bgpasswd\b[^\n;|]*?(?:-a|--add)[ =]+\S+{_NAMES.format('b')}"
    rf"|\bgroupmems\b[^\n;|]*?(?:-g|--group){_NAMES.format('c')}"
    rf"|\b(?:adduser|addgroup)[ ]+[\w$\"'{{}}-]+[ ]+{_NAMES.format('d')}"
    r"|(?:^|[(\"'])[ \t]*(?:groups?|primary)[ ]+(?P<e>[a-z_][\w -]*)"
)
_GROUP_FILE = re.compile(
    r"(?:>>?|\btee\b(?:\s+-a)?|\bsed\b[^\n]*?)\s*[\"']?/etc/(?:group|gshadow)\b"
)
_VARIABLE = re.compile(
    r"(?m)^[ \t]*(?:readonly[ ]+|local[ ]+)?(\w+)=[\"']?([\w,./-]+)[\"']?[ \t]*(?:;|$)"
)
_KEY = re.compile(r"\b(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+[ ]+(?P<key>AAAA[A-Za-z0-9+/]{16,})")
# What a script gives by role: [role]='key value' lines, and in EVERYONE what all roles get.
_RECORD = re.compile(
    r"(?m)^[ \t]*(?:(?:readonly|declare[ ]+-\w+)[ ]+)?"
    r"(?:\[[\"']?(?P<role>[\w.-]+)[\"']?\]|EVERYONE)="
    r"(?P<value>(?:'[^']*'|\"[^\"]*\"|\\.|[^\s'\"])+)"
)
_NO_END = r"(?:''|\"\"|[\"']?(?:-1|never)[\"']?)(?=\s|$)"
_ENDLESS = re.compile(
    rf"\b(?:useradd|usermod|adduser)\b[^\n;|]*?\s(?:-e|--expiredate)[ =]*{_NO_END}"
    rf"|\bchage\b[^\n;|]*?\s(?:-\w*E|--expiredate)[ =]*{_NO_END}"
)
_NEW_ACCOUNT = re.compile(
    r"(?:^|[;&|(]|\bsudo|\bthen|\bdo)\s*(?:/usr/sbin/)?(?:useradd|adduser)\s(?P<rest>.*)"
)
_OF_A_SERVICE = re.compile(r"(?:^|\s)(?:-\w*r|--system|--no-create-home)\b|/(?:nologin|false)\b")
_SETS_AN_END = re.compile(r"\s(?:-e|--expiredate|-E)[ =]*[\"']?[\w$]|\schage\s")


def rules_for_root(script: str) -> Iterator[tuple[int, str]]:
    """Yield the lines, by number, whose sudo rule is as good as root, with what is wrong."""
    for number, line in _lines(script):
        for match in _RULE.finditer(line):
            commands = match["commands"] or ""
            is_rule = match["host"] == "ALL" or "PASSWD:" in match["tags"]
            # Anything else is an assignment of the shell, such as PATH=/bin.
            if not is_rule and not (match["users"] and _A_COMMAND.match(commands)):
                continue
            if _is_for_others(match["users"]):
                continue
            for command in re.split(r"(?<!\\),", commands):
                if why := _why_root(re.sub(r"^(?:[A-Z_]{4,}:\s*)+", "", command.strip())):
                    yield number, why


def accounts_without_end(script: str, most_days: float) -> Iterator[tuple[int, str]]:
    """Yield the lines, by number, that give an account for ever, with what is wrong."""
    records = list(_records(script))
    root_for_all = any(_is_for_root(record) for _, role, record in records if not role)
    for number, role, record in records:
        days = re.search(r"(?m)^expires (\d+)$", record)
        is_short = days is not None and int(days[1]) <= most_days
        if role and not is_short and (root_for_all or _is_for_root(record)):
            end = f"{days[1]} days" if days else "no end"
            yield number, f"gives role '{role}' a sudo rule for root, and {end}"
    sets_an_end = any(_SETS_AN_END.search(line) for _, line in _lines(script))
    for number, line in _lines(script):
        if _ENDLESS.search(line):
            yield number, "takes an account's end away"
            continue
        made = None if sets_an_end else _NEW_ACCOUNT.search(line)
        if made and not _OF_A_SERVICE.search(made["rest"]):
            yield number, "creates an account that has no end"


def _is_for_root(record: str) -> bool:
    return any(
        not _is_for_others(match["users"])
        for line in record.splitlines()
        if line.startswith("sudo ")
        for match in _RULE.finditer(line)
    )


def _is_for_others(users: str | None) -> bool:
    """Return whether a rule lets become certain users and not root, whom it means without any."""
    named = (users or "root").partition(":")[0].split(",")
    return all(_ORDINARY_USER.fullmatch(user.strip()) for user in named)


def _records(script: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the role (none for everyone) and the text of each record."""
    for match in _RECORD.finditer(script):
        try:
            (text,) = shlex.split(match["value"])
        except ValueError:
            continue
        yield script.count("\n", 0, match.start()) + 1, match["role"] or "", text


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


def keys_shared(script: str) -> Iterator[tuple[int, str]]:
    """Yield the lines, by number, that give a public key to several, with what is wrong."""
    for number, role, record in _records(script):
        if not role and _KEY.search(record):
            yield number, "gives everybody the same public key"
    first: dict[str, int] = {}
    for number, line in _lines(script):
        for match in _KEY.finditer(line):
            if (before := first.setdefault(match["key"], number)) != number:
                yield number, f"gives the public key of line {before} once more"


def _lines(script: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(script.splitlines(), start=1):
        if not line.lstrip().startswith("#"):
            yield number, line
