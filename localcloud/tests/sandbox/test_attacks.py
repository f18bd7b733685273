"""What a script tries against the machine, at each level, in root's and a plain user's cloud."""

import base64
import ctypes
import errno
import json
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.plain_user import PLAIN_USER, PlainCloud
from lab.processes import parent_of, processes, wait_until_gone
from lab.terminal import terminal
from localcloud.sandbox import linux, skeleton
from localcloud.sandbox.instance import Script
from localcloud.sandbox.isolation import SandboxUnavailableError
from localcloud.sandbox.level import Level
from localcloud.sandbox.limits import Limits
from localcloud.sandbox.machines import Machines
from localcloud.sandbox.outcome import Outcome
from localcloud.sandbox.syscalls import NUMBERS

APART = (Level.NAMESPACES, Level.USER_NAMESPACE)
LIMITS = Limits(processes=60, memory_bytes=160 << 20, disk_bytes=24 << 20)
"""Small ones, so that whatever comes of a test the machine does not feel it."""


@dataclass
class Target:
    """One instance, and who runs its cloud."""

    level: Level
    is_plain: bool
    folder: Path
    cloud: Machines | PlainCloud
    notes: str = ""
    runs: int = 0

    @property
    def user(self) -> int:
        """The user of the cloud."""
        return PLAIN_USER if self.is_plain else os.geteuid()

    @property
    def process(self) -> int:
        """The process of the cloud."""
        return self.cloud.process.pid if isinstance(self.cloud, PlainCloud) else os.getpid()

    async def run(self, text: str, seconds: float = 60.0) -> Outcome:
        """Run a bash script in the instance and wait for its end."""
        self.runs += 1
        name, content = f"t-{self.runs}", b"#!/bin/bash\n" + text.encode()
        if isinstance(self.cloud, Machines):
            return await self.cloud.run("i-1", Script(name, content, seconds))
        encoded = base64.b64encode(content).decode()
        answer = self.cloud.run({"name": name, "content": encoded, "timeout_seconds": seconds})
        return Outcome(**{**answer, "output": base64.b64decode(answer["output"])})

    async def python(self, text: str) -> Outcome:
        """Run a Python program in the instance."""
        return await self.run(f"exec python3 - <<'PROGRAM'\n{text}\nPROGRAM\n")


CASES = (
    *((level, False) for level in Level),
    (Level.USER_NAMESPACE, True),
    (Level.DIRECTORY, True),
)


@pytest.fixture(
    params=CASES, ids=lambda case: f"{case[0]}-{'plain' if case[1] else 'own'}", scope="module"
)
async def target(request: pytest.FixtureRequest) -> AsyncIterator[Target]:
    """Return an instance at each level, in a cloud of the tests' user and of a plain one."""
    level, is_plain = request.param
    if is_plain and os.geteuid() != 0:
        pytest.skip("the other tests run as a plain user already")
    if not shutil.which("python3", path="/usr/bin:/bin"):
        pytest.skip("no python3 among the machine's programs")
    folder = Path(tempfile.mkdtemp(prefix="localcloud-attack-"))
    folder.chmod(0o755)
    found: Target | None = None
    try:
        if is_plain:
            cloud = PlainCloud(folder, level.value, LIMITS)
            if "unavailable" in cloud.began:
                pytest.skip(cloud.began["unavailable"])
            found = Target(level, True, folder, cloud, str(cloud.began["reasons"]))
        else:
            machines = Machines(folder, level.value, limits=LIMITS)
            try:
                reasons = (await machines.isolation()).reasons
            except SandboxUnavailableError as error:
                pytest.skip(str(error))
            found = Target(level, False, folder, machines, str(reasons))
        yield found
    finally:
        if found and isinstance(found.cloud, PlainCloud):
            found.cloud.close()
        elif found and isinstance(found.cloud, Machines):
            await found.cloud.close()
        skeleton.remove(folder)


CALLS = """
import ctypes, json, os
libc = ctypes.CDLL(None, use_errno=True)
numbers, found = NUMBERS, {}
def call(name, *arguments):
    if name.split(" ")[0] not in numbers:
        return
    ctypes.set_errno(0)
    result = libc.syscall(numbers[name.split(" ")[0]], *(
        ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    found[name] = ctypes.get_errno() if result < 0 else "done"
buffer = ctypes.create_string_buffer(256)
for name, flag in (("user", 0x10000000), ("mounts", 0x20000), ("groups", 0x12000000)):
    call("unshare " + name, flag)
    call("clone " + name, flag | 17, 0, 0, 0, 0)
    if found.get("clone " + name) == "done" and os.getpid() != os.getpgid(0): os._exit(0)
call("setns", os.open("/proc/self/ns/mnt", os.O_RDONLY), 0)
call("mount control groups", b"none", b"/mnt", b"cgroup2", 0, None)
call("mount", b"none", b"/tmp", b"tmpfs", 0, None)
call("fsopen", b"tmpfs", 0)
call("open_tree", -100, b"/", 1)
call("bpf", 0, buffer, 48)
call("keyctl", 0, -3, 0)
call("add_key", b"user", b"x", b"y", 1, -3)
call("request_key", b"user", b"x", None, 0)
call("io_uring_setup", 4, buffer)
call("ptrace", 16, 1, 0, 0)
call("process_vm_readv", os.getppid(), buffer, 1, buffer, 1, 0)
call("perf_event_open", buffer, 0, -1, -1, 0)
call("userfaultfd", 1)
call("clone3", buffer, 88)
call("socket hypervisor", 40, 1, 0)
print(json.dumps(found))
"""


