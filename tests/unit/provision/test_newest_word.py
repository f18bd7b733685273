"""The newest word about an employee wins on a host, in whatever order the words arrive."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from scripts.provision.catalogue import Catalogue
from scripts.provision.render import Action, render
from tests.unit.provision.host import Host, key, substituted

NOON = 1_764_158_400_000
"""Milliseconds."""
KEY = key("lilei")


def say(
    host: Host, catalogue: Catalogue, action: Action, moment: int, role: str = "devops"
) -> tuple[str, int]:
    """Run an action with a moment; return its status and exit code."""
    run = host.run(catalogue, "E123", role, action, moment=str(moment))
    return run.result["status"], run.code


def has_access(host: Host) -> bool:
    """Return whether the employee may log in."""
    fields = host.line("shadow", "emp-e123")
    return bool(fields) and fields[7] != "1"


WORDS: Sequence[tuple[Action, int, str]] = (
    ("provision", NOON, "devops"),
    ("deprovision", NOON + 1, "devops"),
    ("provision", NOON + 2, "analyst"),
)


@pytest.mark.parametrize("order", [*permutations(range(3))], ids=str)
def test_any_order_ends_with_the_newest(
    host: Host, catalogue: Catalogue, order: tuple[int, ...]
) -> None:
    """What is older than the record is refused, changes nothing and says what stands there."""
    newest = -1
    for index in order:
        action, moment, role = WORDS[index]
        before = host.tree()
        status, code = say(host, catalogue, action, moment, role)
        assert (code == 12) == (status == "superseded") == (index < newest)
        if code == 12:
            assert host.tree() == before
        newest = max(newest, index)
    assert has_access(host)
    assert "deploy" not in host.groups_of("emp-e123")
    assert not host.path("etc/sudoers.d/provisioning-emp-e123").exists()


def test_a_leaver_stays_away(host: Host, catalogue: Catalogue) -> None:
    """A delayed approval comes after the word that takes everything away."""
    say(host, catalogue, "provision", NOON)
    assert say(host, catalogue, "deprovision", NOON + 2000)[0] == "locked"
    run = host.run(catalogue, "E123", "devops", moment=str(NOON + 1000))
    assert (run.code, run.changes) == (12, [])
    assert run.result["error"] == "superseded by the deprovision of 2025-11-26T12:00:02Z: not done"
    assert not has_access(host)


def test_a_leaver_who_was_never_here_is_remembered(host: Host, catalogue: Catalogue) -> None:
    """Without an account, too, an older approval must not bring them here; a newer one does."""
    assert say(host, catalogue, "deprovision", NOON) == ("absent", 0)
    assert say(host, catalogue, "provision", NOON - 1) == ("superseded", 12)
    assert say(host, catalogue, "deprovision", NOON) == ("absent", 0)
    assert say(host, catalogue, "provision", NOON + 1) == ("created", 0)


def test_of_two_words_at_one_moment_it_is_the_one_that_takes(
    host: Host, catalogue: Catalogue
) -> None:
    """Whichever comes first."""
    say(host, catalogue, "provision", NOON)
    assert say(host, catalogue, "deprovision", NOON) == ("locked", 0)
    assert say(host, catalogue, "provision", NOON) == ("superseded", 12)


def test_a_repeat_is_no_older_word(host: Host, catalogue: Catalogue) -> None:
    """The same request again, and again after a failure, has the same moment."""
    host.tell("unavailable", "no-such-package")
    assert say(host, catalogue, "provision", NOON, "broken-package") == ("failed", 7)
    # What failed was a word all the same.
    assert say(host, catalogue, "provision", NOON - 1) == ("superseded", 12)
    host.tell("unavailable")
    assert say(host, catalogue, "provision", NOON, "broken-package") == ("created", 0)
    assert say(host, catalogue, "provision", NOON, "broken-package") == ("unchanged", 0)


def test_a_run_by_hand_is_the_newest(host: Host, catalogue: Catalogue) -> None:
    """It has the host's clock and says so; the seed's line names only employee and role."""
    say(host, catalogue, "provision", NOON)
    for parameters in ({}, {"moment": "", "expires": "", "ssh_key": ""}):
        text = substituted(render(catalogue, "deprovision").text, "E123", "devops", **parameters)
        run = host.run_text(text)
        assert (run.code, run.result["manual"]) == (0, True)
        assert run.result["moment"] > NOON
    assert say(host, catalogue, "provision", NOON + 1) == ("superseded", 12)
    assert host.run_text(render(catalogue).text, "E123", "devops").code == 0
    assert has_access(host)


@pytest.mark.parametrize("moment", ["now", "1764158400", "-1764158400000", "9999999999999", "1 2"])
def test_what_is_no_moment_is_refused(host: Host, catalogue: Catalogue, moment: str) -> None:
    """A word from the future would stand for ever."""
    run = host.run(catalogue, "E123", "devops", moment=moment)
    assert (run.code, run.result["moment"]) == (2, None)
    assert run.result["error"].startswith(f"moment '{moment}' is not one")


def test_records_of_before_are_older_than_everything(host: Host, catalogue: Catalogue) -> None:
    """A host that an older script was on takes the first word that comes."""
    say(host, catalogue, "provision", NOON)
    record = host.path("var/lib/provisioning/accounts/emp-e123")
    kept = [x for x in record.read_text().splitlines() if x.split()[0] not in {"moment", "word"}]
    record.write_text("\n".join(["version 2", *kept, ""]))
    assert say(host, catalogue, "deprovision", NOON - 1000)[1] == 0
    assert not has_access(host)


def test_an_own_key_stays_until_another_comes(host: Host, catalogue: Catalogue) -> None:
    """It is given beside the role's, survives a change of role, and goes with the leaver."""
    keys = host.path("home/emp-e123/.ssh/authorized_keys")
    assert host.run(catalogue, "E123", "devops", ssh_key=KEY).code == 0
    assert KEY in keys.read_text().splitlines()
    assert host.run(catalogue, "E123", "analyst").code == 0
    assert keys.read_text().splitlines() == [KEY]
    assert host.run(catalogue, "E123", "analyst", ssh_key=key("new")).code == 0
    assert keys.read_text().splitlines() == [key("new")]
    assert host.run(catalogue, "E123", "analyst", "deprovision").code == 0
    host.run(catalogue, "E123", "analyst")
    assert not keys.exists() or KEY not in keys.read_text()


