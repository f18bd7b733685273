"""What a catalogue may say, and how it is told what is wrong."""

from pathlib import Path
from typing import Any

import pytest

from localcloud.commandline.errors import UserError
from scripts.provision.catalogue import DEFAULT_PATH, Catalogue, load, parse
from tests.unit.provision.host import key


def catalogue_error(text: str) -> str:
    """Return the message for a catalogue that is not acceptable."""
    with pytest.raises(UserError) as caught:
        parse(text, "roles.yaml")
    return str(caught.value)


def role(**fields: Any) -> Catalogue:
    """Make a catalogue of one role."""
    return Catalogue.model_validate({"roles": {"devops": fields}})


def test_default_catalogue_has_the_usual_roles() -> None:
    """The catalogue beside the module is the default and loads."""
    assert {"devops", "backend-dev", "dba", "data-analyst", "auditor"} <= set(load().roles)
    assert DEFAULT_PATH.name == "roles.yaml"


def test_defaults_are_the_careful_ones() -> None:
    """A role that says nothing gives a bash account and nothing else."""
    catalogue = role()
    assert (
        catalogue.user_name.prefix,
        catalogue.home,
        catalogue.lock_timeout_seconds,
    ) == ("emp-", "keep", 240)
    made = catalogue.roles["devops"]
    assert (made.packages, made.groups, made.sudo, made.expires_days) == ((), (), (), None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("roles: [", "roles.yaml is not YAML", id="not yaml"),
        pytest.param("", "roles.yaml cannot be used", id="empty"),
        pytest.param("roles: {}", "roles: must have 1 or more entries", id="no role"),
        pytest.param(
            "roles: {dba: {group: [a]}}",
            "roles.dba.group: unknown key; did you mean 'groups'?",
            id="misspelt",
        ),
        pytest.param(
            "roles: {DBA: {}}", "roles.DBA: must be lower-case letters", id="role in capitals"
        ),
        pytest.param("roles: {'a b': {}}", "roles.a b", id="role with a space"),
        pytest.param(
            "home: burn\nroles: {a: {}}",
            "home: is not accepted; accepted: 'keep' or 'archive'",
            id="home",
        ),
        pytest.param(
            "roles: {a: {}}\nuser_name: {prefix: '-x'}",
            "user_name.prefix",
            id="prefix like an option",
        ),
        pytest.param(
            "roles: {a: {expires_days: 0}}", "roles.a.expires_days: must be at least 1", id="now"
        ),
        pytest.param("roles: {a: {}, a: {}}", "the key 'a' stands twice", id="a role twice"),
        pytest.param(
            "roles: {a: {packages: [{dfn: x}]}}",
            "roles.a.packages[0].dfn: unknown key; did you mean 'dnf'?",
            id="misspelt in a list",
        ),
        pytest.param("roles: {a: {groups: x}}", "roles.a.groups: must be a list", id="no list"),
        pytest.param("roles: {a: [b]}", "roles.a: must hold 'name: value' lines", id="a list"),
        pytest.param("roles: {a: {shell: 5}}", "roles.a.shell: must be text", id="a number"),
        pytest.param(
            "roles: {a: {files: [{path: ~/.bashrc}]}}", "below the home already", id="tilde"
        ),
        pytest.param(
            "user_name: {prefix: ''}\nroles: {a: {}, b: {primary_group: staff-of-b}}",
            "give a primary_group to a",
            id="an id could name a group",
        ),
    ],
)
def test_error_names_the_place(text: str, message: str) -> None:
    """A catalogue with a mistake says where it stands."""
    assert message in catalogue_error(text)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"packages": ["-y"]}, r"packages\.0", id="package like an option"),
        pytest.param({"packages": ["git; reboot"]}, "packages.0", id="package with a command"),
        pytest.param(
            {"packages": [{}]}, "for dnf, for apt or for both", id="package of no manager"
        ),
        pytest.param({"groups": ["Domain Users"]}, "groups.0", id="group with a space"),
        pytest.param({"shell": "bash"}, "shell", id="relative shell"),
        pytest.param(
            {"sudo": ["ALL"]}, "write what follows the user name", id="sudo without a host"
        ),
        pytest.param({"sudo": ["ALL=ALL\nroot ALL=ALL"]}, "one line", id="two sudo lines"),
        pytest.param({"sudo": ["ALL=ALL \\"]}, "space around|backslash", id="joined sudo line"),
        pytest.param(
            {"sudo": ["ALL=/bin/a {{b}}"]}, "takes it for a parameter", id="sudo with braces"
        ),
        pytest.param({"ssh_keys": ["ssh-ed25519"]}, "not a public key", id="key without a body"),
        pytest.param(
            {"ssh_keys": ["ssh-ed25519 QUJD"]}, "of another type", id="key of another type"
        ),
        pytest.param({"ssh_keys": ["ssh-ed25519 QUJDR"]}, "was it cut off", id="damaged key"),
        pytest.param(
            {"ssh_keys": ["-----BEGIN OPENSSH PRIVATE KEY----- x"]}, "private key", id="private key"
        ),
        pytest.param({"ssh_keys": [f"{key('a')}\n{key('b')}"]}, "one line", id="two keys"),
        pytest.param({"files": [{"path": "/etc/x"}]}, "below the home", id="absolute file"),
        pytest.param({"files": [{"path": "a/../../b"}]}, "below the home", id="file outside"),
        pytest.param({"files": [{"path": "a//b"}]}, "below the home", id="untidy path"),
        pytest.param({"files": [{"path": "."}]}, "below the home", id="the home itself"),
        pytest.param({"files": [{"path": "a", "mode": "4755"}]}, "mode", id="setuid file"),
        pytest.param({"files": [{"path": "a", "content": "\0"}]}, "null character", id="null"),
    ],
)
def test_value_that_no_host_could_be_given_is_refused(fields: dict[str, Any], message: str) -> None:
    """What a tool would misread is refused when the catalogue is read, not on a thousand hosts."""
    with pytest.raises(ValueError, match=message):
        role(**fields)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"{key('x')} li.lei@laptop", id="plain"),
        pytest.param(key("x").rsplit(" ", 1)[0], id="without a comment"),
        pytest.param(f'from="10.0.0.0/8",no-pty {key("x")}', id="with options"),
        pytest.param(f"{key('it')} it's li's $HOME `key`", id="comment of any characters"),
    ],
)
def test_public_key_is_taken_as_in_its_file(line: str) -> None:
    """Options and comments of a .pub line stay as they are."""
    assert role(ssh_keys=[line]).roles["devops"].ssh_keys == (line,)


