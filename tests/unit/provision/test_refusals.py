"""Each exit code, and what a run that failed leaves alone."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from functions.report.i18n import words as words_of
from functions.request.deployment import Language
from scripts.provision.catalogue import Catalogue
from scripts.provision.render import render
from tests.unit.provision.host import STANDINS, Host, Run, key, substituted

README = Path(__file__).parents[3] / "scripts/provision/README.md"


def refused(run: Run, code: int, *words: str) -> None:
    """Expect a failure with its code in the result and a reason with these words."""
    assert run.code == code, run.stderr
    result = run.result
    assert (result["status"], result["exit_code"]) == ("failed", code)
    for word in words:
        assert word in result["error"]
    assert result["error"] in run.stderr.replace('"', "'").replace("\\", "'")


def without_prefix(catalogue: Catalogue) -> Catalogue:
    """Make account names of the employee id alone."""
    return catalogue.model_copy(
        update={"user_name": catalogue.user_name.model_copy(update={"prefix": ""})}
    )


@pytest.mark.parametrize(
    ("emp_id", "role"),
    [
        pytest.param("", "dba", id="empty"),
        pytest.param("E 123", "dba", id="space"),
        pytest.param("E123 ", "dba", id="trailing space"),
        pytest.param("-rf", "dba", id="option"),
        pytest.param("../../etc", "dba", id="path"),
        pytest.param("E123.", "dba", id="dot at the end"),
        pytest.param("E" * 29, "dba", id="account name of 33"),
        pytest.param("李雷", "dba", id="not ascii"),
        pytest.param("é", "dba", id="letter of a locale"),
        pytest.param("\u212a", "dba", id="kelvin sign, which lower-cases to k"),
        pytest.param("E123\r", "dba", id="carriage return"),
        pytest.param("E123\ndba", "dba", id="line break"),
        pytest.param("E123\0", "dba", id="null character"),
        pytest.param("E123", "", id="no role"),
        pytest.param("E123", "Dba", id="role in capitals"),
        pytest.param("E123", "dba[0]", id="role with an index"),
        pytest.param("E123", "d" * 33, id="long role"),
        pytest.param("E123", "*", id="role as a pattern"),
    ],
)
def test_unacceptable_value_exits_with_2(
    host: Host, catalogue: Catalogue, emp_id: str, role: str
) -> None:
    """A value of another form is refused before anything is read or changed."""
    before = host.tree()
    run = host.run(catalogue, emp_id, role)
    refused(run, 2, "not acceptable")
    assert (run.result["user"], run.result["uid"]) == ("", None)
    assert (host.tree(), host.calls) == (before, [])


@pytest.mark.parametrize("emp_id", ["E123", "li.lei", "a", "0007", "A-b_c.D", "e" * 28])
def test_usual_employee_ids_are_accepted(host: Host, catalogue: Catalogue, emp_id: str) -> None:
    """Letters, digits and inner dots, dashes and underscores make an account."""
    run = host.run(catalogue, emp_id, "dba")
    assert run.result["user"] == f"emp-{emp_id.lower()}"
    assert run.code == 0, run.stderr


def test_unknown_role_exits_with_2(host: Host, catalogue: Catalogue) -> None:
    """A role that the catalogue lacks is named, with those that it has."""
    refused(
        host.run(catalogue, "E123", "devop"), 2, "unknown role devop: known are", "devops", "dba"
    )
    assert host.line("passwd", "emp-e123") == []


def test_number_without_prefix_exits_with_2(host: Host, catalogue: Catalogue) -> None:
    """An account name must start with a letter, also where the catalogue has no prefix."""
    bare = without_prefix(catalogue)
    refused(host.run(bare, "123", "dba"), 2, "not acceptable: emp_id '123'")
    assert host.run(bare, "E123", "dba").result["user"] == "e123"


def test_relative_root_exits_with_3(host: Host, catalogue: Catalogue) -> None:
    """PROVISION_ROOT has to be an absolute path."""
    host.environment["PROVISION_ROOT"] = "root"
    refused(host.run(catalogue, "E123", "dba"), 3, "PROVISION_ROOT")


def test_plain_user_without_a_root_of_its_own_exits_with_3(
    host: Host, catalogue: Catalogue
) -> None:
    """On the host itself only root can provision."""
    host.environment["PROVISION_ROOT"] = ""
    host.become_plain()
    refused(host.run(catalogue, "E123", "dba"), 3, "needs root")


def test_missing_tool_exits_with_3(host: Host, catalogue: Catalogue) -> None:
    """A host without one of the tools says which before anything is changed."""
    tools = host.folder / "tools"
    tools.mkdir()
    for name in ("bash", "sh", "flock", "groupadd", "setpriv", "useradd", "usermod"):
        found = shutil.which(name, path=f"{STANDINS}:{os.environ['PATH']}:/usr/sbin")
        assert found is not None
        (tools / name).symlink_to(found)
    host.environment["PATH"] = str(tools)
    text = render(catalogue).text.replace(":/usr/sbin:/usr/bin:/sbin:/bin", "")
    run = host.run_text(substituted(text, "E123", "dba"))
    refused(run, 3, "a tool is missing")
    assert "timeout: not found" in run.stderr


def test_usermod_without_an_effect_exits_with_4(host: Host, catalogue: Catalogue) -> None:
    """Success without an effect is noticed: a second look finds what is still to do."""
    host.run(catalogue, "E123", "devops")
    host.tell("idle", "usermod")
    run = host.run(catalogue, "E123", "dba")
    refused(run, 4, "still to do at the second look", "group dba")
    refused(host.run(catalogue, "E123", "dba", "deprovision"), 4, "still to do", "locked")


def test_useradd_without_an_effect_exits_with_4(host: Host, catalogue: Catalogue) -> None:
    """An account that useradd only claims to have made is not reported as created."""
    host.tell("idle", "useradd")
    refused(host.run(catalogue, "E123", "dba"), 4, "no account emp-e123 after useradd")


def test_foreign_account_exits_with_5(host: Host, catalogue: Catalogue) -> None:
    """An account that is not on record belongs to somebody else and stays as it is."""
    before = host.tree()
    refused(host.run(catalogue, "jane", "devops"), 5, "emp-jane (uid 990)", "not touched")
    refused(host.run(catalogue, "jane", "devops", "deprovision"), 5, "not touched")
    changed = {name for name, was in host.tree().items() if before.get(name) != was}
    assert changed == {"root/var/lib/provisioning/.lock"}
    assert host.calls == []


def test_system_account_exits_with_5(host: Host, catalogue: Catalogue) -> None:
    """Without a prefix an emp_id can name root: it is refused like any account not made here."""
    bare = without_prefix(catalogue)
    for action in ("provision", "deprovision"):
        refused(host.run(bare, "root", "devops", action), 5, "root (uid 0)")


def test_account_made_anew_by_somebody_else_exits_with_5(host: Host, catalogue: Catalogue) -> None:
    """The record holds for the UID that was made, not for any account of that name."""
    host.run(catalogue, "E123", "dba")
    passwd = host.path("etc/passwd")
    passwd.write_text(passwd.read_text().replace("emp-e123:x:1000:", "emp-e123:x:1500:"))
    refused(host.run(catalogue, "E123", "dba"), 5, "uid 1500")


def test_record_without_uid_is_not_enough_to_claim_an_account(
    host: Host, catalogue: Catalogue
) -> None:
    """After a failed useradd, an account that somebody makes by hand is not taken over."""
    host.tell("broken", "useradd")
    refused(host.run(catalogue, "E123", "dba"), 8, "useradd failed")
    host.tell("broken")
    passwd = host.path("etc/passwd")
    passwd.write_text(passwd.read_text() + "emp-e123:x:1500:4::/home/emp-e123:/bin/bash\n")
    refused(host.run(catalogue, "E123", "dba"), 5, "uid 1500")


def test_two_employees_of_one_account_name_exit_with_5(host: Host, catalogue: Catalogue) -> None:
    """E123 and e123 would share an account: the second one is told whose it is."""
    host.run(catalogue, "E123", "dba")
    refused(host.run(catalogue, "e123", "dba"), 5, "emp_id E123")


def test_lock_that_stays_taken_exits_with_6(host: Host, catalogue: Catalogue) -> None:
    """A run gives up when another one keeps the lock for longer than the catalogue allows."""
    hasty = catalogue.model_copy(update={"lock_timeout_seconds": 1})
    host.run(hasty, "E123", "dba")
    with host.path("var/lib/provisioning/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused(host.run(hasty, "E123", "devops"), 6, "lock for 1 s", "try again")
    assert host.run(hasty, "E123", "devops").result["status"] == "updated"


def test_four_at_once_wait_for_each_other(host: Host, catalogue: Catalogue) -> None:
    """Of simultaneous runs one creates the account and the others find nothing to do."""
    host.tell("slow")
    text = substituted(render(catalogue).text, "E123", "dba", moment="1764115200000")
    started = [host.start(text, name=f"command-{number}.sh") for number in range(4)]
    runs = [
        Run(process.returncode, out.decode(), err.decode())
        for process in started
        for out, err in [process.communicate(timeout=60)]
    ]
    assert sorted(run.result["status"] for run in runs) == [
        "created",
        "unchanged",
        "unchanged",
        "unchanged",
    ]
    assert sum(call.startswith("useradd") for call in host.calls) == 1


def test_package_that_cannot_be_had_exits_with_7(host: Host, catalogue: Catalogue) -> None:
    """A package manager's failure names the package, and no account is made."""
    host.tell("unavailable", "no-such-package")
    run = host.run(catalogue, "E123", "broken-package")
    refused(run, 7, "dnf could not install no-such-package")
    assert "Unable to find a match: no-such-package" in run.stderr
    assert host.line("passwd", "emp-e123") == []


