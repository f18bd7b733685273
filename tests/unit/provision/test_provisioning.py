"""What the script does to a host: accounts, groups, sudo, keys, homes, and nothing twice."""

import datetime
import os
import re
import stat

import pytest

from scripts.provision.catalogue import Catalogue
from scripts.provision.render import render
from tests.unit.provision.conftest import CATALOGUE
from tests.unit.provision.host import Host, key


def days(number: int) -> str:
    """Return a day from now as shadow(5) counts it."""
    return str(
        (datetime.datetime.now(datetime.UTC).date() - datetime.date(1970, 1, 1)).days + number
    )


def test_account_is_created_with_all_that_the_role_lists(host: Host, catalogue: Catalogue) -> None:
    """A first run makes the account, its groups, sudo rules, keys and home, and lists them."""
    run = host.run(catalogue, "E123", "devops")
    assert run.code == 0, run.stderr
    assert run.result == {
        "status": "created",
        "user": "emp-e123",
        "role": "devops",
        "uid": 1000,
        "changes": [
            "packages git vim-enhanced",
            "user",
            "home",
            "ssh keys",
            "files",
            "sudo",
            "group employees",
            "group deploy",
            "group adm",
        ],
        "moment": host.moment,
        "manual": False,
        "exit_code": 0,
        "error": "",
    }
    assert host.line("passwd", "emp-e123")[4:] == ["E123", "/home/emp-e123", "/bin/bash"]
    assert host.line("passwd", "emp-e123")[3] == host.line("group", "emp-e123")[2]
    assert host.groups_of("emp-e123") == {"employees", "deploy", "adm"}
    assert host.line("shadow", "emp-e123")[7] == ""
    sudo = host.path("etc/sudoers.d/provisioning-emp-e123")
    (rule,) = CATALOGUE["roles"]["devops"]["sudo"]
    assert sudo.read_text() == f"emp-e123 {rule}\n"
    assert stat.S_IMODE(sudo.stat().st_mode) == 0o440
    home = host.path("home/emp-e123")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert (home / ".bashrc").read_text() == "# from skel\n"
    assert (home / ".config/role").read_text() == "devops\n"
    assert stat.S_IMODE((home / ".config/role").stat().st_mode) == 0o600
    keys = home / ".ssh/authorized_keys"
    assert keys.read_text().splitlines() == [key("team"), key("devops")]
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("role", ["devops", "dba", "analyst"])
def test_second_run_changes_nothing_and_says_so(
    host: Host, catalogue: Catalogue, role: str
) -> None:
    """The same request twice leaves every file as it was and is reported as unchanged."""
    host.run(catalogue, "E123", role)
    before, calls = host.tree(), len(host.calls)
    run = host.run(catalogue, "E123", role)
    assert (run.result["status"], run.changes) == ("unchanged", [])
    assert host.tree() == before
    assert {call.split()[0] for call in host.calls[calls:]} <= {"rpm"}


def test_new_role_takes_away_what_only_the_former_gave(host: Host, catalogue: Catalogue) -> None:
    """A change of role swaps groups, sudo rules and keys, and keeps what both roles give."""
    host.run(catalogue, "E123", "devops")
    run = host.run(catalogue, "E123", "dba")
    assert run.result["status"] == "updated", run.stderr
    assert run.changes == ["sudo removed", "group deploy removed", "ssh keys", "sudo", "group dba"]
    assert host.groups_of("emp-e123") == {"employees", "adm", "dba"}
    sudo = host.path("etc/sudoers.d/provisioning-emp-e123").read_text()
    assert sudo == "emp-e123 ALL=(mysql) NOPASSWD: ALL\n"
    keys = host.path("home/emp-e123/.ssh/authorized_keys").read_text().splitlines()
    assert [key("team"), key("dba")] == keys


def test_role_without_sudo_removes_the_drop_in(host: Host, catalogue: Catalogue) -> None:
    """Nothing in sudoers.d remains when the new role has no sudo rule."""
    host.run(catalogue, "E123", "devops")
    run = host.run(catalogue, "E123", "analyst")
    assert "sudo removed" in run.changes
    assert list(host.path("etc/sudoers.d").iterdir()) == []


