"""The script on a real root: this machine's own account tools, under an overlay."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.provision.render import render
from tests.unit.provision.host import key, substituted
from tests.unit.provision.overlay import Overlay, missing
from tests.unit.provision.real import CATALOGUE, KEYS, prepare, run

_REASON = missing()
pytestmark = pytest.mark.skipif(bool(_REASON), reason=_REASON)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Overlay]:
    """Return a throw-away root, with a visudo if the machine has none."""
    with Overlay(tmp_path) as overlay:
        prepare(overlay)
        yield overlay


def test_account_lives_its_whole_life_with_the_real_tools(root: Overlay) -> None:
    """Created, repeated, changed, locked, repeated, opened again: each state as id(1) sees it."""
    assert (first := run(root, "devops")).result["status"] == "created", first.stderr
    assert run(root, "devops").result["status"] == "unchanged"
    assert set(root.output("id -Gn emp-e123").split()) == {"emp-e123", "employees", "deploy", "adm"}
    assert root.output("stat -c '%a %u %g' /etc/sudoers.d/provisioning-emp-e123") == "440 0 0"
    assert (
        root.output(f"stat -c '%a %U' {KEYS} | tr '\\n' ' '; cat {KEYS}")
        == f"600 emp-e123 {key('devops')}"
    )
    assert root.output("find /home/emp-e123 ! -user emp-e123") == ""
    assert root.output("cat /home/emp-e123/.config/role") == "devops"

    assert (changed := run(root, "analyst")).result["status"] == "updated", changed.stderr
    assert set(root.output("id -Gn emp-e123").split()) == {"data", "employees", "analysts"}
    assert root.output("id -gn emp-e123") == "data"
    assert root.output(f"cat {KEYS}") == key("analyst")
    assert run(root, "analyst").result["status"] == "unchanged"

    uid = root.output("id -u emp-e123")
    assert (locked := run(root, "analyst", "deprovision")).result["status"] == "locked", (
        locked.stderr
    )
    assert run(root, "analyst", "deprovision").result["status"] == "unchanged"
    assert (
        root.output("getent passwd emp-e123 | cut -d: -f3,7 --output-delimiter=' '")
        == f"{uid} /usr/sbin/nologin"
    )
    assert root.output("getent shadow emp-e123 | cut -d: -f8") == "1"
    assert set(root.output("id -Gn emp-e123").split()) == {"emp-e123"}
    assert root.run(f"test -e {KEYS}").code == 1

    assert (again := run(root, "devops")).result["status"] == "updated", again.stderr
    assert root.output("id -u emp-e123") == uid
    assert root.output("getent shadow emp-e123 | cut -d: -f8") == ""


def test_sessions_of_a_leaver_end(root: Overlay) -> None:
    """Whatever the leaver still runs is ended, also what ignores the polite signal."""
    run(root, "devops")
    as_user = "setsid setpriv --reuid=emp-e123 --regid=emp-e123 --clear-groups"
    root.output(
        f"{as_user} sleep 1000 >/dev/null 2>&1 & "
        f"{as_user} bash -c 'trap \"\" TERM; while :; do sleep 1; done' >/dev/null 2>&1 & "
        "sleep 1000 >/dev/null 2>&1 & echo $! >/root/mine"
    )
    left = run(root, "devops", "deprovision")
    assert "sessions ended" in left.changes, left.stderr
    assert root.run('grep -ls "^Uid:.*$(id -u emp-e123)" /proc/[0-9]*/status').code == 1
    root.output("kill -0 $(cat /root/mine)")


@pytest.mark.parametrize(
    "trap",
    [
        pytest.param("rm -rf .ssh; ln -s /root/prey .ssh", id="folder is a link"),
        pytest.param("ln -sf /root/prey/authorized_keys .ssh/authorized_keys", id="file is a link"),
        pytest.param("rm -rf .config; ln -s /root/prey .config", id="skeleton folder is a link"),
    ],
)
def test_links_that_the_user_set_lead_nowhere(root: Overlay, trap: str) -> None:
    """Root writes into a home as the user, so a link to root's files gives the user nothing."""
    run(root, "analyst")
    root.output("mkdir -m 700 /root/prey && echo secret >/root/prey/authorized_keys")
    root.output(
        f"cd /home/emp-e123 && setpriv --reuid=emp-e123 --regid=data --clear-groups sh -c '{trap}'"
    )
    run(root, "devops")
    run(root, "devops", "deprovision")
    assert root.output("cd /root/prey && echo * $(cat *)") == "authorized_keys secret"
    assert root.run("grep -rs secret /home/emp-e123").code == 1


def test_user_and_home_get_nothing_of_roots_environment(root: Overlay) -> None:
    """What runs as the user does not inherit root's environment, where secrets may be."""
    root.write(
        "/usr/local/bin/setsid", '#!/bin/sh\nenv >/root/seen\nexec /usr/bin/setsid "$@"\n', "755"
    )
    root.write("/root/command.sh", substituted(render(CATALOGUE).text, "E123", "devops"), "755")
    done = root.run("STANDINS=/root SECRET=hush sh -c /root/command.sh")
    assert done.code == 0, done.stderr
    assert "hush" not in root.output("cat /root/seen")


def test_service_that_a_package_starts_does_not_keep_the_lock(root: Overlay) -> None:
    """A daemon started by the package manager outlives the run, the lock does not."""
    root.write(
        "/usr/local/bin/dnf",
        "#!/bin/sh\ntouch /root/there\nsetsid sleep 1000 >/dev/null 2>&1 &\n",
        "755",
    )
    root.write(
        "/usr/local/bin/rpm",
        "#!/bin/sh\n[ ! -e /root/there ] || printf 'coreutils:installed\\nbash:installed\\n'\n",
        "755",
    )
    assert run(root, "devops").result["status"] == "created"
    root.output("flock -n /var/lib/provisioning/.lock true")
