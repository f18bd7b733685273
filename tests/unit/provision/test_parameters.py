"""No value of emp_id or role gets out of the script's last two lines.

Cloud Assistant puts the values into the text of the script before anything in it runs, so these
tests do the same and then run it.
"""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scripts.provision.catalogue import ROLE_PATTERN, Catalogue
from scripts.provision.render import render
from tests.unit.provision.host import Host, substituted

FRAGMENTS = [
    "E123", "dba", "devops", " ", "\n", "\r", "\t", "\0", "'", '"', "\\", "\\\n", "`", "$", ";",
    "&", "|", "(", ")", "{", "}", "{{role}}", "{{emp_id}}", "#", "*", "[0]", "~", "!", "-", ".",
    "# parameters\n", "# emp_id: E123\n", "# role: dba\n", "\nexit\n", "main E123 dba\n",
    'touch "$CANARY"\n', '$(touch "$CANARY")', '`touch "$CANARY"`', '\ntouch "$CANARY"\n',
    "a[$(touch \"$CANARY\")]", "EOF\n", "'\"'\"'", "\x7f", "\x01", "李雷", "\u2028", "\xa0",
]  # fmt: skip

EMP_ID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
"""What the script accepts as an employee id; the account name made of it has 32 at most."""

HOSTILE = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.from_regex(EMP_ID, fullmatch=True).map(lambda text: text[:20]),
)

RUN_MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def acceptable(emp_id: str, role: str) -> bool:
    """Judge as the documentation does, without the script."""
    return (
        EMP_ID.fullmatch(emp_id) is not None
        and len(f"emp-{emp_id}") <= 32
        and re.fullmatch(ROLE_PATTERN.rstrip("$"), role, re.ASCII) is not None
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """Return one host for all examples of this module: they change nothing on it."""
    return Host(tmp_path_factory.mktemp("host"))


@RUN_MANY
@given(emp_id=HOSTILE, role=HOSTILE)
@example(emp_id="E123\n# role: dba", role="dba")
@example(emp_id='E123\n# role: dba\ntouch "$CANARY"\n#', role="dba")
@example(emp_id="E123", role="dba\n")
@example(emp_id="E123", role='dba\ntouch "$CANARY"')
@example(emp_id="{{role}}", role='$(touch "$CANARY")')
@example(emp_id="E123\0", role="dba")
def test_value_stays_text_whatever_it_holds(shared: Host, emp_id: str, role: str) -> None:
    """A value of the documented form is accepted, any other refused with 2; none ever runs."""
    catalogue = Catalogue.model_validate({"roles": {"nobody-asks-for-this": {}}})
    canary = shared.folder / "canary"
    shared.environment["CANARY"] = str(canary)
    run = shared.run_text(substituted(render(catalogue).text, emp_id, role))
    assert not canary.exists()
    assert run.code == 2, run.stderr
    reason = run.result["error"]
    # Substituting emp_id first may bring a placeholder that role then fills.
    if acceptable(emp_id.replace("{{role}}", role), role):
        assert reason.startswith(f"unknown role {role}:")
    else:
        assert reason.startswith("not acceptable:")
    assert shared.calls == []


@RUN_MANY
@given(emp_id=HOSTILE, role=HOSTILE)
def test_arguments_of_the_installed_copy_are_checked_alike(
    shared: Host, emp_id: str, role: str
) -> None:
    """The copy in /opt refuses as arguments what the command refuses as parameters."""
    emp_id, role = emp_id.replace("\0", "?"), role.replace("\0", "?")
    catalogue = Catalogue.model_validate({"roles": {"nobody-asks-for-this": {}}})
    canary = shared.folder / "canary"
    shared.environment["CANARY"] = str(canary)
    run = shared.run_text(render(catalogue).text, emp_id, role)
    assert not canary.exists()
    expected = "unknown role" if acceptable(emp_id, role) else "not acceptable:"
    assert (run.code, run.result["error"].startswith(expected)) == (2, True)


@pytest.mark.parametrize("action", ["provision", "deprovision"])
def test_code_after_the_last_command_never_runs(
    host: Host, catalogue: Catalogue, action: str
) -> None:
    """Even lines that a value adds below the parameters are never read as commands."""
    canary = host.folder / "canary"
    hostile = f"dba\ntouch {canary}\n$(touch {canary})\nmain E123 devops\n"
    run = host.run(catalogue, "E123", hostile, action)  # type: ignore[arg-type]
    assert run.code == 2
    assert not canary.exists()
    script = Path(host.folder / "command.sh").read_text()
    assert f"touch {canary}" in script