def test_what_an_administrator_gave_stays(host: Host, catalogue: Catalogue) -> None:
    """Groups and keys that the script did not give survive changes of role and deprovisioning."""
    host.run(catalogue, "E123", "analyst")
    group = host.path("etc/group")
    group.write_text(
        group.read_text().replace("adm:x:4:", "adm:x:4:emp-e123") + "oncall:x:700:emp-e123\n"
    )
    keys = host.path("home/emp-e123/.ssh/authorized_keys")
    keys.parent.mkdir()
    keys.write_text(f"{key('own')}\n\n# a comment")
    home = host.path("home/emp-e123").stat()
    for path in (keys, keys.parent):
        os.chown(path, home.st_uid, home.st_gid)
    host.run(catalogue, "E123", "dba")
    assert host.groups_of("emp-e123") == {"employees", "adm", "oncall", "dba"}
    host.run(catalogue, "E123", "analyst")
    assert host.groups_of("emp-e123") == {"employees", "adm", "oncall", "analysts"}
    assert keys.read_text().splitlines() == [key("own"), "", "# a comment"]
    host.run(catalogue, "E123", "analyst", "deprovision")
    assert host.groups_of("emp-e123") == {"adm", "oncall"}


def test_edited_skeleton_file_is_left_alone(host: Host, catalogue: Catalogue) -> None:
    """A file that the home has already is the user's own."""
    host.run(catalogue, "E123", "devops")
    file = host.path("home/emp-e123/.config/role")
    file.write_text("mine\n")
    run = host.run(catalogue, "E123", "devops")
    assert (run.result["status"], file.read_text()) == ("unchanged", "mine\n")


def test_drift_is_put_right(host: Host, catalogue: Catalogue) -> None:
    """A shell, a group or a sudo rule changed by hand is set again and listed."""
    host.run(catalogue, "E123", "devops")
    passwd, group = host.path("etc/passwd"), host.path("etc/group")
    passwd.write_text(
        passwd.read_text().replace("/home/emp-e123:/bin/bash", "/home/emp-e123:/bin/sh")
    )
    group.write_text(
        re.sub(r"^(deploy:x:\d+:)emp-e123$", r"\1", group.read_text(), flags=re.MULTILINE)
    )
    sudo = host.path("etc/sudoers.d/provisioning-emp-e123")
    sudo.unlink()
    run = host.run(catalogue, "E123", "devops")
    assert run.changes == ["sudo", "group deploy", "shell"]
    assert host.line("passwd", "emp-e123")[6] == "/bin/bash"
    assert sudo.exists()


def test_account_expires_the_agreed_days_after_the_run(host: Host, catalogue: Catalogue) -> None:
    """expires_days counts from the run; a later run renews it and says so."""
    host.run(catalogue, "E123", "analyst")
    assert host.line("shadow", "emp-e123")[7] == days(30)
    shadow = host.path("etc/shadow")
    shadow.write_text(shadow.read_text().replace(f":{days(30)}:", f":{days(20)}:"))
    (change,) = host.run(catalogue, "E123", "analyst").changes
    assert change.startswith("expires 20")
    assert host.line("shadow", "emp-e123")[7] == days(30)
    assert "expires never" in host.run(catalogue, "E123", "dba").changes
    assert host.line("shadow", "emp-e123")[7] == ""


def test_primary_group_of_a_role_is_set_and_given_back(host: Host, catalogue: Catalogue) -> None:
    """A role's primary group is created and used; the next role returns to the user's own."""
    host.run(catalogue, "E123", "analyst")
    assert host.line("passwd", "emp-e123")[3] == host.line("group", "data")[2]
    assert "primary group emp-e123" in host.run(catalogue, "E123", "dba").changes
    assert host.line("passwd", "emp-e123")[3] == host.line("group", "emp-e123")[2]


