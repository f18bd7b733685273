"""Keeps a confined script from changing mode or times of the machine's files.

Landlock does not cover chmod and utimensat, and the scripts of a plain user's cloud run as that
user. So the kernel suspends these two calls, and the instance's agent carries them out instead if
the file lies in the instance's root. The file is opened first and checked afterwards, so it cannot
be swapped in between.

Standard library only: the agent of an instance imports this without site packages.
"""

import errno
import fcntl
import os
import socket
import stat
import struct
import time
from pathlib import Path

from localcloud.sandbox import filter as calls

_RECEIVE = 0xC0502100  # SECCOMP_IOCTL_NOTIF_RECV
_SEND = 0xC0182101  # SECCOMP_IOCTL_NOTIF_SEND
_REQUEST = struct.Struct("QIIiIQ6Q")
_RESPONSE = struct.Struct("QqiI")
_AT_FDCWD = -100
_AT_SYMLINK_NOFOLLOW = 0x100
_AT_EMPTY_PATH = 0x1000
_NOW = (1 << 30) - 1
_OMIT = (1 << 30) - 2
_PATH_LIMIT = 4096
_PAGE = 4096


def begin(watcher: socket.socket) -> None:
    """Hand chmod and utimensat of this process and its descendants to the watcher.

    Where the kernel cannot do that, the socket is closed without a message.
    """
    with watcher:
        try:
            listener = calls.install_watch()
        except OSError:
            return
        socket.send_fds(watcher, [b"w"], [listener])
        os.close(listener)


class Watch:
    """The calls of one script that the agent carries out."""

    def __init__(self, listener: int, root: Path) -> None:
        self.listener = listener
        self._root = str(root)

    def answer(self) -> None:
        """Carry out or refuse a suspended call."""
        buffer = bytearray(_REQUEST.size)
        try:
            fcntl.ioctl(self.listener, _RECEIVE, buffer)
        except OSError:
            return  # its process was killed meanwhile
        identifier, process, _, number, _, _, *arguments = _REQUEST.unpack(buffer)
        try:
            self._carry_out(calls.watched_call(number), process, arguments)
            error = 0
        except OSError as refused:
            error = refused.errno or errno.EPERM
        response = bytearray(_RESPONSE.pack(identifier, 0, -error, 0))
        try:
            fcntl.ioctl(self.listener, _SEND, response)
        except OSError:
            return  # its process was killed meanwhile

    def _carry_out(self, name: str, process: int, arguments: list[int]) -> None:
        # Each as (folder, path, mode or times); without a path it is the folder itself.
        if name == "chmod":
            arguments = [_AT_FDCWD & 0xFFFFFFFF, *arguments]
        elif name == "fchmod":
            arguments = [arguments[0], 0, arguments[1]]
        folder, path = _signed(arguments[0]), ""
        if arguments[1]:
            path = _text(process, arguments[1])
        for own in ("/proc/self/", "/proc/thread-self/", "/dev/fd/"):
            if path.startswith(own):  # the C library changes the mode of open files by such a path
                rest = path.removeprefix(own)
                path = f"/proc/{process}/{'fd/' if own == '/dev/fd/' else ''}{rest}"
        flags = arguments[3] if name == "utimensat" else 0
        if not arguments[1]:
            flags |= _AT_EMPTY_PATH
        file = self._open(process, folder, path, flags)
        try:
            if name == "utimensat":
                _set_times(file, _times(process, arguments[2]))
            else:
                os.chmod(f"/proc/self/fd/{file}", arguments[2] & 0o7777)
        finally:
            os.close(file)

    def _open(self, process: int, folder: int, path: str, flags: int) -> int:
        start = "cwd" if folder == _AT_FDCWD else f"fd/{folder}"
        how = os.O_PATH | os.O_CLOEXEC
        base = os.open(f"/proc/{process}/{start}", how)
        if not path and flags & _AT_EMPTY_PATH:
            file = base
        else:
            try:
                follow = os.O_NOFOLLOW if flags & _AT_SYMLINK_NOFOLLOW else 0
                file = os.open(path, how | follow, dir_fd=base)
            finally:
                os.close(base)
        place = os.readlink(f"/proc/self/fd/{file}")
        if place != self._root and not place.startswith(f"{self._root}/"):
            os.close(file)
            raise PermissionError(errno.EPERM, "outside the instance")
        return file


def _signed(argument: int) -> int:
    return int(struct.unpack("i", struct.pack("I", argument & 0xFFFFFFFF))[0])


def _text(process: int, address: int) -> str:
    return os.fsdecode(_memory(process, address, _PATH_LIMIT).partition(b"\0")[0])


def _memory(process: int, address: int, size: int) -> bytes:
    """Read a process's memory page by page, up to the first null or the size."""
    found = b""
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        while len(found) < size and b"\0" not in found:
            here = address + len(found)
            memory.seek(here)
            part = memory.read(min(size - len(found), _PAGE - here % _PAGE))
            if not part:
                raise OSError(errno.EFAULT, "bad address")
            found += part
    return found


def _times(process: int, address: int) -> list[tuple[int, int]]:
    if not address:
        return [(0, _NOW), (0, _NOW)]
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        data = memory.read(32)
    seconds, nanos, more_seconds, more_nanos = struct.unpack("4q", data)
    return [(seconds, nanos), (more_seconds, more_nanos)]


def _set_times(file: int, times: list[tuple[int, int]]) -> None:
    path = f"/proc/self/fd/{file}"
    status = os.fstat(file)
    if stat.S_ISLNK(status.st_mode):
        return  # times of a link itself: useless, and impossible this way
    if [nanos for _, nanos in times] == [_NOW, _NOW]:
        os.utime(path)
        return
    wanted = []
    for (seconds, nanos), old in zip(times, (status.st_atime_ns, status.st_mtime_ns), strict=True):
        if nanos == _OMIT:
            wanted.append(old)
        elif nanos == _NOW:
            wanted.append(time.time_ns())
        else:
            wanted.append(seconds * 1_000_000_000 + nanos)
    os.utime(path, ns=(wanted[0], wanted[1]))
