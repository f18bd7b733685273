"""How runs begin, end, are stopped and reported."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys

import pytest

from lab.processes import parent_of, processes_with, wait_until_gone
from lab.sandbox import SandboxLab
from lab.waiting import wait_for
from localcloud.sandbox.instance import Script
from localcloud.sandbox.level import Level
from localcloud.sandbox.limits import OUTPUT_LIMIT_BYTES

LINGER = """
# Forks twice, opens a session of its own, closes everything, ignores polite signals.
linger() {{
  ( ( trap '' TERM HUP INT; exec -a {token} setsid bash -c "trap '' TERM HUP; \\
      exec -a {token} sleep 300" >/dev/null 2>&1 </dev/null & ) & )
}}
linger; linger
while ! grep -qs {token} /proc/[0-9]*/cmdline; do :; done
"""


@pytest.fixture
def token() -> str:
    """Return a word by which a test's processes can be found."""
    return f"lingerer-{secrets.token_hex(6)}"


async def test_timeout_ends_the_whole_process_tree(lab: SandboxLab, token: str) -> None:
    """At its timeout a script is gone with all that it started, daemons included."""
    outcome = await lab.run(
        LINGER.format(token=token) + "echo ready; sleep 300", timeout_seconds=2.0
    )
    assert (outcome.ended, outcome.output) == ("timeout", b"ready\n")
    assert processes_with(token, as_word=False) == []


async def test_what_a_script_leaves_behind_ends_with_it(lab: SandboxLab, token: str) -> None:
    """A daemon that a finished script started is killed, and its pipe does not hold up the run."""
    outcome = await lab.run(LINGER.format(token=token) + "sleep 300 & exit 3")
    assert (outcome.ended, outcome.exit_code) == ("finished", 3)
    assert processes_with(token, as_word=False) == []


async def test_what_may_stay_goes_on_until_its_instance_ends(lab: SandboxLab, token: str) -> None:
    """A daemon outlives its script, also one that is stopped; the instance's end is its end."""
    text = "#!/bin/bash\n" + LINGER.format(token=token)
    left = Script("t-left", f"{text} echo left\n".encode(), 30.0, ends_tree=False)
    assert (await lab.machines.run("i-1", left)).output == b"left\n"
    wait_for(lambda: len(processes_with(token)) == 2, "both daemons")
    ready = asyncio.Event()
    stopped = Script("t-stop", f"{text} echo begun; sleep 300".encode(), 60.0, ends_tree=False)
    run = asyncio.create_task(lab.machines.run("i-1", stopped, lambda *_: ready.set()))
    await ready.wait()
    lab.machines.stop("i-1", "t-stop")
    assert (await run).ended == "stopped"
    wait_for(lambda: len(processes_with(token)) == 4, "all four daemons")
    assert await lab.output("echo next") == "next"
    await lab.machines.close()
    wait_until_gone(token, 10)


async def test_what_may_stay_may_write(lab: SandboxLab) -> None:
    """What a daemon writes after its script's end is lost, and does not kill it."""
    text = (
        "#!/bin/bash\nd=${TMPDIR:-/tmp}\n"
        "(while [ ! -e $d/go ]; do sleep 0.02; done; echo late; echo late; touch $d/wrote) &\n"
        "echo main\n"
    )
    script = Script("t-left", text.encode(), 30.0, ends_tree=False)
    assert (await lab.machines.run("i-1", script)).output == b"main\n"
    await lab.output("d=${TMPDIR:-/tmp}; touch $d/go; until [ -e $d/wrote ]; do sleep 0.02; done")


async def test_killing_the_supervisor_leaves_nothing_behind(lab: SandboxLab, token: str) -> None:
    """A script that kills what watches it is reported as interrupted, and ends all the same."""
    outcome = await lab.run(LINGER.format(token=token) + "kill -KILL $PPID; sleep 300")
    assert outcome.ended == "interrupted"
    assert processes_with(token, as_word=False) == []
    assert await lab.output("echo next") == "next"


async def test_stop_ends_a_run(lab: SandboxLab, token: str) -> None:
    """Stopping a run kills it and what it started; what it wrote so far is kept."""
    ready = asyncio.Event()
    text = "#!/bin/bash\n" + LINGER.format(token=token) + "echo begun; sleep 300"
    script = Script("t-stop", text.encode(), 60.0)
    run = asyncio.create_task(lab.machines.run("i-1", script, lambda *_: ready.set()))
    await ready.wait()
    lab.machines.stop("i-1", "t-stop")
    outcome = await run
    assert (outcome.ended, outcome.output) == ("stopped", b"begun\n")
    assert processes_with(token, as_word=False) == []


async def test_stop_that_comes_at_once_is_not_lost(lab: SandboxLab) -> None:
    """A run that is stopped in the moment in which it begins ends as stopped, at once."""
    await lab.output("true")  # the agent is there
    for number in range(10):
        name = f"t-stop-{number}"
        run = asyncio.create_task(lab.machines.run("i-1", Script(name, b"sleep 60", 60.0)))
        await asyncio.sleep(0)
        lab.machines.stop("i-1", name)
        assert (await run).ended == "stopped"


async def test_only_the_end_of_the_output_is_kept(lab: SandboxLab) -> None:
    """Of long output the last 24 KB are reported, and how much came before."""
    outcome = await lab.run("head -c 100000 /dev/zero | tr '\\0' x; printf end")
    assert len(outcome.output) == OUTPUT_LIMIT_BYTES
    assert outcome.output.endswith(b"xend")
    assert outcome.dropped == 100_003 - OUTPUT_LIMIT_BYTES


async def test_both_streams_are_one(lab: SandboxLab) -> None:
    """Standard output and standard error arrive together in the order written."""
    assert await lab.output("echo 1; echo 2 >&2; echo 3") == "1\n2\n3"


async def test_output_of_a_running_script_can_be_seen(lab: SandboxLab) -> None:
    """What a script has written is passed on while it still runs."""
    seen: list[bytes] = []
    await lab.run("echo first; sleep 1.2; echo second", lambda output, _: seen.append(output))
    assert seen[0] == b"first\n"


async def test_runs_go_on_side_by_side(lab: SandboxLab) -> None:
    """Several scripts run in one instance at the same time and can wait for each other."""
    meet = "d=${{TMPDIR:-/tmp}}; touch $d/{0}; while [ ! -e $d/{1} ]; do sleep 0.02; done"
    scripts = [
        Script(f"t-{a}", f"#!/bin/bash\n{meet.format(a, b)}\n".encode(), 30.0)
        for a, b in (("left", "right"), ("right", "left"))
    ]
    outcomes = await asyncio.gather(*(lab.machines.run("i-1", script) for script in scripts))
    assert [outcome.ended for outcome in outcomes] == ["finished"] * 2


async def test_death_by_signal_is_minus_one(lab: SandboxLab) -> None:
    """A script that a signal killed has no exit code; the agent's language says -1."""
    assert (await lab.run("kill -TERM $$")).exit_code == -1


async def test_missing_folder_and_account_are_refused(lab: SandboxLab) -> None:
    """A run in a folder or as an account that does not exist never begins."""
    folder = await lab.run("true", working_dir="/no/such")
    account = await lab.run("true", username="nobody-knows")
    assert (folder.ended, folder.reason) == ("refused", "DirectoryNotExists")
    assert (account.ended, account.reason) == ("refused", "AccountNotExists")


async def test_working_folder_is_inside_the_instance(lab: SandboxLab) -> None:
    """A script starts in the folder that was asked for, as the instance has it."""
    assert (await lab.output("pwd", working_dir="/var/log")).endswith("/var/log")
    assert (await lab.output("pwd")).endswith("/root")


async def test_script_runs_as_another_account(lab: SandboxLab) -> None:
    """With real root a script can run as an account of the instance, in its home."""
    if lab.level is not Level.NAMESPACES:
        pytest.skip("accounts are only pretended without real root")
    await lab.output("useradd -m -u 4321 worker")
    assert await lab.output("echo $(id -u) $HOME", username="worker") == "4321 /home/worker"


async def test_accounts_survive_runs_and_restarts(lab: SandboxLab) -> None:
    """What a script changes is there for the next one, also after the cloud was restarted."""
    await lab.output("useradd ${PROVISION_ROOT:+--prefix $PROVISION_ROOT} -m e123")
    await lab.output("test -d ${PROVISION_ROOT:-}/home/e123")
    await lab.restart()
    await lab.output(
        "grep -q ^e123: ${PROVISION_ROOT:-}/etc/passwd && test -d ${PROVISION_ROOT:-}/home/e123"
    )
    assert b"e123" in lab.files().content("/etc/passwd")


async def test_large_script_and_unusual_bytes_arrive(lab: SandboxLab) -> None:
    """A script of the largest size that the cloud takes runs as it was sent."""
    text = "echo '" + "é" * 8000 + "'"
    assert await lab.output(text) == "é" * 8000


async def test_nothing_outlives_a_killed_cloud(lab: SandboxLab, token: str) -> None:
    """When the cloud is killed with -9, its scripts and agents are gone at once."""
    # It awaits nothing itself, but may be the first that needs the lab, whose fixture is async.
    program = f"""
import asyncio, sys
from pathlib import Path
from localcloud.sandbox.machines import Machines, Script
script = Script("t-1", {("#!/bin/bash" + chr(10) + LINGER.format(token=token)).encode()!r}
    + b"echo ready; sleep 300", 300.0)
machines = Machines(Path({str(lab.data)!r}), {lab.level.value!r})
asyncio.run(machines.run("i-2", script, lambda *_: print("ready", flush=True)))
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as cloud:  # noqa: ASYNC220
        assert cloud.stdout
        assert cloud.stdout.readline() == b"ready\n"
        wait_for(lambda: processes_with(token), "what the script started")
        cloud.kill()
    wait_until_gone(token, 10)


async def test_relay_of_processes_is_caught(lab: SandboxLab, token: str) -> None:
    """Processes that each start the next one and end at once do not outrun the end of a run."""
    relay = f"""
file=${{TMPDIR:-/tmp}}/relay
echo 'setsid bash "$0" {token} &' > $file
for runner in 1 2 3; do setsid bash $file {token} & done
sleep 300
"""
    outcome = await lab.run(relay, timeout_seconds=1.0)
    assert outcome.ended == "timeout"
    assert processes_with(token, as_word=False) == []


async def test_nothing_outlives_a_killed_agent(lab: SandboxLab, token: str) -> None:
    """When an instance's agent is killed, its runs are interrupted and nothing of them is left."""
    ready = asyncio.Event()
    text = "#!/bin/bash\n" + LINGER.format(token=token) + "echo begun; sleep 300"
    run = asyncio.create_task(
        lab.machines.run("i-1", Script("t-k", text.encode(), 60.0), lambda *_: ready.set())
    )
    await ready.wait()
    agent = f'"folder": "{lab.machines.folder("i-1").resolve()}"'
    # Its supervisors have the same arguments; the agent is the one that the cloud started.
    (process,) = [p for p in processes_with(agent, as_word=False) if parent_of(p) == os.getpid()]
    os.kill(process, signal.SIGKILL)
    assert (await run).ended == "interrupted"
    wait_until_gone(token, 10)
    assert await lab.output("echo next") == "next"
