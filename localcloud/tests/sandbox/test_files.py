"""Looking at an instance's files from outside."""

import os
from pathlib import Path

import pytest

from lab.sandbox import SandboxLab
from localcloud.sandbox.files import Files, NoSuchPathError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an instance's folder with a few files, and a secret beside its root."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "hostname").write_text("inside\n")
    (root / "tmp").mkdir()
    (root / "usr").mkdir()
    (root / "bin").symlink_to("usr/bin")
    (tmp_path / "secret").write_text("token")
    for layer in ("upper", "standins"):
        (tmp_path / layer / "usr" / "bin").mkdir(parents=True)
        (tmp_path / layer / "usr" / "bin" / "both").write_text(layer)
        (tmp_path / layer / "usr" / "bin" / f"only-{layer}").write_text(layer)
    return tmp_path


@pytest.mark.parametrize(
    "target",
    [
        "/etc/hostname",
        "../etc/hostname",
        "../../../../../../etc/hostname",
        "/tmp/../etc/./hostname",
        "/../../../etc/hostname",
    ],
)
def test_links_lead_to_the_instance(folder: Path, target: str) -> None:
    """A link, however it is written, is followed inside the instance's root."""
    (folder / "root" / "tmp" / "link").symlink_to(target)
    assert Files(folder).content("/tmp/link") == b"inside\n"


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "/../secret",
        "/tmp/../../secret",
        "/tmp/up/secret",
        "/tmp/loop",
        "/tmp/proc/1/environ",
        "/no/such",
        "/etc/hostname/below",
    ],
)
def test_nothing_outside_is_found(folder: Path, path: str) -> None:
    """Neither dots nor links lead out of the root; a circle of links ends."""
    tmp = folder / "root" / "tmp"
    (tmp / "up").symlink_to("../..")
    (tmp / "loop").symlink_to("loop")
    (tmp / "proc").symlink_to("/proc")
    with pytest.raises(NoSuchPathError):
        Files(folder).content(path)


def test_folder_replaced_by_a_link_is_not_entered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that becomes a link while it is being looked at leads nowhere."""
    (folder / "root" / "tmp" / "d").mkdir()
    (folder / "outside").mkdir()
    (folder / "outside" / "secret").write_text("token")
    real = os.open

    def swap(path: str, flags: int, *rest: int, **more: int) -> int:
        place = folder / "root" / "tmp" / "d"
        if path == "secret" and not place.is_symlink():
            place.rmdir()
            place.symlink_to(folder / "outside")
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", swap)
    with pytest.raises(NoSuchPathError):
        Files(folder).content("/tmp/d/secret")


def test_layers_cover_each_other(folder: Path) -> None:
    """What an instance changed covers the stand-ins, and those cover the machine's programs."""
    files = Files(folder)
    assert files.content("/usr/bin/both") == b"upper"
    assert files.content("/bin/only-standins") == b"standins"
    assert files.entry("/bin/bash").kind == "file"
    names = [entry.path for entry in files.listing("/usr/bin")]
    assert names == sorted(names)
    assert {"/usr/bin/both", "/usr/bin/only-upper", "/usr/bin/only-standins"} <= set(names)
    assert names.count("/usr/bin/both") == 1


async def test_removed_programs_are_gone(lab: SandboxLab) -> None:
    """What a script removes is not found any more, also where the machine still has it."""
    await lab.output(
        "mkdir -p ${PROVISION_ROOT:-}/usr/local/old; touch ${PROVISION_ROOT:-}/usr/local/old/f"
    )
    assert lab.files().entry("/usr/local/old/f").kind == "file"
    await lab.output("rm -r ${PROVISION_ROOT:-}/usr/local/old")
    with pytest.raises(NoSuchPathError):
        lab.files().entry("/usr/local/old")


async def test_machine_program_removed_in_the_instance_is_gone(lab: SandboxLab) -> None:
    """A program of the machine that root removed in an instance is gone there, and only there."""
    if lab.level != "namespaces":
        pytest.skip("only real root can remove the machine's files from its view")
    await lab.output("rm /usr/bin/env")
    with pytest.raises(NoSuchPathError):
        lab.files().entry("/usr/bin/env")
    assert "/usr/bin/env" not in [entry.path for entry in lab.files().listing("/usr/bin")]
    assert Path("/usr/bin/env").exists()


def test_entries_tell_what_they_are(folder: Path) -> None:
    """Kind, mode, size and the target of a link are given."""
    root = folder / "root"
    (root / "etc" / "hostname").chmod(0o640)
    os.mkfifo(root / "tmp" / "pipe")
    (root / "tmp" / "link").symlink_to("/etc/shadow")
    entry = Files(folder).entry("etc/hostname")
    assert (entry.path, entry.kind, entry.mode, entry.size) == (
        "/etc/hostname", "file", "0640", 7,
    )  # fmt: skip
    kinds = {entry.path: (entry.kind, entry.target) for entry in Files(folder).listing("/tmp")}
    assert kinds == {"/tmp/pipe": ("pipe", ""), "/tmp/link": ("link", "/etc/shadow")}


def test_pipe_is_not_read(folder: Path) -> None:
    """Reading something that is no file is refused at once."""
    os.mkfifo(folder / "root" / "tmp" / "pipe")
    with pytest.raises(NoSuchPathError, match="is not a file"):
        Files(folder).content("/tmp/pipe")


def test_own_user_is_shown_as_root(folder: Path) -> None:
    """Without real root, what belongs to the cloud's user is what root owns in the instance."""
    assert Files(folder, os.getuid()).entry("/etc/hostname").owner == 0


async def test_accounts_and_rules_can_be_looked_at(lab: SandboxLab) -> None:
    """Accounts, sudo rules and homes that a script made are seen from outside."""
    await lab.output(
        "useradd ${PROVISION_ROOT:+--prefix $PROVISION_ROOT} -m e77; "
        "umask 077; echo 'e77 ALL=(ALL) ALL' > ${PROVISION_ROOT:-}/etc/sudoers.d/e77"
    )
    files = lab.files()
    assert b"\ne77:" in files.content("/etc/passwd")
    assert files.content("/etc/sudoers.d/e77") == b"e77 ALL=(ALL) ALL\n"
    assert "/home/e77" in [entry.path for entry in files.listing("/home")]
