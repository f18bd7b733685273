"""What a change does to settings and catalogue is said in words, and first."""

import html
import subprocess
import sys
from pathlib import Path

import pytest

from ops.review.changes import Revision, introduction

ROOT = Path(__file__).parents[4]
STACK = """
config:
  alicloud:region: cn-hangzhou
  loop:chat-ops-webhook: {{secure: v1:abc:{salt}}}
  loop:settings:
    account_id: "1000000000000002"
    sources:
      dingtalk.approval: {{token_required: {token}, chat: ops, allowed_ips: [203.0.113.1, {ip}]}}
    instances:
      app: {{ids: [i-app1, i-app2]}}
      db: {{tags: {{role: db}}}}
    roles: {{backend-dev: {group}}}
    command: {{timeout_seconds: {timeout}}}
"""
CATALOGUE = """
everyone: {{groups: [employees]}}
roles:
  backend-dev: {{groups: [{group}], sudo: ["{sudo}"], expires_days: {days}}}
  unused: {{groups: [{unused}]}}
"""
AS_IT_IS = {"salt": "x", "token": "true", "ip": "203.0.113.2", "group": "app", "timeout": "300"}
ROLES = {"group": "deploy", "sudo": "ALL=(root) /bin/true", "days": "30", "unused": "a"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with two stacks and a catalogue, committed."""
    for stack in ("dev", "prod"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(STACK.format(**AS_IT_IS))
    (tmp_path / "scripts/provision").mkdir(parents=True)
    (tmp_path / "scripts/provision/roles.yaml").write_text(CATALOGUE.format(**ROLES))
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/configuration.yaml").write_text("rules: {}\n")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "base"]):
        subprocess.run([*git, *command], check=True)
    return tmp_path


def said(project: Path) -> str:
    """Return what the checkout changes, readable."""
    text = "\n".join(introduction(Revision(project, "HEAD"), Revision(project)))
    return html.unescape(text.replace("<code>", "'").replace("</code>", "'"))


def change_stack(project: Path, stack: str, **values: str) -> str:
    """Change a stack file; return what is said."""
    (project / f"Pulumi.{stack}.yaml").write_text(STACK.format(**{**AS_IT_IS, **values}))
    return said(project)


def test_nothing_is_said_of_nothing(project: Path) -> None:
    """Each stack is named, also if nothing in it changes."""
    assert "**dev**: nothing\n\n**prod**: nothing\n" in said(project)


def test_a_role_that_moves_names_the_instances(project: Path) -> None:
    """Role, group and instances, before and after, also when only prod's file is changed."""
    text = change_stack(project, "prod", group="db", timeout="60")
    assert "- role 'backend-dev' is provisioned on: 'app' (i-app1, i-app2) → 'db' (role=db)" in text
    assert "- seconds until a run is ended: '300' → '60'" in text
    assert "**dev**: nothing" in text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"token": "false"}, "source 'dingtalk.approval' asks for a secret: 'true' → 'false'"),
        (
            {"ip": "0.0.0.0/0"},
            "addresses that may post: now also '0.0.0.0/0'; no longer '203.0.113.2'",
        ),
        ({"salt": "y"}, "'loop:chat-ops-webhook': the secret is another one"),
    ],
)
def test_settings_are_said_in_words(project: Path, values: dict[str, str], sentence: str) -> None:
    """What guards a source, and a secret that changes, each have their words."""
    assert sentence in change_stack(project, "dev", **values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"sudo": "ALL=(ALL) NOPASSWD: ALL"},
            "role 'backend-dev': 'sudo': now also 'ALL=(ALL) NOPASSWD: ALL'; no longer "
            "'ALL=(root) /bin/true' (provisioned on 'app' (i-app1, i-app2))",
        ),
        ({"group": "docker"}, "role 'backend-dev': 'groups': now also 'docker'"),
        ({"days": "3650"}, "days after which an account expires: '30' → '3650'"),
        ({"unused": "b"}, "**Roles that no stack provisions**:\n- role 'unused': 'groups'"),
    ],
)
def test_the_catalogue_is_said_for_each_stack(
    project: Path, values: dict[str, str], sentence: str
) -> None:
    """What a role gives is said with where it is given."""
    file = project / "scripts/provision/roles.yaml"
    file.write_text(CATALOGUE.format(**{**ROLES, **values}))
    assert sentence in said(project)


def test_a_secret_in_plain_is_not_repeated(project: Path) -> None:
    """What somebody forgot to encrypt does not reach the comment."""
    file = project / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("{secure: v1:abc:x}", "4f3a9b"))
    file.write_text(file.read_text() + "  loop:source-x-token: 4f3a9b\n")
    text = said(project)
    assert "'loop:source-x-token': '[secret]' (was not set)" in text
    assert "'loop:chat-ops-webhook': encrypted → **in plain text**" in text
    assert "4f3a9b" not in text


def test_what_cannot_be_read_is_said(project: Path) -> None:
    """A file that is not YAML is no unchanged stack."""
    (project / "Pulumi.prod.yaml").write_text("config: [")
    assert "- **cannot be compared**: Pulumi.prod.yaml is not YAML" in said(project)


def test_a_stack_that_comes_or_goes_is_said(project: Path) -> None:
    """A new stack, and one that is removed."""
    (project / "Pulumi.prod.yaml").rename(project / "Pulumi.test.yaml")
    text = said(project)
    assert "**prod**: \n- the stack is removed" in text
    assert "**test**: \n- the stack is new" in text


def test_a_change_of_the_guards_is_said(project: Path) -> None:
    """Who changes the policies is seen to do so, also with a new file."""
    (project / "policies/extra.py").write_text("")
    assert "**This change also changes what it is judged by**:\n- the policies" in said(project)


def test_it_comes_first(project: Path) -> None:
    """The comment begins with it."""
    change_stack(project, "prod", timeout="60")
    run = subprocess.run(
        [sys.executable, "-m", "ops", "review", "--base", "HEAD", "--head", str(project)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    first = run.stdout.splitlines()[:12]
    assert "- seconds until a run is ended: <code>300</code> → <code>60</code>" in first


def test_a_revision_that_is_not_there_is_an_error(project: Path) -> None:
    """A base that was not fetched is no change."""
    run = subprocess.run(
        [sys.executable, "-m", "ops", "review", "--base", "gone", "--head", str(project)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("ops: git ls-tree")
