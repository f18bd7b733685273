"""What the engine hands to a program."""

from pathlib import Path

import pytest

from localcloud.commandline.errors import UserError
from localcloud.dryrun.project import ProjectError, read


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project with one stack."""
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nmain: program/\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config: {tiny:a: [1], b: text, other:c: true, tiny:d: {secure: v1:abc}}\n"
    )
    return tmp_path


def test_every_value_is_text(project: Path) -> None:
    """Structures are JSON, and a key without a namespace is the project's own."""
    found = read(project, "dev")
    assert (found.name, found.project, found.program) == ("dev", "tiny", project / "program")
    assert found.config == {"tiny:a": "[1]", "tiny:b": "text", "other:c": "true"}


def test_what_is_encrypted_is_only_named(project: Path) -> None:
    """Only the engine can read it."""
    found = read(project, "dev")
    assert found.encrypted == {"tiny:d"}
    assert "v1:abc" not in str(found.config)


def test_a_structure_that_hides_an_encrypted_value_counts_as_encrypted(project: Path) -> None:
    """So it does for the engine, which tells the program that the whole key is a secret."""
    (project / "Pulumi.dev.yaml").write_text("config: {tiny:a: {b: [{c: {secure: v1:abc}}]}}\n")
    found = read(project, "dev")
    assert (set(found.encrypted), found.config) == ({"tiny:a"}, {})


def test_a_missing_stack_is_named_with_those_that_exist(project: Path) -> None:
    """A slip in the stack's name is answered with the names."""
    with pytest.raises(ProjectError, match="there is no stack 'prod'; there are dev"):
        read(project, "prod")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "must hold"),
        ("a: b: c", "is not YAML"),
        ("config: {tiny:a: 1, tiny:a: 2}", "is not YAML: the key 'tiny:a' stands twice"),
        ("config: [a]", "must hold"),
        ("config: {1: a}", "must hold"),
    ],
)
def test_an_unusable_file_is_named(project: Path, text: str, message: str) -> None:
    """The error says which file and what is wrong with it."""
    (project / "Pulumi.dev.yaml").write_text(text)
    with pytest.raises(UserError, match=rf"Pulumi\.dev\.yaml {message}"):
        read(project, "dev")
