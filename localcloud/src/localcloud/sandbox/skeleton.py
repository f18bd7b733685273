"""The file tree of a new instance: what Alibaba Cloud Linux 3 would have, as far as needed.

``/usr`` (and ``/bin``, ``/lib`` and so on, where they are folders) is the machine's, seen through
an overlay. Everything else is the instance's own: ``/etc`` is made anew from a list of harmless
files, so that the machine's secrets, homes and data are not in there at all.
"""

import hashlib
import os
import shutil
import stat
from pathlib import Path

from localcloud.sandbox.level import FROM_THE_MACHINE

_FOLDERS = {
    "etc/sudoers.d": 0o750, "etc/profile.d": 0o755, "etc/skel": 0o755, "home": 0o755,
    "opt": 0o755, "srv": 0o755, "mnt": 0o755, "media": 0o755, "proc": 0o555, "sys": 0o555,
    "dev": 0o755, "root": 0o700, "run/lock": 0o755, "tmp": 0o1777, "var/tmp": 0o1777,
    "var/cache": 0o755, "var/lib/localcloud": 0o755, "var/log": 0o755, "var/opt": 0o755,
    "var/spool/mail": 0o775, "var/spool/cron": 0o700,
}  # fmt: skip
_LINKS = {
    "var/run": "../run",
    "var/lock": "../run/lock",
    "var/mail": "spool/mail",
    "etc/mtab": "../proc/self/mounts",
    "etc/redhat-release": "system-release",
}
_COPIED = (
    "adduser.conf", "alternatives", "bash.bashrc", "bashrc", "default/useradd", "deluser.conf",
    "inputrc", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "libaudit.conf", "localtime",
    "login.defs", "pam.conf", "pam.d", "profile", "protocols", "security", "services", "shells",
    "skel", "ssl/openssl.cnf", "terminfo",
)  # fmt: skip
_SECRET = ("shadow", "gshadow", "shadow-", "gshadow-", "security/opasswd", "ssh", "ssl/private")
_PACKAGES = (
    "alinux-release", "bash", "ca-certificates", "coreutils", "cronie", "dnf", "findutils",
    "gawk", "glibc", "grep", "gzip", "iproute", "openssh-server", "procps-ng", "rpm", "sed",
    "shadow-utils", "sudo", "systemd", "tar", "util-linux", "vim-minimal",
)  # fmt: skip
"""What a fresh Alibaba Cloud Linux 3 has, as far as anybody asks."""

_FIRST_HUMAN_ID = 1000
_NOBODY = 65534
_STANDINS = Path(__file__).with_name("standins")
_FOREIGN_TOOLS = ("apt", "apt-get", "apt-cache", "dpkg", "dpkg-query", "microdnf", "zypper", "apk")


def build(folder: Path, name: str, packages: str) -> None:
    """Build the tree of an instance unless it exists."""
    root = folder / "root"
    if (root / "etc").is_dir():
        return
    making = folder / "making"
    shutil.rmtree(making, ignore_errors=True)
    for path, mode in _FOLDERS.items():
        (making / path).mkdir(parents=True, exist_ok=True)
        (making / path).chmod(mode)
    making.chmod(0o755)
    if packages == "machine":
        _copy_for_package_manager(making)
    for path in _COPIED:
        _copy(Path("/etc") / path, making / "etc" / path)
    _write_configuration(making, name)
    if packages == "machine":
        _copy(Path("/etc/os-release"), making / "etc/os-release")
    else:
        (making / "etc/os-release").write_text(_OS_RELEASE)
    for path, target in _LINKS.items():
        (making / path).unlink(missing_ok=True)
        (making / path).symlink_to(target)
    for top in FROM_THE_MACHINE:
        _show_machine(making / top, Path("/") / top)
        if packages == "machine" and os.geteuid() != 0:
            _own_folders(folder / "upper" / top, Path("/") / top)
    # The last step, so that an incomplete tree is built again.
    making.rename(root)


def build_standins(folder: Path, packages: str, *, root_is_real: bool) -> None:
    """Build the layer of stand-in tools over the machine's programs."""
    layer = folder / "standins"
    shutil.rmtree(layer, ignore_errors=True)
    programs = layer / "usr" / "bin"
    programs.mkdir(parents=True)
    wanted = {"loginctl"}
    wanted |= {tool for tool in ("visudo", "flock") if not _machine_has(tool)}
    if not root_is_real or not _machine_has("sudo"):
        wanted.add("sudo")
    if packages != "machine":
        wanted |= {"dnf", "rpm", "yum"}
        (layer / "usr" / "lib").mkdir()
        (layer / "usr" / "lib" / "os-release").write_text(_OS_RELEASE)
        _hide_foreign_tools(layer)
    for tool in sorted(wanted):
        source = _STANDINS / ("dnf" if tool == "yum" else tool)
        (programs / tool).write_bytes(source.read_bytes())
        (programs / tool).chmod(0o755)


