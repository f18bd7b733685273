"""What a leaver leaves behind, and what comes back with the account: on a real root."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.provision.host import Run, key
from tests.unit.provision.overlay import Overlay, missing
from tests.unit.provision.real import HOME, KEYS, as_employee, prepare, run

_REASON = missing()
pytestmark = pytest.mark.skipif(bool(_REASON), reason=_REASON)

FORKING = r"""
import os, signal, sys
# Dies and lives on in its child, over and over, and kills whatever of its uid it can reach.
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
while True:
    os.utime("/var/tmp/beat")
    try:
        if os.fork():
            os._exit(0)
        os.setsid()
        if "strike" in sys.argv:
            os.kill(-1, signal.SIGKILL)
    except (BlockingIOError, ProcessLookupError, PermissionError):
        pass
"""


DEAD = """
until grep -q '^State:.Z' $(grep -l "^Uid:.$(id -u emp-e123)" /proc/[0-9]*/status) /dev/null; do
  sleep 0.1
done 2>/dev/null
"""
"""Waits for a process of E123 that is dead by its first thread's state."""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Overlay]:
    """Return a throw-away root in which E123 has the role devops."""
    with Overlay(tmp_path) as overlay:
        prepare(overlay)
        run(overlay, "devops")
        yield overlay


def leave(root: Overlay) -> Run:
    """Deprovision E123; it has to succeed."""
    left = run(root, "devops", "deprovision")
    assert left.result["status"] == "locked", left.stderr
    return left


def beats(root: Overlay) -> bool:
    """Return whether the forking process goes on: it is hard to see, but it touches a file."""
    first, last = root.output(
        "sleep 0.3; stat -c %y /var/tmp/beat; sleep 1; stat -c %y /var/tmp/beat"
    ).splitlines()
    return first != last


def living(root: Overlay) -> str:
    """Return the processes of E123 that are not dead yet."""
    return root.output(
        'for p in /proc/[0-9]*; do if grep -q "^Uid:.*\\b$(id -u emp-e123)\\b" $p/status &&'
        ' ! grep -q "^State:.Z" $p/status; then echo $p; fi; done 2>/dev/null; true'
    )


@pytest.mark.parametrize("python", [True, False], ids=["with python", "without"])
def test_forking_process_of_a_leaver_is_not_faster(root: Overlay, python: bool) -> None:
    """What forks all the time is gone when the script says so, with and without Python there."""
    root.write("/root/fork.py", FORKING, "644")
    root.output("cp /root/fork.py /srv/fork.py && chmod 644 /srv/fork.py")
    root.output(as_employee("touch /var/tmp/beat; setsid python3 /srv/fork.py >/dev/null 2>&1 &"))
    assert beats(root)
    if not python:
        root.output("mount --bind /bin/false $(readlink -f $(command -v python3))")
    leave(root)
    assert not beats(root)


def test_process_that_strikes_back_is_ended(root: Overlay) -> None:
    """A leaver's process that kills all of its uid, over and over, does not stop the script."""
    root.write("/srv/fork.py", FORKING)
    root.output(
        as_employee("touch /var/tmp/beat; setsid python3 /srv/fork.py strike >/dev/null 2>&1 &")
    )
    assert beats(root)
    leave(root)
    assert not beats(root)


def test_dead_processes_do_not_hold_a_leaver(root: Overlay) -> None:
    """A zombie whose parent belongs to somebody else never looks is no process any more."""
    root.write("/srv/zombie.py", (
        "import os,subprocess,time\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    uid = int(os.popen('id -u emp-e123').read())\n"
        "    os.setuid(uid)\n"
        "    os._exit(0)\n"
        "time.sleep(1000)\n"
    ))  # fmt: skip
    root.output("setsid python3 /srv/zombie.py >/dev/null 2>&1 &")
    root.output(DEAD)
    leave(root)


