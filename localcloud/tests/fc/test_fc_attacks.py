"""What a function tries against the machine, at each level, in root's and a plain user's cloud."""

import errno
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab import SOURCES, plain_user
from lab.processes import processes_with, wait_until_gone
from lab.waiting import wait_for
from localcloud.sandbox import function, landlock, linux, skeleton
from localcloud.sandbox.level import STRANGERS, Level
from localcloud.sandbox.syscalls import NUMBERS
from sandbox.test_attacks import CALLS, CASES

APART = (Level.NAMESPACES, Level.USER_NAMESPACE)
DISK_BYTES = 8 << 20
PROCESSES = 40

SERVER = """
import asyncio, json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from localcloud.sandbox.level import Level
from localcloud.sandbox.fork_server_client import ForkServer
from localcloud.fc import process

process.PROCESSES, process.DISK_BYTES = json.loads(sys.argv[5])
META = {"name": "f", "handler": "index.handler", "memory": 128, "timeout": 60,
        "runtime": "python3.12", "version_id": "LATEST", "log_project": "", "log_store": "",
        "account_id": "1", "region": "cn-hangzhou"}

async def start(fork_server, number, secret):
    spec = process.WorkerSpec(
        f"f{number}", "LATEST", "1", Path(sys.argv[2]), json.dumps(META),
        (("HOME", "/tmp"), ("SECRET", secret)), Level(sys.argv[3]), 128, int(sys.argv[4]))
    return await process.Worker.start(spec, fork_server)

async def call(worker, event, secret):
    header = {"request_id": "R", "qualifier": "", "credentials": {"access_key_id": secret}}
    outcome = await worker.run(header, event.encode(), asyncio.timeout(None))
    if event != "stays":
        await worker.stop()
    return [outcome.status, outcome.content.decode(), outcome.output]

async def main():
    fork_server = ForkServer("localcloud.fc.worker")
    events = json.loads(sys.argv[6])
    secrets = [f"secret-{number}-TOKEN" for number in range(len(events))]
    workers = [await start(fork_server, number, secret) for number, secret in enumerate(secrets)]
    calls = [call(*each) for each in zip(workers, events, secrets)]
    print(json.dumps(await asyncio.gather(*calls)), flush=True)
    fork_server.close()

asyncio.run(main())
"""


PROBE = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from localcloud.sandbox.machines import Machines
asyncio.run(Machines(Path(sys.argv[2]), sys.argv[3]).isolation())
"""


@dataclass
class Target:
    """Functions at one level, and who runs their cloud."""

    level: Level
    is_plain: bool
    folder: Path
    sources: Path
    port: int = 1

    def why_not(self) -> str:
        """Tell why this level does not work here, for this user; nothing if it does."""
        data = self.folder / "probe"
        data.mkdir(mode=0o755)
        identity = plain_user.identity() if self.is_plain else {}
        if self.is_plain:
            os.chown(data, identity["user"], identity["group"])
        python = plain_user.python() if self.is_plain else sys.executable
        done = subprocess.run(
            [python, "-c", PROBE, self.sources, data, self.level.value],
            capture_output=True, text=True, check=False, cwd="/", env={"PATH": os.defpath},
            **identity,
        )  # fmt: skip
        _, unavailable, reason = done.stderr.rpartition("SandboxUnavailableError: ")
        return reason.strip() if unavailable else ""

    def start(self, code: str, *events: str) -> "subprocess.Popen[str]":
        """Start a server that runs a function with each of the events at once."""
        place = self.folder / "data" / "functions" / secrets.token_hex(4)
        place.mkdir(parents=True)
        (place / "index.py").write_text(code)
        for path in (place, place.parent, place.parent.parent):
            path.chmod(0o755 if self.is_plain else 0o700)
        (place / "index.py").chmod(0o644)
        if self.level is not Level.DIRECTORY or not landlock.version():
            place.chmod(0o755)
        limits = json.dumps([PROCESSES, DISK_BYTES])
        python = plain_user.python() if self.is_plain else sys.executable
        return subprocess.Popen(
            [python, "-c", SERVER, self.sources, place, self.level.value, str(self.port), limits,
             json.dumps(events)],
            stdout=subprocess.PIPE, text=True, cwd="/", env={"PATH": os.defpath},
            **(plain_user.identity() if self.is_plain else {}),
        )  # fmt: skip

    def call(self, code: str, *events: str) -> list[Any]:
        """Return what a function answered to each event: status, content, output."""
        server = self.start(code, *events)
        answer, _ = server.communicate(timeout=120)
        assert server.returncode == 0
        return list(json.loads(answer))

    def answer(self, code: str) -> Any:
        """Return what a function answered, as JSON."""
        ((status, content, output),) = self.call(code, "{}")
        assert status == "ok", (status, content, output)
        return json.loads(content)


@pytest.fixture(
    params=CASES, ids=lambda case: f"{case[0]}-{'plain' if case[1] else 'own'}", scope="module"
)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """Return functions at each level, in a cloud of the tests' user and of a plain one."""
    level, is_plain = request.param
    if is_plain and os.geteuid() != 0:
        pytest.skip("the other tests run as a plain user already")
    folder = Path(tempfile.mkdtemp(prefix="localcloud-attack-"))
    folder.chmod(0o755)
    try:
        sources = plain_user.readable_copy(folder) if is_plain else SOURCES
        found = Target(level, is_plain, folder, sources)
        if reason := found.why_not():
            pytest.skip(reason)
        ((status, content, output),) = found.call("def handler(e, c): return 1", "")
        if status == "exit" or status == "unstarted":
            pytest.skip(f"{level} does not work here: {content} {output}")
        yield found
    finally:
        skeleton.remove(folder)


