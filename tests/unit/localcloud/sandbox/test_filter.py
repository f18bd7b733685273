"""The system-call filter decides as it should, on each kind of machine."""

import errno
import stat
from dataclasses import dataclass

import pytest

from localcloud.sandbox.filter import (
    _ARCHITECTURE,
    _NUMBERS,
    Instruction,
    Kind,
    program,
    watch_program,
)

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
        """Give the 32 bits at an offset of the kernel's structure."""
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
        elif code in {0x15, 0x35}:
            holds = accumulator == constant if code == 0x15 else accumulator >= constant
            line += if_true if holds else if_false
        else:
            assert code == 0x06
            words = {0x7FFF0000: ALLOWED, 0x7FC00000: WATCHED}
            return words.get(constant, constant & 0xFFFF)


def verdict(machine: str, kind: Kind, name: str, *arguments: int) -> str | int:
    """Give what becomes of a named call on a machine."""
    call = Call(_NUMBERS[machine][name], _ARCHITECTURE[machine], arguments)
    return decide(program(machine, kind), call)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "hasty", "pretending", "confining"),
    [
        ("fsync", 0, 0, 0),
        ("fchownat", ALLOWED, 0, 0),
        ("setresuid", ALLOWED, 0, 0),
        ("setgroups", ALLOWED, 0, 0),
        ("geteuid", ALLOWED, ALLOWED, 0),
        ("io_uring_setup", ALLOWED, ALLOWED, errno.ENOSYS),
    ],
)
def test_calls_are_answered_by_kind(machine, name, hasty, pretending, confining):
    """Each kind of filter lets succeed without effect what it says, and leaves the rest alone."""
    found = [verdict(machine, kind, name) for kind in Kind]
    assert found == [hasty, pretending, confining]


@pytest.mark.parametrize("machine", MACHINES)
def test_only_devices_are_pretended(machine):
    """Making a device node has no effect; pipes, sockets and files are made."""
    for mode in (stat.S_IFCHR | 0o600, stat.S_IFBLK):
        assert verdict(machine, Kind.PRETENDING, "mknodat", 3, 0, mode) == 0
        assert verdict(machine, Kind.HASTY, "mknodat", 3, 0, mode) == ALLOWED
    for mode in (stat.S_IFIFO, stat.S_IFREG | 0o644, stat.S_IFSOCK):
        assert verdict(machine, Kind.PRETENDING, "mknodat", 3, 0, mode) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_confined_processes_signal_only_by_name(machine):
    """A confined process can signal one process or a group, never all of them."""
    everybody = (1 << 64) - 1
    assert verdict(machine, Kind.CONFINING, "kill", everybody, 9) == errno.EPERM
    assert verdict(machine, Kind.CONFINING, "kill", 4321, 9) == ALLOWED
    assert verdict(machine, Kind.CONFINING, "kill", (1 << 64) - 4321, 9) == ALLOWED
    assert verdict(machine, Kind.PRETENDING, "kill", everybody, 9) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_confined_processes_have_no_network(machine):
    """Internet and packet sockets are refused; sockets of the file system are not."""
    found = [verdict(machine, Kind.CONFINING, "socket", family) for family in (1, 2, 10, 16, 17)]
    no = errno.ENETUNREACH
    assert found == [ALLOWED, no, no, ALLOWED, no]


@pytest.mark.parametrize("machine", MACHINES)
def test_filter_can_not_be_passed_round(machine):
    """Calls in another numbering are refused where the filter confines."""
    foreign = Call(_NUMBERS[machine]["socket"], 0x40000003, (2,))
    assert decide(program(machine, Kind.CONFINING), foreign) == errno.ENOSYS
    assert decide(program(machine, Kind.PRETENDING), foreign) == ALLOWED
    third = Call(0x40000000 | 41, _ARCHITECTURE[machine], (2,))
    assert decide(program(machine, Kind.CONFINING), third) == errno.ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("kind", Kind)
def test_jumps_stay_inside(machine, kind):
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
def test_mode_and_times_are_watched(machine, name, expected):
    """Every way to change a file's mode, times or attributes is watched or not there at all."""
    call = Call(_NUMBERS[machine][name], _ARCHITECTURE[machine])
    assert decide(watch_program(machine), call) == expected
