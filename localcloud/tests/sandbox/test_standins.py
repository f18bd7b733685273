"""The tools that stand in for those of Alibaba Cloud Linux 3."""

import subprocess
from pathlib import Path

import pytest

from lab import SOURCES
from lab.sandbox import SandboxLab
from localcloud.sandbox.level import Level

STANDINS = SOURCES / "localcloud/sandbox/standins"


async def test_instance_poses_as_alibaba_cloud_linux(lab: SandboxLab) -> None:
    """The release file names Alibaba Cloud Linux 3, and its package manager is the one found."""
    text = await lab.output(
        ". ${PROVISION_ROOT:-}/etc/os-release; echo $ID $VERSION_ID; command -v dnf rpm"
    )
    assert text.splitlines()[0] == "alinux 3"
    assert [Path(line).name for line in text.splitlines()[1:]] == ["dnf", "rpm"]


async def test_package_managers_of_the_machine_are_hidden(lab: SandboxLab) -> None:
    """Where the root is the instance's own, apt and dpkg of the machine are not found."""
    if lab.level is Level.DIRECTORY:
        pytest.skip("this level shows the machine's programs as they are")
    outcome = await lab.run("command -v apt-get || command -v dpkg || command -v zypper")
    assert (outcome.exit_code, outcome.output) == (1, b"")


async def test_packages_are_installed_queried_and_removed(lab: SandboxLab) -> None:
    """Dnf and rpm agree about what is installed, and remember it between runs."""
    assert (await lab.run("rpm -q nginx")).exit_code == 1
    assert "Installed: nginx" in await lab.output("dnf -y install nginx git")
    query = "rpm -q --qf '%{NAME}:%{VERSION}\\n' nginx git"
    assert await lab.output(query) == "nginx:1.0\ngit:1.0"
    assert "already installed" in await lab.output("yum install -y nginx")
    assert "nginx.x86_64" in await lab.output("dnf list installed nginx")
    await lab.output("dnf remove -y nginx")
    outcome = await lab.run("rpm -q nginx bash git")
    assert outcome.exit_code == 1
    assert outcome.output.splitlines()[0] == b"package nginx is not installed"
    assert (await lab.run("dnf -y install 'no;such'")).exit_code == 1


async def test_package_manager_fails_when_it_is_told_to(lab: SandboxLab) -> None:
    """A fault on a package makes its installation fail that often, and is reported as used."""
    faults = ("tree mirror-unreachable 0",) * 2
    outcome = await lab.run(
        "dnf -y install jq tree && exit 9; dnf -y install jq", package_faults=faults
    )
    assert (outcome.exit_code, outcome.package_faults) == (0, ("tree",))
    assert b"mirror-unreachable" in outcome.output
    assert (await lab.run("dnf -y install tree", package_faults=faults[1:])).exit_code == 1
    assert (await lab.run("dnf -y install tree")).exit_code == 0
    assert (await lab.run("rpm -q jq tree")).exit_code == 0


async def test_installers_at_once_wait_for_each_other(lab: SandboxLab) -> None:
    """Several installers at the same time lose no package."""
    await lab.output("for n in 1 2 3 4 5 6; do dnf -y install parallel$n & done; wait")
    assert (
        await lab.run("rpm -q parallel1 parallel2 parallel3 parallel4 parallel5 parallel6")
    ).exit_code == 0


GOOD_SUDOERS = (
    "root ALL=(ALL) ALL",
    "%wheel ALL=(ALL:ALL) NOPASSWD: ALL",
    "emp-e123 ALL=(root) NOPASSWD: /usr/bin/systemctl restart nginx, /usr/bin/less /var/log/x",
    "emp-e123 ALL=(root) NOPASSWD:NOEXEC: /usr/bin/systemctl restart nginx.service",
    "user ALL = (ALL) /usr/bin/apt-get *, !/usr/bin/passwd root",
    "User_Alias ADMINS = a, b\nADMINS ALL=ALL",
    "Defaults env_reset",
    "Defaults:emp-e123 !requiretty, timestamp_timeout=5",
    'Defaults secure_path="/usr/bin:/bin"',
    "# a comment\n\n   # another",
    "e1 ALL=(ALL) \\\n  /bin/ls",
    "#1000 ALL=(ALL) ALL",
    "@includedir /etc/sudoers.d",
    "#includedir /etc/sudoers.d",
    "e1 ALL=(ALL) NOPASSWD: sudoedit /etc/hosts",
)
BROKEN_SUDOERS = (
    "emp-e123",
    "emp-e123 ALL",
    "emp-e123 ALL=",
    "emp-e123 ALL=(ALL",
    "emp-e123 ALL=(ALL) NOPASWD: ALL",
    "emp-e123 ALL=(ALL) rm -rf",
    "emp-e123 ALL=(ALL) NOPASSWD: /bin/ls,",
    "emp e123 ALL=(ALL) ALL",
    "Defaults",
    "Default env_reset",
    "User_Alias admins = a",
    "$(touch /tmp/x) ALL=(ALL) ALL",
    "e1 ALL=(ALL) \\",
)


@pytest.mark.parametrize("line", GOOD_SUDOERS)
def test_good_sudoers_pass(line: str, tmp_path: Path) -> None:
    """The stand-in for visudo accepts what sudo accepts."""
    assert check(line, tmp_path).returncode == 0


@pytest.mark.parametrize("line", BROKEN_SUDOERS)
def test_broken_sudoers_are_rejected(line: str, tmp_path: Path) -> None:
    """The stand-in for visudo names file and line of what sudo would not accept."""
    done = check(f"root ALL=(ALL) ALL\n{line}", tmp_path)
    assert done.returncode == 1
    assert ":2: syntax error" in done.stderr


def check(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Check a sudoers file with the stand-in."""
    file = folder / "sudoers"
    file.write_text(f"{text}\n")
    return subprocess.run(
        ["bash", STANDINS / "visudo", "-c", "-f", file], check=False, capture_output=True, text=True
    )


def test_real_visudo_agrees(tmp_path: Path) -> None:
    """On a machine that has sudo, the stand-in's verdicts are those of the real visudo."""
    if subprocess.run(["which", "visudo"], check=False, capture_output=True).returncode:
        pytest.skip("this machine has no visudo")
    for lines, verdict in ((GOOD_SUDOERS, 0), (BROKEN_SUDOERS, 1)):
        for line in lines:
            file = tmp_path / "sudoers"
            file.write_text(f"{line}\n")
            file.chmod(0o440)
            done = subprocess.run(["visudo", "-c", "-f", file], check=False, capture_output=True)
            assert done.returncode == verdict, line


def test_flock_stand_in_excludes(tmp_path: Path) -> None:
    """The stand-in for flock lets one holder in at a time and takes over from the dead."""
    lock = tmp_path / "lock"
    script = f"""
set -eu
flock() {{ bash {STANDINS}/flock "$@"; }}
count=0
for n in 1 2 3; do ( exec 9>{lock}; flock 9; echo in$n; echo out$n ) & done; wait
"""
    done = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
    lines = done.stdout.split()
    assert [line.removeprefix("in") for line in lines[::2]] == [
        line.removeprefix("out") for line in lines[1::2]
    ]
