"""What is taken, given and refused on a real root, also against an employee who resists."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from scripts.provision.catalogue import Catalogue, load
from scripts.provision.render import render
from tests.unit.provision.host import Run, key, substituted
from tests.unit.provision.overlay import Overlay, missing
from tests.unit.provision.real import HOME, KEYS, SUDO, as_employee, prepare, run

_REASON = missing()
pytestmark = pytest.mark.skipif(bool(_REASON), reason=_REASON)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Overlay]:
    """Return a throw-away root."""
    with Overlay(tmp_path) as overlay:
        prepare(overlay)
        yield overlay


def run_with(root: Overlay, catalogue: Mapping[str, object], emp_id: str, role: str) -> Run:
    """Run provision.sh with a catalogue of the test's own."""
    text = render(Catalogue.model_validate(catalogue)).text
    return root.run_script(substituted(text, emp_id, role))


def without_prefix(*, prefix: str = "") -> dict[str, object]:
    """Return a catalogue whose account names are the employee ids."""
    return {"user_name": {"prefix": prefix}, "roles": {"plain": {"primary_group": "people"}}}


@pytest.mark.parametrize(
    "obstacle",
    [
        pytest.param("rm -rf ~/.config; ln -s /nowhere ~/.config", id="link to nowhere"),
        pytest.param("rm -rf ~/.config; mkdir -m 000 ~/.config", id="no rights"),
        pytest.param("rm -rf ~/.config; touch ~/.config", id="a file"),
        pytest.param("rm -rf ~/.config; ln -s /root ~/.config", id="link to root"),
    ],
)
def test_rights_go_before_the_home_is_touched(root: Overlay, obstacle: str) -> None:
    """Who spoils the home of a reduced role loses the former rights all the same."""
    run(root, "devops")
    root.output(as_employee(obstacle))
    reduced = run(root, "reader")
    assert reduced.code == 8
    assert HOME in reduced.result["error"]
    assert ".config" in reduced.result["error"]
    assert root.run(f"test -e {SUDO}").code == 1
    assert set(root.output("id -Gn emp-e123").split()) == {"emp-e123", "employees"}


def test_failing_run_gives_nothing(root: Overlay) -> None:
    """A larger role whose home cannot be furnished gives neither groups nor sudo rules."""
    run(root, "reader")
    root.output(as_employee("rm -rf ~/.config ~/.ssh; touch ~/.ssh"))
    assert run(root, "devops").code == 8
    assert root.run(f"test -e {SUDO}").code == 1
    assert set(root.output("id -Gn emp-e123").split()) == {"emp-e123", "employees"}


def test_sessions_of_a_lost_group_end(root: Overlay) -> None:
    """A shell that was opened with the former groups does not keep them."""
    run(root, "devops")
    root.output(as_employee("setsid sleep 1000 >/dev/null 2>&1 &"))
    assert run(root, "reader").code == 0
    assert root.run('grep -l "^Uid:.$(id -u emp-e123)" /proc/[0-9]*/status').code == 1


def test_sessions_stay_when_nothing_is_lost(root: Overlay) -> None:
    """A repeat, or a role with more, ends no session."""
    run(root, "reader")
    root.output(as_employee("setsid sleep 1000 >/dev/null 2>&1 &"))
    assert run(root, "devops").code == 0
    root.output('grep -l "^Uid:.$(id -u emp-e123)" /proc/[0-9]*/status')


def test_names_in_between_are_nobodys(root: Overlay) -> None:
    """Accounts may be called like temporary files: each keeps its home and its record."""
    catalogue = without_prefix()
    names = ["lin", "lin.new", "lin.provisioning", "accounts", "homes", "new", "provisioning"]
    for name in names:
        assert (made := run_with(root, catalogue, name, "plain")).result["status"] == "created", (
            made.stderr
        )
        root.output(f"echo {name} >/home/{name}/mine")
    for name in names:
        assert run_with(root, catalogue, name, "plain").result["status"] == "unchanged"
    for name in names:
        assert root.output(f"cat /home/{name}/mine") == name
        assert f"emp_id {name}" in root.output(f"cat /var/lib/provisioning/accounts/{name}")