def test_only_missing_packages_are_installed(host: Host, catalogue: Catalogue) -> None:
    """What is there is not installed again, and what both lists lack is installed in one call."""
    host.tell("packages", "git")
    host.run(catalogue, "E123", "devops")
    assert [c for c in host.calls if c.startswith("dnf")] == ["dnf -yq install vim-enhanced"]


def test_dot_of_the_employee_id_is_not_in_the_name_of_the_drop_in(
    host: Host, catalogue: Catalogue
) -> None:
    """Sudo ignores files with a dot, so li.lei's rules stand in a file without one."""
    run = host.run(catalogue, "li.lei", "dba")
    assert run.result["user"] == "emp-li.lei"
    (drop_in,) = host.path("etc/sudoers.d").iterdir()
    assert drop_in.name == "provisioning-emp-li+lei"
    assert drop_in.read_text().startswith("emp-li.lei ALL=")


def test_unfinished_first_run_is_taken_up(host: Host, catalogue: Catalogue) -> None:
    """An account whose run was cut off after useradd is finished, not refused."""
    host.run(catalogue, "E123", "dba")
    record = host.path("var/lib/provisioning/accounts/emp-e123")
    record.write_text(record.read_text().replace("uid 1000", "uid"))
    host.path("etc/sudoers.d/provisioning-emp-e123").unlink()
    run = host.run(catalogue, "E123", "dba")
    assert (run.result["status"], run.changes) == ("updated", ["sudo"])
    assert "uid 1000" in record.read_text().splitlines()


def test_record_of_the_same_is_not_written_anew(host: Host, catalogue: Catalogue) -> None:
    """The same request once more, and the second look of every run, find it as it should be."""
    moment, request_hash = "1764115200000", "0123456789abcdef"
    record = host.path("var/lib/provisioning/accounts/emp-e123")
    host.run(catalogue, "E123", "devops", moment=moment, request_hash=request_hash)
    before = (record.stat().st_ino, record.read_text())
    host.run(catalogue, "E123", "devops", moment=moment, request_hash=request_hash)
    assert (record.stat().st_ino, record.read_text()) == before
    assert "requests 0123456789abcdef:1764115200000\n" in before[1]


def test_sixteen_requests_are_remembered(host: Host, catalogue: Catalogue) -> None:
    """The oldest of them goes, and nothing is left of it that the next reading would lose."""
    record = host.path("var/lib/provisioning/accounts/emp-e123")
    host.run(catalogue, "E123", "devops", request_hash="f" * 16)
    known = " ".join(f"{number:016x}:1764115200000" for number in range(16))
    record.write_text(re.sub("(?m)^requests .*$", f"requests {known}", record.read_text()))
    host.run(catalogue, "E123", "devops", request_hash="e" * 16)
    (requests,) = re.findall("(?m)^requests (.*)$", record.read_text())
    assert [each[:16] for each in requests.split(" ")] == [
        "e" * 16,
        *(f"{number:016x}" for number in range(15)),
    ]


def test_entries_of_others_are_read_as_they_are(host: Host, catalogue: Catalogue) -> None:
    """Names that begin or end alike, patterns, and empty fields."""
    group = host.path("etc/group")
    others = "xemp-e123:x:2000:emp-e1234,xemp-e123\nstars:x:2001:*,emp-e1.3\nlast:x:2002:emp-e123\n"
    group.write_text(group.read_text() + others)
    passwd = host.path("etc/passwd")
    passwd.write_text(passwd.read_text() + "emp-e1.3:x:2003:2003:*:/home/*:\n")
    run = host.run(catalogue, "E123", "devops")
    assert run.code == 0, run.stderr
    assert host.groups_of("emp-e123") == {"employees", "deploy", "adm", "last"}
    assert host.line("passwd", "emp-e1.3")[4] == "*"
    assert host.run(catalogue, "E1.3", "devops").result["error"] == (
        "account emp-e1.3 (uid 2003) was not made by this script: not touched"
    )


