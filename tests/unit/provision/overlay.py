"""A throw-away root: an overlay over this machine with its own mounts, processes and network."""

import base64
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

from tests.unit.provision.host import Run

_ENTER = r"""
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --bind /dev "$1/root/dev"
mount -t tmpfs tmpfs "$1/root/run"
mount -t tmpfs tmpfs "$1/root/tmp"
for large in work home root; do
	[ ! -d "$1/root/$large" ] || mount -t tmpfs -o mode=755 tmpfs "$1/root/$large"
done
exec chroot "$1/root" bash
"""


def missing() -> str:
    """Say why this machine cannot have a throw-away root; empty if it can."""
    if os.geteuid() != 0:
        return "needs root"
    for tool in ("unshare", "useradd", "setpriv", "flock"):
        if shutil.which(tool) is None:
            return f"needs {tool}"
    tried = subprocess.run(
        ["unshare", "--mount", "--pid", "--net", "--fork", "bash", "-c", _TRY],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    return "" if tried.returncode == 0 else f"cannot mount an overlay here: {tried.stderr.strip()}"


_TRY = r"""
set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/u /mnt/w /mnt/m
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/m
mount -t proc proc /mnt/m/proc
"""


class Overlay:
    """A shell inside a throw-away root, fed one command at a time."""

    def __init__(self, folder: Path) -> None:
        self._shell = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "bash", "-c",
             _ENTER, "enter", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "HOME": "/root"},
        )  # fmt: skip

    def __enter__(self) -> "Overlay":
        return self

    def __exit__(self, *_: Any) -> None:
        self._shell.communicate(b"exit\n", timeout=20)

    def run(self, command: str) -> Run:
        """Run a command in the root and wait for it."""
        mark = uuid.uuid4().hex
        encoded = base64.b64encode(command.encode()).decode()
        line = (
            f'bash -c "$(base64 -d <<<{encoded})" </dev/null >/root/.out 2>/root/.err; '
            f'printf \'%s\\n\' $? "$(base64 -w0 </root/.out)" "$(base64 -w0 </root/.err)" {mark}\n'
        )
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(line.encode())
        self._shell.stdin.flush()
        answer: list[str] = []
        while answer[-1:] != [mark]:
            read = self._shell.stdout.readline()
            if not read:
                assert self._shell.stderr is not None
                raise AssertionError(self._shell.stderr.read().decode())
            answer.append(read.decode().strip())
        code, out, err, _ = answer
        return Run(int(code), base64.b64decode(out).decode(), base64.b64decode(err).decode())

    def output(self, command: str) -> str:
        """Run a command that has to succeed; give what it printed."""
        run = self.run(command)
        assert run.code == 0, f"{command}: {run.stderr}"
        return run.stdout.strip()

    def write(self, path: str, text: str, mode: str = "644") -> None:
        """Put a file into the root."""
        encoded = base64.b64encode(text.encode()).decode()
        self.output(f"base64 -d <<<{encoded} >{path} && chmod {mode} {path}")

    def run_script(self, text: str) -> Run:
        """Run a script as the Cloud Assistant agent does."""
        self.write("/root/command.sh", text, "755")
        return self.run("sh -c /root/command.sh")