@pytest.mark.parametrize(
    ("grant", "why"),
    [
        ({"sudo": ["ALL=(ALL) NOPASSWD: ALL"]}, "ALL allows every command"),
        ({"sudo": ["ALL=(deploy) NOPASSWD: ALL"]}, "ALL allows every command"),
        ({"sudo": ["ALL=(root) /bin/a, !/bin/su, ALL"]}, "ALL allows every command"),
        ({"sudo": ["ALL=/usr/bin/vim.tiny /etc/motd"]}, "is an editor"),
        ({"sudo": ["ALL=(root) NOPASSWD: /bin/a, /usr/bin/less /x"]}, "is a pager"),
        ({"sudo": ["ALL=(root) /bin/bash /opt/a.sh"]}, "is a shell"),
        ({"sudo": ["ALL=(root) CWD=/ /usr/bin/python3.12 /opt/a.py"]}, "is an interpreter"),
        ({"sudo": ["ALL=(root) /bin/a : h=(root) /usr/bin/env x"]}, "starts any other program"),
        ({"sudo": ["ALL=(root) /usr/bin/systemctl"]}, "with any arguments"),
        ({"sudo": ["ALL=(root) /usr/bin/systemctl status app"]}, "add --no-pager"),
        ({"sudo": ["ALL=(root) /bin/cat /var/log/*"]}, "a wildcard in"),
        ({"sudo": ["ALL=(root) /opt/tools/"]}, "every program in that folder"),
        ({"sudo": ["ALL=(root) NOPASSWD:SETENV: /bin/a"]}, "SETENV lets the caller"),
        ({"sudo": ["ALL=(root) TOOLS"]}, "not the full path of a command"),
        ({"groups": ["docker"]}, "can start a container as root"),
        ({"groups": ["wheel"]}, "may usually become root"),
        ({"groups": ["disk"]}, "past all permissions"),
        ({"groups": ["shadow"]}, "owns files of the system"),
        ({"groups": ["adm"]}, "reads every log"),
        ({"primary_group": "root"}, "may usually become root"),
    ],
)
def test_what_is_as_good_as_root_needs_a_reason(grant: dict[str, Any], why: str) -> None:
    """Alone it is refused with what is dangerous in it; with a reason beside it it is given."""
    with pytest.raises(ValueError, match=why) as caught:
        role(**grant)
    assert "reason: ..." in str(caught.value)
    (field, given) = next(iter(grant.items()))
    value = given if isinstance(given, str) else given[0]
    name = "rule" if field == "sudo" else "group"
    reasoned = {name: value, "reason": "the auditors asked for exactly this"}
    made = role(**{field: reasoned if isinstance(given, str) else [reasoned]}).roles["devops"]
    assert value in (made.sudo_rules + made.group_names + (made.primary_group_name,))
    reasoned["reason"] = "because"
    with pytest.raises(ValueError, match="at least 20 characters"):
        role(**{field: reasoned if isinstance(given, str) else [reasoned]})


@pytest.mark.parametrize(
    "rule",
    [
        "ALL=(root) NOPASSWD: /usr/bin/systemctl restart app.service",
        "ALL=(root) NOPASSWD: /usr/bin/lastb",
        "ALL=(root) /usr/bin/journalctl -u app --no-pager",
        'ALL=(root) /usr/sbin/service ""',
        r"ALL=(root) /opt/say a\,b",
        "web=(www, app) TIMEOUT=5m NOEXEC: /opt/a, /opt/b c : db=(root) /opt/d",
    ],
)
def test_a_command_in_full_needs_none(rule: str) -> None:
    """A rule that allows one thing is taken as it is."""
    assert role(sudo=[rule]).roles["devops"].sudo_rules == (rule,)


def test_all_mistakes_are_told_at_once() -> None:
    """One line each, so that a file is mended in one go."""
    message = catalogue_error("roles: {A: {}, b: {shell: x, groups: [root]}}\nhome: burn\n")
    places = {line.split(":")[0].strip() for line in message.splitlines()[1:]}
    assert places == {"home", "roles.A", "roles.b.shell", "roles.b.groups[0]"}


def test_unreadable_catalogue_is_named() -> None:
    """A path that does not exist is told with the system's reason."""
    with pytest.raises(UserError, match=r"there is no file /no/such/roles\.yaml"):
        load(Path("/no/such/roles.yaml"))


def test_values_do_not_change_after_loading() -> None:
    """A catalogue is frozen: what was checked is what is rendered."""
    with pytest.raises(ValueError, match="frozen"):
        role().home = "archive"