def test_leftover_of_a_killed_run_never_becomes_a_sudo_rule(
    host: Host, catalogue: Catalogue
) -> None:
    """An unchecked drop-in that a killed run left is not moved into place by the next run."""
    host.run(catalogue, "E123", "analyst")
    host.path("etc/sudoers.d").mkdir(exist_ok=True)
    host.path("etc/sudoers.d/.provisioning").write_text("emp-e123 ALL=(ALL) ALL\n")
    run = host.run(catalogue, "E123", "analyst")
    assert (run.result["status"], run.changes) == ("unchanged", [])
    assert not host.path("etc/sudoers.d/provisioning-emp-e123").exists()


def test_deleted_account_comes_back_with_its_own_uid(host: Host, catalogue: Catalogue) -> None:
    """An account that somebody deleted gets the UID on record, so its files are still its own."""
    host.run(catalogue, "E1", "dba")
    host.run(catalogue, "E2", "dba")
    for name in ("passwd", "shadow"):
        file = host.path(f"etc/{name}")
        kept = [line for line in file.read_text().splitlines() if not line.startswith("emp-e1:")]
        file.write_text("\n".join(kept) + "\n")
    run = host.run(catalogue, "E1", "dba")
    assert (run.result["status"], run.result["uid"]) == ("created", 1000), run.stderr


def test_deprovisioning_locks_and_removes_what_was_given(host: Host, catalogue: Catalogue) -> None:
    """A leaver's account stays, locked and expired, without groups, sudo rules or keys."""
    host.run(catalogue, "E123", "devops")
    run = host.run(catalogue, "E123", "devops", "deprovision")
    assert run.code == 0, run.stderr
    assert run.result["status"] == "locked"
    assert run.changes == [
        "locked",
        "group adm removed",
        "group employees removed",
        "group deploy removed",
        "sudo removed",
        *(["home closed"] if os.geteuid() == 0 else []),
        "ssh keys removed",
    ]
    assert [host.line("passwd", "emp-e123")[i] for i in (2, 6)] == ["1000", "/usr/sbin/nologin"]
    assert [host.line("shadow", "emp-e123")[i] for i in (1, 7)] == ["!", "1"]
    assert host.groups_of("emp-e123") == set()
    assert not host.path("etc/sudoers.d/provisioning-emp-e123").exists()
    assert not host.path("home/emp-e123/.ssh/authorized_keys").exists()
    assert host.path("home/emp-e123/.bashrc").exists()


def test_password_that_was_set_by_hand_is_locked(host: Host, catalogue: Catalogue) -> None:
    """A leaver's password no longer matches, and a repeat does not lock it twice."""
    host.run(catalogue, "E123", "dba")
    shadow = host.path("etc/shadow")
    shadow.write_text(shadow.read_text().replace("emp-e123:!:", "emp-e123:$y$hash:"))
    host.run(catalogue, "E123", "dba", "deprovision")
    assert host.line("shadow", "emp-e123")[1] == "!$y$hash"
    assert host.run(catalogue, "E123", "dba", "deprovision").result["status"] == "unchanged"


def test_second_deprovisioning_changes_nothing(host: Host, catalogue: Catalogue) -> None:
    """A repeated DeprovisionRequest is reported as unchanged."""
    host.run(catalogue, "E123", "devops")
    host.run(catalogue, "E123", "devops", "deprovision")
    before = host.tree()
    run = host.run(catalogue, "E123", "devops", "deprovision")
    assert (run.result["status"], run.changes) == ("unchanged", [])
    assert host.tree() == before


def test_nobody_to_deprovision_is_no_error(host: Host, catalogue: Catalogue) -> None:
    """A leaver who never had an account on this host is absent."""
    run = host.run(catalogue, "E404", "devops", "deprovision")
    assert (run.code, run.result["status"], run.result["uid"]) == (0, "absent", None)


def test_uid_of_a_leaver_is_not_given_to_somebody_else(host: Host, catalogue: Catalogue) -> None:
    """The next employee gets another UID."""
    host.run(catalogue, "E1", "dba")
    host.run(catalogue, "E1", "dba", "deprovision")
    assert host.run(catalogue, "E2", "dba").result["uid"] == 1001