@pytest.mark.parametrize(
    "ssh_key",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "ssh-ed25519 AAAA",
        f'command="id" {KEY}',
        f"{KEY} a b",
    ],
)
def test_what_is_not_one_public_key_is_refused(
    host: Host, catalogue: Catalogue, ssh_key: str
) -> None:
    """Options before the key would be a command of somebody's choice."""
    run = host.run(catalogue, "E123", "devops", ssh_key=ssh_key)
    assert (run.code, run.changes) == (2, [])
    assert run.result["error"].startswith("ssh_key is not one public key")


def test_less_time_than_the_role_gives(host: Host, catalogue: Catalogue) -> None:
    """A date limits an account; the role's own limit stays the most."""
    assert host.run(catalogue, "E123", "devops", expires="2099-01-31").code == 0
    assert host.line("shadow", "emp-e123")[7] == "47147"
    for wrong in ("2020-01-01", "2099-02-31", "soon"):
        assert host.run(catalogue, "E123", "devops", expires=wrong).code == 2


def test_a_removal_needs_no_role(host: Host, catalogue: Catalogue) -> None:
    """What is there is on record; by hand, too, the employee's id is enough."""
    say(host, catalogue, "provision", NOON)
    assert say(host, catalogue, "deprovision", NOON + 1, "") == ("locked", 0)
    assert host.groups_of("emp-e123") == set()
    assert say(host, catalogue, "provision", NOON + 2, "") == ("failed", 2)
    say(host, catalogue, "provision", NOON + 3)
    by_hand = host.run_text(render(catalogue, "deprovision").text, "E123")
    assert (by_hand.result["status"], by_hand.result["manual"]) == ("locked", True)


def test_a_request_that_everybody_forgot_is_as_old_as_it_was(
    host: Host, catalogue: Catalogue
) -> None:
    """Cloud Assistant's record is gone, the platform posts again: the host's record decides."""
    given, left = "0123456789abcdef", "fedcba9876543210"
    host.run(catalogue, "E123", "devops", moment=str(NOON), request_hash=given)
    host.run(catalogue, "E123", "", "deprovision", moment=str(NOON + 1), request_hash=left)
    again = host.run(catalogue, "E123", "devops", moment=str(NOON + 9000), request_hash=given)
    assert (again.code, again.result["moment"]) == (12, NOON)
    assert not has_access(host)
    other = host.run(catalogue, "E123", "devops", moment=str(NOON + 9000), request_hash="0" * 16)
    assert other.result["status"] == "updated"


def test_a_request_that_was_refused_as_old_is_remembered(host: Host, catalogue: Catalogue) -> None:
    """It does not become young by being posted again."""
    host.run(catalogue, "E123", "", "deprovision", moment=str(NOON + 1), request_hash="f" * 16)
    for moment in (NOON, NOON + 9000):
        run = host.run(catalogue, "E123", "devops", moment=str(moment), request_hash="0" * 16)
        assert run.code == 12
    assert host.run(catalogue, "E123", "devops", moment=str(NOON + 9000)).code == 0


def test_the_last_sixteen_requests_are_remembered(host: Host, catalogue: Catalogue) -> None:
    """The record does not grow for ever."""
    for number in range(20):
        run = host.run(
            catalogue, "E123", "", "deprovision", moment=str(NOON + number),
            request_hash=f"{number:016x}",
        )  # fmt: skip
        assert run.code == 0
    text = host.path("var/lib/provisioning/accounts/emp-e123").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("requests ")]
    expected = [f"{number:016x}:{NOON + number}" for number in range(19, 3, -1)]
    assert line.split()[1:] == expected


@pytest.mark.parametrize("wrong", ["x", "0" * 15, "0" * 17, "G" * 16, "0123456789abcde\t", "a b"])
def test_a_hash_is_sixteen_digits(host: Host, catalogue: Catalogue, wrong: str) -> None:
    """Whatever else stands there is no request of ours."""
    assert host.run(catalogue, "E123", "devops", request_hash=wrong).code == 2