@pytest.mark.parametrize("name", ["adm", "wheelers"])
def test_name_of_an_existing_group_is_refused(root: Overlay, name: str) -> None:
    """Without a prefix an id that names a group would get that group."""
    root.output("groupadd -f wheelers")
    refused = run_with(root, without_prefix(), name, "plain")
    assert refused.code == 5
    assert f"group {name} was not made by this script" in refused.result["error"]
    assert root.run(f"getent passwd {name}").code == 2


def test_sudo_that_does_not_read_the_folder_is_told(root: Overlay) -> None:
    """Where /etc/sudoers includes no folder nothing is given, and the run says what is missing."""
    root.write("/etc/sudoers", "root ALL=(ALL) ALL\n", "440")
    refused = run(root, "devops")
    assert (refused.code, f"sudo does not read {SUDO}" in refused.result["error"]) == (9, True)
    assert root.run(f"test -e {SUDO}").code == 1
    assert set(root.output("id -Gn emp-e123").split()) == {"emp-e123"}
    prepare(root)
    assert run(root, "devops").code == 0


def test_home_of_another_uid_is_refused(root: Overlay) -> None:
    """A home that another uid owns is not taken over: the run names it and gives nothing."""
    root.output(f"mkdir {HOME} && chown 4321 {HOME} && echo theirs >{HOME}/file")
    refused = run(root, "devops")
    assert refused.code == 8
    assert f"emp-e123 cannot write into {HOME}: belongs to another uid" in refused.result["error"]
    assert root.output(f"stat -c %u {HOME}") == "4321"
    assert root.run(f"test -e {SUDO}").code == 1


def test_role_files_beat_those_of_the_skeleton(root: Overlay) -> None:
    """In a new home stands the role's .bashrc; later nobody's is overwritten."""
    files = [{"path": ".bashrc", "content": "# of the role\n"}, {"path": ".vimrc", "content": "\n"}]
    every = {"files": [{"path": ".vimrc", "content": "# of everyone\n"}]}
    catalogue = {"everyone": every, "roles": {"plain": {"files": files}}}
    assert run_with(root, catalogue, "E123", "plain").code == 0
    assert root.output(f"cat {HOME}/.bashrc") == "# of the role"
    assert root.output(f"cat {HOME}/.vimrc") == ""
    root.output(as_employee("echo mine >~/.bashrc"))
    assert run_with(root, catalogue, "E123", "plain").result["status"] == "unchanged"
    assert root.output(f"cat {HOME}/.bashrc") == "mine"


def test_held_lock_of_passwd_is_waited_for(root: Overlay) -> None:
    """Somebody edits /etc/passwd: the run waits longer than the account tools do."""
    root.output(
        "(sleep 17; rm /etc/passwd.lock) >/dev/null 2>&1 & printf '%s' $! >/etc/passwd.lock"
    )
    assert (made := run(root, "reader")).result["status"] == "created", made.stderr


def test_lock_of_passwd_that_is_never_left_exits_with_6(root: Overlay) -> None:
    """After the time that the catalogue allows the run says what it waited for."""
    root.output("sleep 1000 >/dev/null 2>&1 & printf '%s' $! >/etc/passwd.lock")
    catalogue = {"lock_timeout_seconds": 1, "roles": {"plain": {}}}
    waited = run_with(root, catalogue, "E123", "plain")
    assert (waited.code, "cannot lock /etc/passwd" in waited.result["error"]) == (6, True), (
        waited.stderr
    )


@pytest.mark.parametrize(
    ("tool", "code", "path"),
    [("chown", 8, "/home/.provisioning/new"), ("cp", 8, "/etc/skel"), ("mv", 10, "/var/lib")],
)
def test_refused_tool_is_told_in_its_own_words(
    root: Overlay, tool: str, code: int, path: str
) -> None:
    """A tool that fails gives the run's code, its path and its last line."""
    root.write(
        f"/usr/local/bin/{tool}", f'#!/bin/sh\necho "{tool}: $*: refused" >&2\nexit 1\n', "755"
    )
    failed = run(root, "reader")
    assert failed.code == code, failed.stderr
    for word in (path, "refused", tool):
        assert word in failed.result["error"]
    assert "$" not in failed.result["error"]
    root.output(f"rm /usr/local/bin/{tool}")
    assert run(root, "reader").code == 0