def test_role_that_left_the_catalogue_can_be_deprovisioned(
    host: Host, catalogue: Catalogue
) -> None:
    """What was given is on record, so the catalogue of today is not asked."""
    host.run(catalogue, "E123", "devops")
    roles = {name: role for name, role in catalogue.roles.items() if name != "devops"}
    smaller = catalogue.model_copy(update={"roles": roles})
    assert host.run(smaller, "E123", "devops", "deprovision").result["status"] == "locked"
    assert host.groups_of("emp-e123") == set()


def test_home_is_archived_where_the_catalogue_says_so(host: Host, catalogue: Catalogue) -> None:
    """With home: archive the leaver's home is moved where only root looks."""
    archiving = catalogue.model_copy(update={"home": "archive"})
    host.run(archiving, "E123", "devops")
    run = host.run(archiving, "E123", "devops", "deprovision")
    assert "home archived" in run.changes
    assert not host.path("home/emp-e123").exists()
    homes = host.path("home/.provisioning/homes")
    (archived,) = homes.iterdir()
    assert (archived / ".bashrc").read_text() == "# from skel\n"
    assert stat.S_IMODE(homes.stat().st_mode) & 0o077 == 0
    assert "home" in host.run(archiving, "E123", "dba").changes


def test_returning_employee_gets_the_old_account_back(host: Host, catalogue: Catalogue) -> None:
    """Provisioning a locked account opens it again with the same UID."""
    host.run(catalogue, "E123", "devops")
    host.run(catalogue, "E123", "devops", "deprovision")
    run = host.run(catalogue, "E123", "dba")
    assert (run.result["status"], run.result["uid"]) == ("updated", 1000), run.stderr
    assert host.line("passwd", "emp-e123")[6] == "/bin/bash"
    assert host.line("shadow", "emp-e123")[7] == ""
    assert host.groups_of("emp-e123") == {"employees", "adm", "dba"}


@pytest.mark.parametrize("action", ["provision", "deprovision"])
def test_script_installs_itself_for_operators(
    host: Host, catalogue: Catalogue, action: str
) -> None:
    """The copy in /opt is what ran, without the parameters, and takes them as arguments."""
    rendered = render(catalogue, action)  # type: ignore[arg-type]
    host.run(catalogue, "E123", "dba")
    host.run(catalogue, "E123", "dba", action)  # type: ignore[arg-type]
    copy = host.path(f"opt/{action}.sh").read_text()
    assert rendered.text.startswith(copy)
    assert "{{" not in copy
    assert "E123" not in copy
    assert copy.endswith('main "$@"\nexit\n')
    run = host.run_text(copy, "E123", "dba")
    assert run.result["status"] == "unchanged", run.stderr
    assert host.path(f"opt/{action}.sh").read_text() == copy


def test_plain_user_can_work_in_a_root_of_its_own(host: Host, catalogue: Catalogue) -> None:
    """With PROVISION_ROOT nothing needs root: the whole life of an account, below that folder."""
    host.become_plain()
    statuses = [
        host.run(catalogue, "E123", role, action).result["status"]  # type: ignore[arg-type]
        for role, action in [
            ("devops", "provision"),
            ("devops", "provision"),
            ("dba", "provision"),
            ("dba", "deprovision"),
            ("dba", "deprovision"),
            ("devops", "provision"),
        ]
    ]
    assert statuses == ["created", "unchanged", "updated", "locked", "unchanged", "updated"]
    keys = host.path("home/emp-e123/.ssh/authorized_keys").read_text().splitlines()
    assert [key("team"), key("devops")] == keys


def test_log_on_the_host_says_what_stderr_says(host: Host, catalogue: Catalogue) -> None:
    """Each line of the log has a time, a level and the process; stdout has the result only."""
    run = host.run(catalogue, "E123", "analyst")
    log = host.path("var/log/provision.log")
    assert run.stderr.endswith(log.read_text())
    assert stat.S_IMODE(log.stat().st_mode) & 0o077 == 0
    (line,) = log.read_text().splitlines()
    time, level, process, text = line.split(maxsplit=3)
    datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)
    assert (level, process[0]) == ("info", "[")
    assert text.startswith("E123 analyst: created (user")