def test_package_that_is_only_provided_exits_with_7(host: Host, catalogue: Catalogue) -> None:
    """A name that the package manager accepts but does not install as such is told."""
    host.tell("pretended", "no-such-package")
    run = host.run(catalogue, "E123", "broken-package")
    refused(run, 7, "no-such-package not installed though dnf succeeded")


@pytest.mark.parametrize("tool", ["groupadd", "useradd"])
def test_account_tool_that_fails_exits_with_8(host: Host, catalogue: Catalogue, tool: str) -> None:
    """The tool is named; its own words are in the log; the next run starts over."""
    host.tell("broken", tool)
    run = host.run(catalogue, "E123", "devops")
    refused(run, 8, f"{tool} failed for emp-e123")
    assert f"{tool}: broken" in run.stderr
    assert not host.path("etc/sudoers.d/provisioning-emp-e123").exists()
    host.tell("broken")
    assert host.run(catalogue, "E123", "devops").result["status"] == "created"


def test_missing_shell_exits_with_8(host: Host, catalogue: Catalogue) -> None:
    """A login shell that no package brought is noticed before the account is made."""
    refused(host.run(catalogue, "E123", "shellless"), 8, "/usr/bin/no-such-shell", "package")
    assert host.line("passwd", "emp-e123") == []