def remove(folder: Path) -> None:
    """Remove an instance's folder, whatever permissions its files have."""
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _machine_has(tool: str) -> bool:
    return shutil.which(tool, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin") is not None


def _show_machine(place: Path, machine: Path) -> None:
    if machine.is_symlink():
        place.symlink_to(machine.readlink())
    elif machine.is_dir():
        place.mkdir()


def _own_folders(upper: Path, machine: Path) -> None:
    """Let a package manager without real root write below the machine's folders."""
    if machine.is_symlink():
        return
    for parent, folders, _ in os.walk(machine):
        here = upper / Path(parent).relative_to(machine)
        here.mkdir(parents=True, exist_ok=True)
        folders[:] = [name for name in folders if not Path(parent, name).is_symlink()]


def _hide_foreign_tools(layer: Path) -> None:
    for tool in _FOREIGN_TOOLS:
        for place in ("usr/bin", "usr/sbin"):
            if not (Path("/") / place / tool).exists():
                continue
            hidden = layer / place / tool
            hidden.parent.mkdir(parents=True, exist_ok=True)
            try:
                # The overlay's whiteout; since Linux 5.8 any user may create one.
                os.mknod(hidden, stat.S_IFCHR, os.makedev(0, 0))
            except OSError:
                hidden.write_text("")
                hidden.chmod(0o000)


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source, target, symlinks=True, dirs_exist_ok=True, ignore=_closed_to_others
            )
        elif source.exists() and _is_open_to_all(source):
            shutil.copyfile(source, target)
    except (OSError, shutil.Error):
        # Unreadable for a plain user; nothing in the list is essential.
        return


def _closed_to_others(folder: str, names: list[str]) -> list[str]:
    """Return the paths that not every user of the machine may read, such as keys."""
    return [name for name in names if not _is_open_to_all(Path(folder, name))]


def _is_open_to_all(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISLNK(mode) or (
        bool(mode & stat.S_IROTH) and (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    )


def _copy_for_package_manager(root: Path) -> None:
    for path in ("var/lib/dpkg", "var/lib/apt", "var/lib/rpm", "var/lib/dnf", "usr/lib/sysimage"):
        if not path.startswith("usr/"):
            _copy(Path("/") / path, root / path)
    for entry in sorted(Path("/etc").iterdir()):
        if entry.name not in _SECRET:
            _copy(entry, root / "etc" / entry.name)
    for path in _SECRET:
        if "/" in path:
            shutil.rmtree(root / "etc" / path, ignore_errors=True)
    (root / "etc/apt/apt.conf.d").mkdir(parents=True, exist_ok=True)
    (root / "etc/apt/apt.conf.d/99localcloud").write_text('APT::Sandbox::User "root";\n')


def _write_configuration(root: Path, name: str) -> None:
    etc = root / "etc"
    users, groups = _system_accounts()
    texts = {
        "passwd": "".join(f"{line}\n" for line in users),
        "group": "".join(f"{line}\n" for line in groups),
        "shadow": "".join(f"{line.split(':')[0]}:*:19000:0:99999:7:::\n" for line in users),
        "gshadow": "".join(f"{line.split(':')[0]}:*::\n" for line in groups),
        "hostname": f"{name}\n",
        "hosts": f"127.0.0.1 localhost localhost.localdomain {name}\n::1 localhost\n",
        "machine-id": hashlib.sha256(name.encode()).hexdigest()[:32] + "\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
        "sudoers": _SUDOERS,
        "fstab": "",
        "subuid": "",
        "subgid": "",
        "system-release": "Alibaba Cloud Linux release 3 (OpenAnolis Edition)\n",
    }
    for file, text in texts.items():
        (etc / file).unlink(missing_ok=True)
        (etc / file).write_text(text)
    for file in ("shadow", "gshadow"):
        (etc / file).chmod(0o600)
    (etc / "sudoers").chmod(0o440)
    (etc / "resolv.conf").unlink(missing_ok=True)
    _copy(Path("/etc/resolv.conf"), etc / "resolv.conf")
    (root / "var/lib/localcloud/packages").write_text("".join(f"{p}\n" for p in _PACKAGES))


def _system_accounts() -> tuple[list[str], list[str]]:
    """Return the machine's system accounts and groups, without people and passwords."""
    users = ["root:x:0:0:root:/root:/bin/bash"]
    groups = ["root:x:0:"]
    for lines, path, fields in ((users, "/etc/passwd", 7), (groups, "/etc/group", 4)):
        for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
            parts = line.split(":")
            if len(parts) != fields or not parts[2].isdigit() or parts[0] == "root":
                continue
            if int(parts[2]) < _FIRST_HUMAN_ID or int(parts[2]) == _NOBODY:
                kept = [*parts[:3], ""] if fields == 4 else parts
                lines.append(":".join([kept[0], "x", *kept[2:]]))
    names = {line.split(":")[0] for line in groups}
    numbers = {line.split(":")[2] for line in groups}
    for group, number in (("wheel", 10), ("adm", 4)):
        if group not in names:
            free = next(n for n in (number, *range(990, 900, -1)) if str(n) not in numbers)
            groups.append(f"{group}:x:{free}:")
            numbers.add(str(free))
    return users, groups


_OS_RELEASE = """\
NAME="Alibaba Cloud Linux"
VERSION="3 (OpenAnolis Edition)"
ID="alinux"
ID_LIKE="rhel fedora centos anolis"
VERSION_ID="3"
VARIANT="Local cloud stand-in"
PLATFORM_ID="platform:al8"
PRETTY_NAME="Alibaba Cloud Linux 3 (OpenAnolis Edition)"
HOME_URL="https://www.aliyun.com/"
"""

_SUDOERS = """\
Defaults !visiblepw
Defaults env_reset
Defaults secure_path = /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
root ALL=(ALL) ALL
%wheel ALL=(ALL) ALL
#includedir /etc/sudoers.d
"""