def test_process_whose_first_thread_is_dead_is_ended(root: Overlay) -> None:
    """A process looks dead when its first thread is; its other threads are ended too."""
    root.write("/srv/thread.py", (
        "import ctypes,threading,time\n"
        "threading.Thread(target=lambda: time.sleep(1000)).start()\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    ))  # fmt: skip
    root.output(as_employee("setsid python3 /srv/thread.py >/dev/null 2>&1 &"))
    root.output(DEAD)
    leave(root)
    assert root.run('grep -l "^Uid:.$(id -u emp-e123)" /proc/[0-9]*/status').code == 1


def test_rootless_container_of_a_leaver_is_ended(root: Overlay) -> None:
    """What runs under a uid of the account's range in /etc/subuid is the leaver's as well."""
    root.output("echo emp-e123:300000:65536 >/etc/subuid")
    root.output(
        "setsid setpriv --reuid 300033 --regid 300033 --clear-groups sleep 1000 >/dev/null 2>&1 &"
    )
    leave(root)
    assert root.run('grep -l "^Uid:.300033" /proc/[0-9]*/status').code == 1


def test_nothing_starts_by_itself_later(root: Overlay) -> None:
    """Crontab, at jobs and lingering are gone, another account's are not."""
    root.output(
        "mkdir -p /var/spool/cron/{crontabs,atjobs} /var/spool/at /var/lib/systemd/linger;"
        "cd /var/spool/cron; echo '* * * * * id' | tee {,crontabs/}emp-e123 crontabs/emp-e1234;"
        "touch atjobs/a1 atjobs/a2 ../at/a3 /var/lib/systemd/linger/emp-e123;"
        "chown emp-e123 atjobs/a1 ../at/a3"
    )
    left = leave(root)
    assert {"crontab removed", "at jobs removed", "lingering removed"} <= set(left.changes)
    found = root.output("find /var/spool/cron /var/spool/at /var/lib/systemd/linger -type f")
    assert sorted(found.split()) == [
        "/var/spool/cron/atjobs/a2",
        "/var/spool/cron/crontabs/emp-e1234",
    ]


def test_programs_with_the_leavers_rights_are_removed(root: Overlay) -> None:
    """A setuid copy of a shell is found where only its owner could hide it; others' stay."""
    root.output(
        "mkdir -m 1777 /var/tmp/free; cp /bin/dash /var/tmp/other; chmod 4755 /var/tmp/other"
    )
    root.output(as_employee(
        "cd /var/tmp/free; mkdir d; cp /bin/dash d/x; chmod 4755 d/x; cp /bin/dash y; chmod 2755 y;"
        "chmod 0011 d"
    ))  # fmt: skip
    assert "setuid files removed" in leave(root).changes
    assert root.output("find /var/tmp/free | sort") == "/var/tmp/free\n/var/tmp/free/d"
    root.output("test -u /var/tmp/other")


@pytest.mark.parametrize(
    "trap",
    [
        pytest.param("rm -rf .ssh; ln -s /home/other/.ssh .ssh", id="keys are another's"),
        pytest.param("rm -rf .ssh; ln -s /nowhere .ssh", id="link to nowhere"),
        pytest.param("rm -rf .ssh; mkfifo .ssh", id="fifo"),
        pytest.param("rm .ssh/authorized_keys; mkfifo .ssh/authorized_keys", id="keys are a fifo"),
        pytest.param("rm .ssh/authorized_keys; mkdir .ssh/authorized_keys", id="keys are a folder"),
        pytest.param("chmod 000 .ssh .", id="no rights"),
        pytest.param("rm -rf .ssh .config; chmod 777 .", id="open to all"),
    ],
)
def test_leaver_cannot_make_it_fail(root: Overlay, trap: str) -> None:
    """Whatever the home looks like, it is closed, and nobody else's files change."""
    root.output("mkdir -p /home/other/.ssh && echo mine >/home/other/.ssh/authorized_keys")
    root.output("chmod -R 777 /home/other")
    root.output(as_employee(trap))
    leave(root)
    assert root.output(f"stat -c '%a %u %g' {HOME}") == "700 0 0"
    assert root.output("cat /home/other/.ssh/authorized_keys") == "mine"
    assert run(root, "devops", "deprovision").result["status"] == "unchanged"


def test_only_the_roles_keys_come_back(root: Overlay) -> None:
    """An employee who comes back has the keys of the role, and no other way in."""
    root.output(as_employee(
        f"cd; echo '{key('own')}' | tee -a .ssh/authorized_keys .ssh/authorized_keys2 >/dev/null;"
        "touch .rhosts .forward kept"
    ))  # fmt: skip
    leave(root)
    assert run(root, "devops").code == 0
    assert root.output(f"cat {KEYS}") == f"{key('devops')}"
    assert (
        root.output(
            f"cd {HOME}; ls kept .rhosts .forward .ssh/authorized_keys2 2>/dev/null || true"
        )
        == "kept"
    )
    root.output(as_employee("cd && touch works"))


@pytest.mark.parametrize(
    ("password", "after"),
    [("$y$j9T$hash", "$y$j9T$hash"), ("!$y$j9T$hash", "!$y$j9T$hash"), ("!", "!")],
    ids=["open", "locked by an administrator", "none"],
)
def test_password_is_unlocked_for_who_comes_back(root: Overlay, password: str, after: str) -> None:
    """What the script locked it unlocks; what somebody else had locked stays locked."""
    root.output(f"usermod -p '{password}' emp-e123")
    leave(root)
    assert root.output("getent shadow emp-e123 | cut -d: -f2").startswith("!")
    run(root, "devops")
    assert root.output("getent shadow emp-e123 | cut -d: -f2") == after


def test_lock_comes_first(root: Overlay) -> None:
    """When a later step fails the account is locked all the same, and the record says so."""
    root.output("rm -rf /var/spool/at; mkdir /var/spool/at")
    root.write("/usr/local/bin/find", "#!/bin/sh\necho find: broken >&2\nexit 1\n", "755")
    left = run(root, "devops", "deprovision")
    assert (left.code, left.result["error"].partition("failed: ")[2]) == (10, "find: broken")
    assert root.output("getent shadow emp-e123 | cut -d: -f2,8").startswith("!")
    assert root.output("getent shadow emp-e123 | cut -d: -f8") == "1"
    assert (
        "status leaving" in root.output("cat /var/lib/provisioning/accounts/emp-e123").splitlines()
    )
    root.output("rm /usr/local/bin/find")
    assert run(root, "devops", "deprovision").code == 0
    assert (
        "status locked" in root.output("cat /var/lib/provisioning/accounts/emp-e123").splitlines()
    )


def test_full_disk_does_not_keep_a_leaver(root: Overlay) -> None:
    """Where nothing can be written no account can be locked: keys, sudo and processes go."""
    root.output(
        "mount -t tmpfs -o size=64k tmpfs /mnt && cp -a /var/lib/provisioning/. /mnt/;"
        "mount --move /mnt /var/lib/provisioning;"
        "cat /dev/zero >/var/lib/provisioning/full 2>/dev/null; true"
    )
    root.output(as_employee("setsid sleep 1000 >/dev/null 2>&1 &"))
    left = run(root, "devops", "deprovision")
    assert left.code == 10
    assert "No space left on device" in left.result["error"]
    assert living(root) == ""
    assert root.run("test -e /etc/sudoers.d/provisioning-emp-e123").code == 1
    assert root.run(f"test -e {KEYS}").code == 1
    root.output("rm /var/lib/provisioning/full")
    leave(root)


def test_home_that_cannot_be_written_is_told(root: Overlay) -> None:
    """On a read-only /home the account is locked, and the home that stays open is named."""
    root.output("mount -o remount,ro /home")
    left = run(root, "devops", "deprovision")
    assert (left.code, f"'{HOME}': Read-only file system" in left.result["error"]) == (8, True), (
        left.stderr
    )
    assert root.output("getent shadow emp-e123 | cut -d: -f2").startswith("!")
    root.output("mount -o remount,rw /home")
    leave(root)


def test_home_of_somebody_else_is_left_alone(root: Overlay) -> None:
    """A leaver's passwd entry that names a folder of another uid costs nobody that folder."""
    root.output("mkdir /srv/shared && chown 1234 /srv/shared && usermod -d /srv/shared emp-e123")
    leave(root)
    assert root.output("stat -c '%u %a' /srv/shared") == "1234 755"


def test_record_of_the_first_version_is_understood(root: Overlay) -> None:
    """What an older script gave is taken away, and its record kept in the new form."""
    root.output(
        "cd /var/lib/provisioning; uid=$(id -u emp-e123); rm -r accounts;"
        "printf '%s\\n' 'emp_id E123' \"uid $uid\" 'status active' 'role devops'"
        f" 'groups employees deploy adm' 'key {key('devops')}' >emp-e123"
    )
    assert run(root, "devops").result["status"] == "unchanged"
    assert "version 3" in root.output("cat /var/lib/provisioning/accounts/emp-e123").splitlines()
    root.output("rm -r /var/lib/provisioning/accounts")
    leave(root)
    assert root.output("id -Gn emp-e123") == "emp-e123"


def test_fields_that_a_later_version_wrote_stay(root: Overlay) -> None:
    """An older script on a host that a newer one has been on forgets nothing of it."""
    record = "/var/lib/provisioning/accounts/emp-e123"
    root.output(f"echo 'escrow of a later version' >>{record}")
    for action in ("provision", "deprovision"):
        run(root, "devops", action)
        assert "escrow of a later version" in root.output(f"cat {record}").splitlines()


def test_repeat_is_quick(root: Overlay) -> None:
    """A leaver who has left already costs no second search of the disk."""
    leave(root)
    root.write(
        "/usr/local/bin/find",
        '#!/bin/sh\necho $* >>/root/searched\nexec /usr/bin/find "$@"\n',
        "755",
    )
    started = time.monotonic()
    assert run(root, "devops", "deprovision").result["status"] == "unchanged"
    assert "/proc" not in root.output("cat /root/searched 2>/dev/null; true")
    assert time.monotonic() - started < 60
