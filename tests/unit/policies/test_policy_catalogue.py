"""What a catalogue of roles gives is judged in the command that is made of it.

The catalogue itself asks for a reason beside what is as good as root; whoever writes one down there
has still to convince the policies.
"""

from typing import Any

import pytest
import yaml

from scripts.provision import catalogue, render
from tests.unit.policies.sample_stack import encode
from tests.unit.policies.test_policy_rules import BY_NAME, messages

REASON = "Somebody wrote this down so that the catalogue takes it."
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7oXwvM8Zc9n0i7cB2x3y4z5A6b7C8d9E0f1G2h3I4j"
RESTART = "ALL=(root) NOPASSWD: /usr/bin/systemctl restart app"


def sudo(rule: str) -> dict[str, Any]:
    """Return a role with a dangerous sudo rule and its reason."""
    return {"sudo": [{"rule": rule, "reason": REASON}], "expires_days": 30}


def group(name: str) -> dict[str, Any]:
    """Return a role with a dangerous group and its reason."""
    return {"groups": [{"group": name, "reason": REASON}], "expires_days": 30}


def found(rule: str, **roles: dict[str, Any]) -> list[str]:
    """Return what a rule says about the command that is made of these roles."""
    everyone = roles.pop("everyone", {})
    text = yaml.safe_dump({"everyone": everyone, "roles": roles})
    script = render.render(catalogue.parse(text, "a catalogue")).text
    return messages(BY_NAME[rule], {"command.commandContent": encode(script)})


@pytest.mark.parametrize(
    "rule",
    [
        "ALL=(ALL) NOPASSWD: ALL",
        "ALL=(ALL:ALL) ALL",
        "ALL = NOPASSWD: ALL",
        "ALL=(root) NOPASSWD: /usr/bin/systemctl restart *",
        "ALL=(root) NOPASSWD: /opt/app/bin/?",
        "ALL=(root) NOPASSWD: /usr/bin/vim /etc/hosts",
        "ALL=(root) NOPASSWD: /usr/bin/nano",
        "ALL=(root) NOPASSWD: /usr/bin/less /var/log/messages",
        "ALL=(root) NOPASSWD: /usr/bin/more /var/log/messages",
        "ALL=(root) NOPASSWD: sudoedit /etc/hosts",
        "ALL=(root) NOPASSWD: /bin/true, /usr/bin/vi",
    ],
)
def test_a_sudo_rule_for_root_is_found(rule: str) -> None:
    """Everything, wildcards, editors and pagers."""
    assert found("command-sudo-narrow", ops=sudo(rule))


@pytest.mark.parametrize("name", ["root", "wheel", "docker", "disk", "shadow", "sudo", "lxd"])
def test_a_group_that_is_as_good_as_root_is_found(name: str) -> None:
    """Whether a role gives it, all roles get it, or it is the primary one."""
    primary: dict[str, Any] = {"primary_group": {"group": name, "reason": REASON}}
    assert found("command-groups-narrow", ops=group(name))
    assert found("command-groups-narrow", everyone={"groups": group(name)["groups"]}, ops={})
    assert found("command-groups-narrow", ops=primary)


def test_rights_of_root_without_an_end_are_found() -> None:
    """A role without an expiry, or one that is years away, also if all roles get the right."""
    rule = {"sudo": [RESTART]}
    assert found("command-accounts-end", ops=rule)
    assert found("command-accounts-end", ops={**rule, "expires_days": 3650})
    assert found("command-accounts-end", everyone=rule, ops={"groups": ["ops"]})
    assert not found("command-accounts-end", ops={**rule, "expires_days": 365})
    assert not found("command-accounts-end", ops={"groups": ["ops"]})


def test_a_key_that_roles_share_is_found() -> None:
    """In two roles, or in what every role gets, whatever its comment says."""
    keys = [{"ssh_keys": [f"{KEY} {name}"]} for name in ("li.lei", "the same")]
    assert found("command-keys-personal", ops=keys[0], dba=keys[1])
    assert found("command-keys-personal", everyone=keys[0], ops={})
    assert not found("command-keys-personal", ops=keys[0], dba={"groups": ["dba"]})


def test_the_catalogue_of_the_project_is_left_in_peace() -> None:
    """The roles that are shipped break none of these rules."""
    script = render.render(catalogue.load()).text
    rules = ("sudo-narrow", "groups-narrow", "keys-personal", "accounts-end")
    changes = {"command.commandContent": encode(script)}
    assert [messages(BY_NAME[f"command-{rule}"], changes) for rule in rules] == [[]] * 4
