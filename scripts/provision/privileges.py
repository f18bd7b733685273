"""Which sudo rules and groups are as good as root, so that a catalogue must give a reason for them.

It errs on the safe side: what it cannot read needs a reason, too. The names are those with which
sudo's users commonly get a shell (sudoers(5), "Preventing shell escapes"; GTFOBins, "Sudo").
"""

from __future__ import annotations

import re

_GROUPS = {
    **dict.fromkeys(("root", "wheel", "sudo", "admin"), "may usually become root"),
    **dict.fromkeys(("docker", "lxd", "incus", "libvirt"), "can start a container as root"),
    **dict.fromkeys(("disk", "kmem", "mem", "kvm"), "can read and write past all permissions"),
    **dict.fromkeys(("shadow", "sys", "bin", "daemon", "staff"), "owns files of the system"),
    "adm": "reads every log, with whatever secrets they hold",
}

_INTERACTIVE = {
    "is an editor, which also writes other files and starts a shell": (
        "ed editor emacs ex joe mcedit micro nano nvim pico sensible-editor sudoedit vi view "
        "vim vimdiff"
    ),
    "is a pager, which also starts a shell": "bat less man more most pager pg sensible-pager",
    "is a shell": "ash bash busybox csh dash fish ksh mksh pwsh rbash sh tcsh zsh",
    "is an interpreter, which does whatever it is told": (
        "awk bpython expect gawk gdb ghci gimp irb ipython jjs jrunscript lua mawk nawk node "
        "nodejs octave perl php pry pypy python ruby sed tclsh wish"
    ),
    "starts any other program": (
        "at batch chroot chrt crontab doas env flock ionice nice nohup nsenter parallel "
        "pkexec run-parts runuser screen script setarch setpriv setsid ssh start-stop-daemon "
        "stdbuf strace su sudo systemd-run taskset time timeout tmux unshare watch xargs"
    ),
}
_HARMLESS_WITH_FIXED_ARGUMENTS = (
    "apt apt-get aptitude chgrp chmod chown chpasswd cp crictl ctr curl dd dmsetup dnf docker "
    "dpkg find gem git gpasswd install ip iptables journalctl kubectl ln logrotate make mount "
    "mv mysql nc ncat npm openssl passwd pip podman psql rpm rsync scp service sftp snap socat "
    "sysctl systemctl tar tcpdump tee useradd usermod vigr vipw visudo wget yum zip"
)
_BY_ARGUMENTS = frozenset(_HARMLESS_WITH_FIXED_ARGUMENTS.split())
_PROGRAMS = {name: why for why, names in _INTERACTIVE.items() for name in names.split()}

# What may stand before a command: who it is run as, tags, options and digests.
_BEFORE = re.compile(r"\s*(?:\([^)]*\)|[A-Z_]+\s*:|[A-Z]+=\S+|sha\d+:\S+)")
_COMMAND = re.compile(r"(?P<path>/[^\s]*)(?P<arguments>\s.*)?")
_WILDCARD = re.compile(r"(?<!\\)[*?\[]")


def danger_of_group(name: str) -> str:
    """Say why a group is dangerous; empty if it is not known to be."""
    return f"group '{name}' {_GROUPS[name]}" if name in _GROUPS else ""


def danger_of_rule(rule: str) -> str:
    """Say why what follows a user's name in sudoers is dangerous; empty if it is not."""
    for specification in re.split(r"(?<!\\)\s:\s", rule):
        _, _, commands = specification.partition("=")
        for command in re.split(r",(?![^(]*\))(?<!\\,)", commands):
            if danger := _danger_of_command(command):
                return danger
    return ""


def _danger_of_command(text: str) -> str:
    if "SETENV" in re.findall(r"\b(SETENV)\s*:", text):
        return "SETENV lets the caller choose the libraries that the command loads"
    while match := _BEFORE.match(text):
        text = text[match.end() :]
    text = text.strip()
    if text.startswith("!"):
        return ""
    if text == "ALL":
        return "ALL allows every command"
    command = _COMMAND.fullmatch(text)
    if command is None:
        return f"'{text}' is not the full path of a command"
    path, arguments = command["path"], (command["arguments"] or "").strip()
    name = _program(path)
    dangers = (
        (path.endswith("/"), f"'{path}' allows every program in that folder"),
        (_WILDCARD.search(text), f"a wildcard in '{text}' also matches spaces and slashes"),
        (name in _PROGRAMS, f"{path} {_PROGRAMS.get(name)}"),
        (
            name in _BY_ARGUMENTS and not arguments,
            f'{path} is allowed with any arguments; name them, or "" for none',
        ),
        (
            _shows_pager(name, arguments),
            f"{path} shows its output in a pager, which also starts a shell; add --no-pager",
        ),
    )
    return next((why for holds, why in dangers if holds), "")


def _program(path: str) -> str:
    """Return the name of a program without its version: ``python3.12`` and ``vim.tiny`` are two."""
    name = path.rpartition("/")[2]
    return re.sub(r"[\d.]+$", "", name.partition(".")[0]) or name


def _shows_pager(name: str, arguments: str) -> bool:
    words = arguments.split()
    shows = name == "journalctl" or (name == "systemctl" and {"status", "edit", "cat"} & set(words))
    return bool(shows) and "--no-pager" not in words
