"""What a script in an instance can and can't reach."""

import os
import secrets
import socket
from pathlib import Path

import pytest

from lab.sandbox import SandboxLab
from localcloud.sandbox.level import Level

APART = (Level.NAMESPACES, Level.USER_NAMESPACE)


async def test_script_runs_as_root(lab: SandboxLab) -> None:
    """A script is root in its instance and its own exit code is reported."""
    assert await lab.output("id -u") == "0"
    assert (await lab.run("exit 42")).exit_code == 42


async def test_script_without_interpreter_line_is_run_by_the_shell(lab: SandboxLab) -> None:
    """A script without #! runs, as it does under the Cloud Assistant agent."""
    lab.runs = 100
    outcome = await lab.run("")
    assert outcome.exit_code == 0


@pytest.mark.parametrize("place", ["etc", "home", "opt", "usr/local", "var/tmp", "root"])
async def test_machine_is_never_written(lab: SandboxLab, place: str) -> None:
    """What a script writes anywhere never appears on the machine."""
    name = f"localcloud-test-{secrets.token_hex(4)}"
    await lab.run(f"touch /{place}/{name}; mkdir -p /{place}/{name}.d; ln -s x /{place}/{name}.l")
    made = [suffix for suffix in ("", ".d", ".l") if os.path.lexists(f"/{place}/{name}{suffix}")]
    assert made == []


async def test_machine_files_keep_their_mode_and_content(lab: SandboxLab, data: Path) -> None:
    """A script can neither change, nor remove, nor re-mode a file of the cloud's own user."""
    precious = data / "precious"
    precious.write_text("kept")
    precious.chmod(0o644)
    await lab.run(
        f"chmod 777 {precious}; echo gone > {precious}; rm -f {precious}; mv {precious} /tmp"
    )
    assert precious.read_text() == "kept"
    assert precious.stat().st_mode & 0o777 == 0o644


async def test_machine_data_is_out_of_sight(lab: SandboxLab, data: Path) -> None:
    """A script can't read files of the machine outside its programs and configuration."""
    (data / "secret").write_text("token")
    (data / "secret").chmod(0o644)
    assert (await lab.run(f"cat {data}/secret")).exit_code != 0


async def test_password_hashes_of_the_machine_are_not_in_the_instance(lab: SandboxLab) -> None:
    """The instance's shadow file holds locked entries only."""
    lines = (await lab.output("cat ${PROVISION_ROOT:-}/etc/shadow")).splitlines()
    assert {line.split(":")[1] for line in lines} == {"*"}


async def test_instance_has_no_network_but_loopback(lab: SandboxLab) -> None:
    """A script can't reach a service of the machine, the cloud itself among them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert (await lab.run(f"exec 3<>/dev/tcp/127.0.0.1/{port}")).exit_code != 0


async def test_instance_sees_only_its_own_processes(lab: SandboxLab) -> None:
    """A script finds neither the cloud nor any other process of the machine."""
    if lab.level not in APART:
        pytest.skip("this level shares the machine's processes")
    assert str(os.getpid()) not in (await lab.output("cd /proc && echo [0-9]*")).split()


async def test_signal_to_everybody_stays_inside(lab: SandboxLab) -> None:
    """Killing every process that a script can see does not reach the machine."""
    await lab.run("kill -KILL -1; true")
    assert await lab.output("echo fine") == "fine"


@pytest.mark.parametrize(
    "attempt",
    [
        "mount -t tmpfs none /mnt",
        "echo x > /proc/sys/kernel/core_pattern",
        "echo b > /proc/sysrq-trigger",
        "test -e /dev/vda -o -e /dev/sda && cat /dev/[sv]da > /dev/null",
        "mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk",
    ],
)
async def test_root_of_an_instance_has_no_power_over_the_machine(
    lab: SandboxLab, attempt: str
) -> None:
    """Mounts, kernel settings and raw devices are out of reach."""
    assert (await lab.run(attempt)).exit_code != 0


async def test_environment_of_the_cloud_stays_with_the_cloud(
    lab: SandboxLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret in the cloud's environment reaches neither a script nor what it can read."""
    monkeypatch.setenv("CLOUD_SECRET", "hush-1234567")
    await lab.restart()
    reading = "env; for f in /proc/[0-9]*/environ; do tr '\\0' '\\n' 2>/dev/null < $f; done; true"
    if lab.level in APART:
        assert "hush-1234567" not in await lab.output(reading)
    else:
        assert "hush-1234567" not in await lab.output("env")


async def test_temporary_files_have_a_place(lab: SandboxLab) -> None:
    """A script can make temporary files, and they are inside the instance."""
    path = await lab.output("mktemp")
    assert not Path(path).exists() or Path(path).is_relative_to(lab.machines.folder("i-1"))


async def test_ownership_changes_succeed(lab: SandboxLab) -> None:
    """Giving a file to another account and making a device node do not fail for root."""
    await lab.output(
        'f=${TMPDIR:-/tmp}/given; touch "$f" && chown 12:34 "$f" && chgrp 5 "$f" && '
        'install -o 7 -g 8 -m 600 /dev/null "$f.2"'
    )
