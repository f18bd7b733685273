"""A plan is written with its log and the code with which the engine ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.review.comment import read_preview

ROOT = Path(__file__).parents[4]
ENGINE = """#!/bin/sh
[ "$1" = version ] && echo v99.0.0 && exit
case "$*" in *select*) exit 0 ;; esac
echo '{"steps": [], "changeSummary": {"same": 12}}'
echo "planned with $*" >&2
exit "$CODE"
"""


def plan(folder: Path, stack: str, *more: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
    """Plan a stack with an engine that ends with this code."""
    (folder / "bin").mkdir()
    (folder / "bin/pulumi").write_text(ENGINE)
    (folder / "bin/pulumi").chmod(0o755)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "ops", "plan", "--stack", stack, "--folder", str(folder), *more],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": path,
            "CODE": str(code),
            "PULUMI_BACKEND_URL": folder.as_uri(),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_plan_has_a_log_and_a_code(tmp_path: Path) -> None:
    """Further options are the engine's."""
    done = plan(tmp_path, "dev", "--refresh")
    assert (done.returncode, done.stderr) == (0, "")
    found = read_preview("dev", tmp_path / "dev.json").plan
    assert found
    assert found.counts == {"same": 12}
    assert "--json --non-interactive --refresh" in (tmp_path / "dev.log").read_text()


@pytest.mark.parametrize(("stack", "code"), [("dev", 255), ("nope", 1)])
def test_a_failed_plan_fails_as_the_engine_did(tmp_path: Path, stack: str, code: int) -> None:
    """Its log is named, and what an earlier run left does not stand for it."""
    (tmp_path / f"{stack}.status").write_text("0\n")
    done = plan(tmp_path, stack, code=code)
    assert done.returncode == code
    log = tmp_path / f"{stack}.log"
    assert done.stderr == f"ops: the preview of {stack} failed; {log} says why\n"
    assert read_preview(stack, tmp_path / f"{stack}.json").plan is None