def handler(body: str) -> str:
    """Write a function with that body."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    imports = "import ctypes, json, os, socket, subprocess, sys, time"
    return f"{imports}\ndef handler(event, context):\n{lines}\n"


def test_function_has_a_user_of_its_own_and_inherits_nothing(target: Target) -> None:
    """It is not root, and has its streams and the one connection."""
    found = target.answer(
        handler(
            """
import stat
def kind(n):
    mode = os.fstat(n).st_mode
    if stat.S_ISREG(mode) and os.pread(n, 4, 0) == b"\\x7fELF":
        return "library"  # libffi keeps itself open
    return "socket" if stat.S_ISSOCK(mode) else "pipe" if stat.S_ISFIFO(mode) else "other"
def is_open(n):
    try: return os.fstat(n)
    except OSError: return None
return [os.getuid(), [kind(n) for n in range(200) if is_open(n)], os.getcwd(), dict(os.environ)]
"""
        )
    )
    # A plain user's cloud has no other user to give to a function without namespaces.
    plain = plain_user.PLAIN_USER if target.is_plain else os.geteuid()
    stays = target.level is Level.DIRECTORY and plain != 0
    assert found[0] == plain if stays else found[0] in STRANGERS
    inherited = sorted(kind for kind in found[1] if kind != "library")
    assert inherited == ["other", "pipe", "pipe", "socket"]
    assert target.level is Level.DIRECTORY or found[2] == "/code"
    assert found[3]["SECRET"] == "secret-0-TOKEN"


def test_a_function_starts_beside_what_a_killed_one_left() -> None:
    """Process numbers come again; the folder of one that was killed is in nobody's way."""
    folders = [Path(function._make_own_folder(os.geteuid())) for _ in range(2)]
    assert len(set(folders)) == 2
    for folder in folders:
        assert folder.stat().st_mode & 0o777 == 0o700
        folder.rmdir()


def test_functions_beside_each_other_have_different_users(target: Target) -> None:
    """The kernel counts processes by user: what one function starts must not stop another."""
    answers = target.call(handler("return os.getuid()"), "stays", "stays")
    users = {json.loads(content) for _, content, _ in answers}
    is_shared = target.level is Level.DIRECTORY and (target.is_plain or os.geteuid() != 0)
    assert len(users) == (1 if is_shared else 2)


def test_function_makes_no_system_call_that_leads_out(target: Target) -> None:
    """The same calls are refused as in an instance, and sockets of the machine besides."""
    code = CALLS.replace("NUMBERS", json.dumps(NUMBERS[linux.MACHINE]))
    lines = code.replace("print(json.dumps(found))", "return found").strip().splitlines()
    found = target.answer("def handler(event, context):\n" + "\n".join(f"    {x}" for x in lines))
    absent = {"clone3": errno.ENOSYS, "io_uring_setup": errno.ENOSYS}
    expected = {name: absent.get(name, errno.EPERM) for name in found}
    expected["socket hypervisor"] = errno.EAFNOSUPPORT
    assert len(found) > 15
    assert found == expected
    assert (
        target.answer(
            handler(
                """
try: socket.socket(socket.AF_UNIX)
except OSError as error: return error.errno
"""
            )
        )
        != "PermissionError"
    )