def test_home_that_cannot_be_written_exits_with_8(host: Host, catalogue: Catalogue) -> None:
    """A file where a folder has to be is told, not overwritten."""
    host.run(catalogue, "E123", "analyst")
    host.path("home/emp-e123/.ssh").write_text("mine")
    run = host.run(catalogue, "E123", "dba")
    assert run.code in {4, 8}, run.stderr
    assert host.path("home/emp-e123/.ssh").read_text() == "mine"


def test_sudo_rule_that_visudo_refuses_exits_with_9(host: Host, catalogue: Catalogue) -> None:
    """A refused rule leaves neither a drop-in nor an account, and the former rules in place."""
    refused(host.run(catalogue, "E123", "refused"), 9, "sudo rules of role refused")
    assert not host.path("etc/sudoers.d").exists()
    assert host.line("passwd", "emp-e123") == []
    host.run(catalogue, "E123", "devops")
    before = host.tree()
    refused(host.run(catalogue, "E123", "refused"), 9)
    assert host.tree() == before


def test_unexpected_failure_exits_with_1(host: Host, catalogue: Catalogue) -> None:
    """What nobody thought of still gives a result that names the failing command."""
    host.path("etc/group").unlink()
    refused(host.run(catalogue, "E123", "dba"), 1, "line ", "failed: ")


def test_state_that_cannot_be_kept_exits_with_10(host: Host, catalogue: Catalogue) -> None:
    """What root's own files need is told with the path and the tool's own words."""
    host.path("var/lib").mkdir()
    host.path("var/lib/provisioning").write_text("in the way")
    refused(host.run(catalogue, "E123", "dba"), 10, "var/lib/provisioning", "File exists")


def test_script_that_is_not_a_file_exits_with_2(host: Host, catalogue: Catalogue) -> None:
    """Piped into a shell the script cannot see its last lines, and does nothing."""
    text = substituted(render(catalogue).text, "E123", "dba")
    done = subprocess.run(
        ["bash", "-c", text],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{STANDINS}:{os.environ['PATH']}", "PROVISION_ROOT": str(host.path(""))},
    )
    refused(Run(done.returncode, done.stdout, done.stderr), 2, "not acceptable: emp_id '', role ''")


def test_failing_run_does_not_lose_track_of_what_it_gave(host: Host, catalogue: Catalogue) -> None:
    """Groups given by a run that then failed are still taken away by the next role."""
    host.run(catalogue, "E123", "analyst")
    host.path("home/emp-e123/.ssh").write_text("mine")
    host.run(catalogue, "E123", "dba")
    assert host.groups_of("emp-e123") == {"employees"}
    host.path("home/emp-e123/.ssh").unlink()
    host.run(catalogue, "E123", "analyst")
    assert host.groups_of("emp-e123") == {"employees", "analysts"}


def test_keys_of_a_failing_run_are_taken_away_later(host: Host, catalogue: Catalogue) -> None:
    """A key is on record before it is written, so a cut-off run cannot leave it behind."""
    host.run(catalogue, "E123", "devops")
    record = host.path("var/lib/provisioning/accounts/emp-e123")
    assert key("devops") in record.read_text()
    host.path("etc/sudoers.d/provisioning-emp-e123").unlink()
    host.tell("broken", "groupadd")
    host.run(catalogue, "E123", "dba")
    assert key("devops") in record.read_text()
    assert key("dba") in record.read_text()


def test_every_exit_code_is_in_the_readme_and_told_in_the_chat() -> None:
    """The README lists the codes that the scripts end with; messages know what each means."""
    rows = [line for line in README.read_text().splitlines() if line.startswith("| ")]
    codes = {int(cell) for row in rows if (cell := row.split("|")[1].strip()).isdigit()}
    assert codes == set(range(13))
    for language in Language:
        assert {code for code in codes if not words_of(language).exit_code(code)} == {0}
