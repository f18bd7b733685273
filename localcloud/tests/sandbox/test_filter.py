"""The system-call filter decides as it should, on each kind of machine."""

import errno
import stat
from dataclasses import dataclass

import pytest

from localcloud.sandbox.filter import (
    _ARCHITECTURE,
    Instruction,
    Kind,
    program,
    watch_program,
)
from localcloud.sandbox.syscalls import NUMBERS

ALLOWED = "allowed"
WATCHED = "watched"
MACHINES = ("x86_64", "aarch64")


@dataclass
class Call:
    """What the kernel tells a filter of a system call."""

    number: int
    architecture: int
    arguments: tuple[int, ...] = ()

    def word(self, offset: int) -> int:
        """Return the 32 bits at an offset of the kernel's structure."""
        if offset == 0:
            return self.number
        if offset == 4:
            return self.architecture
        position, half = divmod(offset - 16, 8)
        argument = self.arguments[position] if position < len(self.arguments) else 0
        return (argument >> (32 if half else 0)) & 0xFFFFFFFF


def decide(instructions: list[Instruction], call: Call) -> str | int:
    """Run the filter as the kernel does; give ``allowed`` or the error that the call gets."""
    accumulator, line = 0, 0
    while True:
        code, if_true, if_false, constant = instructions[line]
        line += 1
        if code == 0x20:
            accumulator = call.word(constant)
        elif code == 0x54:
            accumulator &= constant
        elif code in {0x15, 0x35, 0x45}:
            holds = {
                0x15: accumulator == constant,
                0x35: accumulator >= constant,
                0x45: accumulator & constant != 0,
            }[code]
            line += if_true if holds else if_false
        else:
            assert code == 0x06
            words = {0x7FFF0000: ALLOWED, 0x7FC00000: WATCHED}
            return words.get(constant, constant & 0xFFFF)


def verdict(machine: str, kind: Kind, name: str, *arguments: int) -> str | int:
    """Return what becomes of a named call on a machine."""
    call = Call(NUMBERS[machine][name], _ARCHITECTURE[machine], arguments)
    return decide(program(machine, kind), call)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "no_fsync", "pretending", "confining", "function"),
    [
        ("fsync", 0, 0, 0, ALLOWED),
        ("fchownat", ALLOWED, 0, 0, ALLOWED),
        ("setresuid", ALLOWED, 0, 0, ALLOWED),
        ("setgroups", ALLOWED, 0, 0, ALLOWED),
        ("geteuid", ALLOWED, ALLOWED, 0, ALLOWED),
        ("shmget", ALLOWED, ALLOWED, errno.ENOSYS, errno.ENOSYS),
        ("msgsnd", ALLOWED, ALLOWED, errno.ENOSYS, errno.ENOSYS),
        ("mq_open", ALLOWED, ALLOWED, errno.ENOSYS, errno.ENOSYS),
    ],
)
def test_calls_are_answered_by_kind(
    machine: str,
    name: str,
    no_fsync: int | str,
    pretending: int | str,
    confining: int | str,
    function: int | str,
) -> None:
    """Each kind of filter lets succeed without effect what it says, and leaves the rest alone."""
    found = [verdict(machine, kind, name) for kind in Kind]
    assert found == [no_fsync, pretending, confining, function]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("kind", Kind)