def test_function_sees_no_other_worker_and_no_state(target: Target) -> None:
    """Neither another worker's environment nor the cloud's data can be read, by whatever path."""
    (target.folder / "data").mkdir(exist_ok=True)
    state = target.folder / "data" / "state.sqlite"
    state.write_text("state-TOKEN")
    state.chmod(0o644)
    if target.is_plain:
        os.chown(state, plain_user.PLAIN_USER, -1)
    code = handler(
        f"""
if event == b"stays":
    return []
seen = []
for name in filter(str.isdigit, os.listdir("/proc")):
    if name == str(os.getpid()): continue
    for what in ("environ", "mem", "cmdline"):
        try: text = open(f"/proc/{{name}}/{{what}}", "rb").read(1 << 16)
        except OSError: continue
        if b"secret-0-" in text or what == "mem": seen.append(f"{{name}} {{what}}")
    try: os.kill(int(name), 0)
    except OSError: continue
    if name != "1": seen.append(f"{{name}} can be signalled")
for path in ({str(state)!r}, "../../state.sqlite", "/proc/self/cwd/../../state.sqlite"):
    try: seen.append(open(path).read())
    except OSError: pass
return seen
"""
    )
    first, second = target.call(code, "stays", "looks")
    assert (first[0], second[0]) == ("ok", "ok"), (first, second)
    assert json.loads(second[1]) == []


def test_function_writes_to_its_own_folder_only(target: Target) -> None:
    """Its code, the programs and the machine are there to read; its own folder has a limit."""
    found = target.answer(
        handler(
            f"""
import errno, tempfile
written = []
for place in (os.environ["FC_FUNC_CODE_PATH"], "/usr", "/etc", "/var", "/", "/dev", "/root",
              "/home", "/dev/shm/.." , {str(target.folder)!r}):
    try: open(place + "/attack", "w").close()
    except OSError: continue
    written.append(place)
own = tempfile.gettempdir()
full = None
try:
    with open(own + "/large", "wb") as file:
        for _ in range({2 * DISK_BYTES >> 20}): file.write(bytes(1 << 20))
except OSError as error: full = errno.errorcode[error.errno]
return [written, own == os.environ["HOME"], full]
"""
        )
    )
    full = "EFBIG" if target.level is Level.DIRECTORY else "ENOSPC"
    assert found[:2] == [[], True]
    assert found[2] in {full, "EFBIG"}


def test_function_connects_to_the_cloud_only(target: Target) -> None:
    """The cloud's port is open to it, and no other of the machine's; nor are its Unix sockets."""
    if landlock.version() < 4:
        pytest.skip("this kernel can't restrict ports")
    path = str(target.folder / f"s{secrets.token_hex(3)}")
    with (
        socket.create_server(("127.0.0.1", 0)) as cloud,
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.socket(socket.AF_UNIX) as machine,
    ):
        machine.bind(path)
        Path(path).chmod(0o777)
        machine.listen()
        target.port = cloud.getsockname()[1]
        found = target.answer(
            handler(
                f"""
def tried(*a):
    try: socket.create_connection(a).close()
    except OSError as error: return error.errno
def unix():
    try:
        a = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]
        a.sendto(b"x", {path!r})
    except OSError as error: return error.errno
return [tried("127.0.0.1", {target.port}), tried("127.0.0.1", {other.getsockname()[1]}), unix()]
"""
            )
        )
    assert found == [None, errno.EACCES, errno.EOPNOTSUPP]


@pytest.mark.fills_processes
def test_fork_bomb_of_a_function_stays_small(target: Target) -> None:
    """A function has so many processes at once and no more."""
    if target.level is Level.USER_NAMESPACE and not target.is_plain:
        pytest.skip("root of a user namespace that is root outside is limited by control groups")
    code = handler(
        f"""
count = 0
try:
    for _ in range({3 * PROCESSES}):
        if not os.fork(): time.sleep(600)
        count += 1
except OSError: pass
return count
"""
    )
    count = target.answer(code)
    assert PROCESSES // 2 < count <= PROCESSES + 5


def test_functions_end_with_a_killed_cloud(target: Target) -> None:
    """When the cloud is killed with -9, what a function started is gone too."""
    token = f"lingerer-{secrets.token_hex(6)}"
    server = target.start(
        handler(
            """
for start in ([], ["setsid"]):
    subprocess.Popen([*start, "bash", "-c", "trap '' TERM HUP; sleep 600; :", event.decode()])
time.sleep(600)
"""
        ),
        token,
    )

    def both_run() -> bool:
        assert server.poll() is None, server.communicate()
        return len(processes_with(token)) == 2

    wait_for(both_run, "both processes", 60)
    server.kill()
    server.communicate()
    wait_until_gone(token, 60)
