"""Files that people write: each fault in one line, with the file and its remedy."""

from pathlib import Path

import pytest

from localcloud.commandline import files


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("角色: 运维、数据库\n".encode("gbk"), "is in GBK, and UTF-8 is needed"),
        ("roles: {}\n".encode("utf-16"), "is in UTF-16, and UTF-8 is needed"),
        ("roles: {}\n".encode("utf-16-le"), "is in UTF-16, and UTF-8 is needed"),
        ("roles: {}\n".encode("utf-32"), "is in UTF-32, and UTF-8 is needed"),
        (b"a: 1\nb: caf\xe9\n", r"is not UTF-8 \(byte 0xe9 in line 2\); save it as UTF-8"),
    ],
)
def test_another_encoding_is_named(tmp_path: Path, raw: bytes, message: str) -> None:
    """The encoding, the file, and what to do."""
    path = tmp_path / "roles file.yaml"
    path.write_bytes(raw)
    with pytest.raises(files.FileError, match=message) as caught:
        files.read_text(path)
    if "needed" in message:
        assert f"-t UTF-8 '{path}' > '{path}'.utf8" in str(caught.value)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """Editors on Windows write one before UTF-8."""
    path = tmp_path / "roles.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert files.read_json(path) == {"a": 1}


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """No file, a folder, a loop of links."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, message in (
        (tmp_path / "none", "there is no file"),
        (tmp_path, "is a folder; name a file"),
        (loop, "cannot be read: Too many levels"),
    ):
        with pytest.raises(files.FileError, match=message):
            files.read_text(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "the key 'a' stands twice, first in line 1 and again in line 3"),
        ("x: {devops: 1, 'devops': 2}", "the key 'devops' stands twice"),
        ("- {1: a, 1: b}", "the key '1' stands twice"),
        ("a: [1", "is not YAML: .* in line 1"),
        ("a: b: c", "mapping values are not allowed here in line 1, column 5"),
        ("a: !!python/object:os.system x", "could not determine a constructor .* in line 1"),
        ("a: \x00", "is not YAML"),
        ("[" * 5000, "is nested too deeply"),
    ],
)
def test_bad_yaml_is_one_line(text: str, message: str) -> None:
    """The file, what is wrong, and where."""
    with pytest.raises(files.FileError, match=rf"^roles\.yaml .*{message}") as caught:
        files.parse_yaml(text, "roles.yaml")
    assert "\n" not in str(caught.value)


def test_merged_mappings_and_dates_are_what_they_were() -> None:
    """A key may win over a merged one; a date stays text, as the engine hands it over."""
    text = "base: &b {a: 1, d: 2026-11-25}\nmore: {<<: *b, a: 2}\n"
    assert files.parse_yaml(text, "x")["more"] == {"a": 2, "d": "2026-11-25"}


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "must hold"), ("- a", "must hold"), ("1: a", "must hold")],
)
def test_a_mapping_is_one(tmp_path: Path, text: str, message: str) -> None:
    """A stack file is a mapping of names."""
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text)
    with pytest.raises(files.FileError, match=message):
        files.read_mapping(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [('{"a": }', "is not JSON: .* in line 1, column 7"), ("[" * 100_000, "nested too deeply")],
)
def test_bad_json_is_one_line(text: str, message: str) -> None:
    """The file, what is wrong, and where."""
    with pytest.raises(files.FileError, match=message):
        files.parse_json(text, "plan.json")