async def test_system_calls_that_lead_out_are_refused(target: Target) -> None:
    """No new namespaces, mounts, BPF, keys, io_uring, tracing, nor sockets to a hypervisor."""
    outcome = await target.python(CALLS.replace("NUMBERS", json.dumps(NUMBERS[linux.MACHINE])))
    found = json.loads(outcome.output)
    absent = {"clone3": errno.ENOSYS, "io_uring_setup": errno.ENOSYS}
    expected = {name: absent.get(name, errno.EPERM) for name in found}
    expected["socket hypervisor"] = errno.EAFNOSUPPORT
    assert len(found) > 15
    assert found == expected


async def test_machine_is_not_killed_through_a_control_group(target: Target) -> None:
    """A user namespace of its own does not let a script mount and use control groups."""
    outcome = await target.run(
        "unshare --user --map-root-user --mount --cgroup bash -c "
        "'mount -t cgroup2 none /mnt && echo 1 > /mnt/cgroup.kill'; "
        "echo $?; ls /sys/fs/cgroup/*/cgroup.procs 2>/dev/null | wc -l; echo alive"
    )
    status, seen, alive = outcome.output.decode().split("\n")[-4:-1]
    assert (status != "0", alive) == (True, "alive")
    assert seen == "0" or target.level is Level.DIRECTORY


async def test_script_inherits_nothing(target: Target) -> None:
    """A script has its three streams and no other descriptor, none of them the cloud's."""
    text = (
        "import os; place = '/proc/self/fd/'; "
        "names = [n for n in os.listdir(place) if os.path.lexists(place + n)]; "
        "print({n: os.readlink(place + n) for n in names})"
    )
    outcome = await target.run(f'exec python3 -c "{text}"')
    assert outcome.exit_code == 0, outcome
    found = eval(outcome.output)
    assert sorted(found) == ["0", "1", "2"]
    assert found["0"] == "/dev/null"
    assert found["1"].startswith("pipe:")
    assert found["1"] == found["2"]


async def test_script_looks_into_no_other_process(target: Target) -> None:
    """Environment, memory and descriptors of the agent and of the machine's processes are shut."""
    outcome = await target.python(
        "import os\n"
        "for process in filter(str.isdigit, os.listdir('/proc')):\n"
        "    if process == str(os.getpid()): continue\n"
        "    for what in ('environ', 'mem', 'maps'):\n"
        "        try: seen = open(f'/proc/{process}/{what}', 'rb').read(1)\n"
        "        except OSError: continue\n"
        "        if seen: print(process, what)\n"  # the kernel's own have none
        "    try:\n"
        "        for name in os.listdir(f'/proc/{process}/fd'):\n"
        "            print(process, os.readlink(f'/proc/{process}/fd/{name}'))\n"
        "    except OSError: continue\n"
    )
    assert (outcome.exit_code, outcome.output) == (0, b"")


@pytest.mark.parametrize("how", ["stream", "datagram", "pair", "abstract"])
async def test_unix_sockets_of_the_machine_are_out_of_reach(target: Target, how: str) -> None:
    """Neither by path nor by name, neither by a new socket nor by a pair that is turned to it."""
    name = f"machine-{secrets.token_hex(4)}"
    path = f"\0{name}" if how == "abstract" else str(target.folder / name)
    kind = "SOCK_STREAM" if how in {"stream", "abstract"} else "SOCK_DGRAM"
    with socket.socket(socket.AF_UNIX, getattr(socket, kind)) as machine:
        machine.bind(path)
        machine.setblocking(False)
        if how != "abstract":
            Path(path).chmod(0o777)
        if kind == "SOCK_STREAM":
            machine.listen()
        outcome = await target.python(
            "import socket\n"
            f"path, kind = {path!r}, socket.{kind}\n"
            f"a = socket.socketpair(socket.AF_UNIX, kind)[0] if {how!r} == 'pair'"
            " else socket.socket(socket.AF_UNIX, kind)\n"
            f"a.sendto(b'hello', path) if {how!r} == 'pair' else a.connect(path)\n"
            "a.send(b'hello')\n"
        )
        assert outcome.exit_code == 1, outcome
        with pytest.raises(BlockingIOError):
            machine.accept() if kind == "SOCK_STREAM" else machine.recv(10)