def test_what_leads_out_is_refused_by_every_kind(machine: str, kind: Kind) -> None:
    """Namespaces, mounts, tracing, keys and BPF are refused; io_uring and clone3 are not there."""
    for name in ("setns", "mount", "fsopen", "move_mount", "ptrace", "pidfd_getfd", "keyctl",
                 "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd"):  # fmt: skip
        assert verdict(machine, kind, name) == errno.EPERM, name
    for name in ("clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"):
        assert verdict(machine, kind, name) == errno.ENOSYS, name
    user, mounts, control_groups, time = 0x10000000, 0x20000, 0x02000000, 0x80
    for flags in (user, mounts, control_groups, user | mounts):
        assert verdict(machine, kind, "unshare", flags) == errno.EPERM
        assert verdict(machine, kind, "clone", flags | 17) == errno.EPERM
    assert verdict(machine, kind, "unshare", time) == errno.EPERM
    threads, child, files = 0x3D0F00, 17, 0x400
    assert verdict(machine, kind, "clone", threads) == ALLOWED
    assert verdict(machine, kind, "clone", child) == ALLOWED
    assert verdict(machine, kind, "unshare", files) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_only_devices_are_pretended(machine: str) -> None:
    """Making a device node has no effect; pipes, sockets and files are made."""
    for mode in (stat.S_IFCHR | 0o600, stat.S_IFBLK):
        assert verdict(machine, Kind.PRETENDING, "mknodat", 3, 0, mode) == 0
        assert verdict(machine, Kind.NO_FSYNC, "mknodat", 3, 0, mode) == ALLOWED
    for mode in (stat.S_IFIFO, stat.S_IFREG | 0o644, stat.S_IFSOCK):
        assert verdict(machine, Kind.PRETENDING, "mknodat", 3, 0, mode) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_confined_processes_signal_only_by_name(machine: str) -> None:
    """A confined process can signal one process or a group, never all of them."""
    everybody = (1 << 64) - 1
    assert verdict(machine, Kind.CONFINING, "kill", everybody, 9) == errno.EPERM
    assert verdict(machine, Kind.CONFINING, "kill", 4321, 9) == ALLOWED
    assert verdict(machine, Kind.CONFINING, "kill", (1 << 64) - 4321, 9) == ALLOWED
    assert verdict(machine, Kind.PRETENDING, "kill", everybody, 9) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_confined_processes_have_no_network(machine: str) -> None:
    """No socket can be made, and no pair of them that could be turned to another socket."""
    families = (1, 2, 10, 16, 17, 40)
    found = [verdict(machine, Kind.CONFINING, "socket", family) for family in families]
    no, never = errno.ENETUNREACH, errno.EAFNOSUPPORT
    assert found == [never, no, no, never, no, never]
    pairs = [verdict(machine, Kind.CONFINING, "socketpair", 1, kind) for kind in (1, 2, 3, 5)]
    assert pairs == [ALLOWED, errno.EOPNOTSUPP, errno.EOPNOTSUPP, ALLOWED]
    cloexec = 0o2000000
    assert verdict(machine, Kind.CONFINING, "socketpair", 1, 1 | cloexec) == ALLOWED
    assert verdict(machine, Kind.CONFINING, "socketpair", 1, 2 | cloexec) == errno.EOPNOTSUPP


@pytest.mark.parametrize("machine", MACHINES)
def test_others_have_the_usual_sockets(machine: str) -> None:
    """An instance with a network of its own has the usual ones; a function has the internet's."""
    families = (1, 2, 10, 16, 17, 40, 38)
    no = errno.EAFNOSUPPORT
    for kind in (Kind.NO_FSYNC, Kind.PRETENDING):
        found = [verdict(machine, kind, "socket", family) for family in families]
        assert found == [ALLOWED] * 5 + [no, no]
    found = [verdict(machine, Kind.FUNCTION, "socket", family) for family in families]
    assert found == [no, ALLOWED, ALLOWED, no, no, no, no]


@pytest.mark.parametrize("machine", MACHINES)
def test_filter_can_not_be_passed_round(machine: str) -> None:
    """Calls in another numbering are refused."""
    for kind in Kind:
        foreign = Call(NUMBERS[machine]["socket"], 0x40000003, (2,))
        assert decide(program(machine, kind), foreign) == errno.ENOSYS
        third = Call(0x40000000 | 41, _ARCHITECTURE[machine], (2,))
        assert decide(program(machine, kind), third) == errno.ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("kind", Kind)
def test_jumps_stay_inside(machine: str, kind: Kind) -> None:
    """No jump is longer than a byte or leads out of the filter."""
    instructions = program(machine, kind)
    for line, (_, if_true, if_false, _) in enumerate(instructions):
        assert max(if_true, if_false) < 256
        assert line + 1 + max(if_true, if_false) < len(instructions) + 1


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fchmodat", WATCHED),
        ("fchmod", WATCHED),
        ("utimensat", WATCHED),
        ("fchmodat2", errno.ENOSYS),
        ("setxattr", errno.EOPNOTSUPP),
        ("fremovexattr", errno.EOPNOTSUPP),
        ("mknodat", ALLOWED),
    ],
)
def test_mode_and_times_are_watched(machine: str, name: str, expected: int | str) -> None:
    """Every way to change a file's mode, times or attributes is watched or not there at all."""
    call = Call(NUMBERS[machine][name], _ARCHITECTURE[machine])
    assert decide(watch_program(machine), call) == expected
