"""Revisions of the project, as git has them."""

import io
import subprocess
import tarfile
from pathlib import Path

from localcloud.commandline.errors import UserError


class NoRevision(UserError):
    """There is no such revision in this checkout; the message says what to do."""


def commit(project: Path, revision: str) -> str:
    """Return the commit that a name of a revision stands for."""
    return git(project, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()


def unpack(project: Path, revision: str, folder: Path) -> None:
    """Write a revision's files into a folder; the checkout and its branches stay as they are."""
    done = subprocess.run(  # noqa: S603 - no shell
        ["git", "-C", str(project), "archive", revision],  # noqa: S607 - git from PATH
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise NoRevision(f"git archive {revision} failed: {done.stderr.decode().strip()}")
    try:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            # Python before 3.11.4 knows no filters; what git writes needs none.
            archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            archive.extractall(folder)  # noqa: S202 - our own revision
    except (tarfile.TarError, OSError) as error:
        raise NoRevision(f"the files of {revision} cannot be unpacked: {error}") from error


def git(project: Path, *arguments: str) -> str:
    """Return what a git command prints; raise NoRevision if it fails."""
    done = subprocess.run(  # noqa: S603 - no shell
        ["git", "-C", str(project), *arguments],  # noqa: S607 - git from PATH
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip() or "unknown revision"
        raise NoRevision(
            f"git {' '.join(arguments)} failed: {reason}; is the base fetched? "
            "A shallow clone needs 'git fetch --unshallow'"
        )
    return done.stdout