async def test_shared_memory_of_the_machine_is_out_of_reach(target: Target) -> None:
    """A segment that everybody on the machine may use is not there in an instance."""
    libc = ctypes.CDLL(None, use_errno=True)
    key = secrets.randbelow(1 << 30) + 1
    segment = libc.shmget(key, 4096, 0o1666)
    assert segment >= 0
    try:
        outcome = await target.python(
            "import ctypes\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            f"print(libc.shmget({key}, 4096, 0), libc.shmget({key}, 0, 0o666))\n"
        )
        assert outcome.output.split() == [b"-1", b"-1"]
    finally:
        libc.shmctl(segment, 0, None)


async def test_terminal_of_the_developer_is_not_read(target: Target) -> None:
    """What somebody types in a terminal of the cloud's user reaches no script."""
    with terminal() as (ours, theirs):
        name = os.ttyname(theirs)
        os.chown(name, target.user, -1)
        Path(name).chmod(0o666)
        os.write(ours, b"typed line\n")
        outcome = await target.run(f"timeout 2 head -n 1 < {name}; timeout 2 head -n 1 < /dev/tty")
        assert b"typed" not in outcome.output


async def test_processes_of_the_machine_are_not_signalled(target: Target) -> None:
    """A script can't signal the cloud, nor what stands guard over it."""
    guards = [process for process in processes() if parent_of(process) == target.process]
    if (
        target.level is Level.DIRECTORY
        and target.is_plain
        and "lets scripts signal" in target.notes
    ):
        pytest.skip("this kernel lets scripts signal other processes of the cloud's user")
    for process in (target.process, *guards):
        assert (await target.run(f"kill -0 {process}")).exit_code != 0


async def test_nothing_outlives_a_script_that_kills_its_agent(target: Target) -> None:
    """A script that kills all that watches it, where it can, still ends with all it started."""
    token = f"lingerer-{secrets.token_hex(6)}"
    outcome = await target.run(
        f"(exec -a {token} setsid bash -c 'exec -a {token} sleep 600' </dev/null &>/dev/null &)\n"
        f"while ! grep -qs {token} /proc/[0-9]*/cmdline; do :; done\n"
        "agent=$(cut -d' ' -f4 /proc/$PPID/stat); [ $agent != 0 ] || agent=1\n"
        "kill -STOP $agent $PPID; kill -KILL $agent $PPID; sleep 600",
    )
    assert outcome.ended == "interrupted"
    wait_until_gone(token, 30)
    assert (await target.run("exit 7")).exit_code == 7


@pytest.mark.fills_processes
async def test_fork_bomb_stays_small(target: Target) -> None:
    """An instance has so many processes at once and no more, and works on afterwards."""
    if "their number is not limited" in target.notes:
        pytest.skip(target.notes)
    own = "the user's own ones" in target.notes
    program = (
        "import os, time\n"
        "count = 0\n"
        f"for _ in range({2 * LIMITS.processes}):\n"  # bounded, should the limit not be there
        "    try:\n"
        "        if not os.fork():\n"
        "            time.sleep(600)\n"
        "    except OSError: break\n"
        "    count += 1\n"
        "print(count)\n"
    )
    outcome = await target.python(program)
    assert outcome.ended == "finished"
    assert LIMITS.processes // 2 < int(outcome.output) <= LIMITS.processes + (5 if own else 0)
    assert (await target.run("exit 7")).exit_code == 7


async def test_memory_is_limited(target: Target) -> None:
    """A process that takes more than the instance has fails or is ended, and nothing else is."""
    outcome = await target.python(
        "x = b'x' * (LIMIT * 2)".replace("LIMIT", str(LIMITS.memory_bytes))
    )
    assert outcome.exit_code in {1, -1}, outcome
    if "memory" not in target.notes:
        half = f"x = b'x' * {LIMITS.memory_bytes // 2}; import time; time.sleep(600)"
        outcome = await target.run(
            f'for n in 1 2 3 4; do python3 -c "{half}" & done; '
            "for n in 1 2 3 4; do wait -n || exit 3; done"
        )
        assert outcome.exit_code == 3, outcome
    assert (await target.run("exit 7")).exit_code == 7


async def test_full_disk_ends_the_script_and_nothing_else(target: Target) -> None:
    """No file is larger than the disk; who writes many is ended; room can be made again."""
    place = "${PROVISION_ROOT:-}/var/tmp"
    megabytes = LIMITS.disk_bytes >> 20
    one = await target.run(
        f"dd if=/dev/zero of={place}/one bs=1M count={2 * megabytes}; rm {place}/one"
    )
    assert b"File too large" in one.output or b"File size limit" in one.output, one
    outcome = await target.run(
        f"for n in $(seq {8 * megabytes}); do "
        f"head -c 1M /dev/zero > {place}/many-$n; sleep 0.05; done"
    )
    assert outcome.ended == "interrupted", outcome
    assert b"the disk of the instance is full" in outcome.output
    assert (await target.run(f"rm {place}/many-*; sleep 1.2; exit 7")).exit_code == 7