@pytest.mark.parametrize("place", ["/home", "/etc", "/var/lib/provisioning"])
def test_read_only_folder_is_told(root: Overlay, place: str) -> None:
    """Whatever cannot be written is named with its path, and the next run mends it."""
    run(root, "reader", emp_id="E1")
    root.output(f"mount --bind {place} {place} && mount -o remount,bind,ro {place}")
    failed = run(root, "devops")
    assert failed.code in {8, 10}, failed.stderr
    assert place in failed.result["error"]
    root.output(f"umount {place}")
    assert (done := run(root, "devops")).code == 0, done.stderr


def test_yum_is_used_where_there_is_no_dnf(root: Overlay) -> None:
    """A host with yum and no dnf is one of the dnf family."""
    root.write(
        "/usr/local/bin/yum", '#!/bin/sh\necho "$@" >>/root/yum\necho "$3" >>/root/there\n', "755"
    )
    root.write(
        "/usr/local/bin/rpm", "#!/bin/sh\nsed 's/$/:installed/' /root/there 2>/dev/null\n", "755"
    )
    catalogue = {"roles": {"plain": {"packages": [{"dnf": "vim-enhanced", "apt": "vim"}]}}}
    assert (done := run_with(root, catalogue, "E123", "plain")).code == 0, done.stderr
    assert root.output("cat /root/yum") == "-yq install vim-enhanced"


def test_null_character_does_not_swap_the_role(root: Overlay) -> None:
    """Run by hand, a value with line breaks and a null character is refused, not cut."""
    text = substituted(render(load()).text, "E123\n# role: devops\0", "contractor")
    refused = root.run_script(text)
    assert refused.code == 2
    assert "not acceptable" in refused.result["error"]


@pytest.mark.parametrize(
    "setting",
    [
        "CREATE_HOME yes",
        "CREATE_HOME no",
        "USERGROUPS_ENAB no",
        "UMASK 077",
        "HOME_MODE 0755",
        "SUB_UID_COUNT 0",
        "UID_MIN 5000",
    ],
)
def test_unusual_login_defs_change_nothing(root: Overlay, setting: str) -> None:
    """What the host's login.defs says of homes and groups does not matter."""
    name, _ = setting.split()
    root.output(f"sed -i '/^{name}/d' /etc/login.defs; echo '{setting}' >>/etc/login.defs")
    assert (made := run(root, "devops")).result["status"] == "created", made.stderr
    assert run(root, "devops").result["status"] == "unchanged"
    assert root.output(f"stat -c '%a %U' {HOME}") == "700 emp-e123"
    assert root.output("id -gn emp-e123") == "emp-e123"


@pytest.mark.parametrize("language", ["C", "C.UTF-8", "zh_CN.UTF-8", "tr_TR.UTF-8"])
def test_language_of_the_host_does_not_matter(root: Overlay, language: str) -> None:
    """Names are lower-cased and messages understood the same everywhere."""
    root.write("/root/command.sh", substituted(render(load()).text, "ILIM-1", "contractor"), "755")
    refused = root.run(f"LANG={language} LC_ALL={language} LANGUAGE=zh sh -c /root/command.sh")
    assert "emp-ilim-1" in refused.stdout


def test_nologin_is_a_shell_like_any_other(root: Overlay) -> None:
    """A role for file transfer only has no login shell."""
    catalogue = {"roles": {"files": {"shell": "/usr/sbin/nologin"}}}
    assert run_with(root, catalogue, "E123", "files").result["status"] == "created"
    assert run_with(root, catalogue, "E123", "files").result["status"] == "unchanged"


def test_keys_are_written_whole_and_as_the_employee(root: Overlay) -> None:
    """A hard link of somebody's file in place of the keys gives nothing and changes nothing."""
    run(root, "reader")
    root.output("echo secret >/home/secret && chmod 600 /home/secret")
    root.output(f"mkdir -p {HOME}/.ssh && ln /home/secret {KEYS} && chown emp-e123: {HOME}/.ssh")
    run(root, "devops")
    assert root.output("cat /home/secret") == "secret"
    assert root.output(f"cat {KEYS}") == key("devops")
