"""Plan what the engine would do to a stack: ``python -m ops plan --stack dev``.

The plan is written as JSON, and beside it what the engine logged and the code it ended with: a plan
counts only if that is 0, and the review shows what went wrong in its place.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from localcloud.commandline import children
from localcloud.commandline.errors import UserError
from localcloud.commandline.progress import progress
from localcloud.running import running
from ops import revision
from ops.project import LOCAL, LOCAL_CLOUD, PROJECT, packages_of


class PlanFailed(UserError):
    """There is no plan; the message names the log that says why."""


def run(stack: str, folder: Path, *, base: str, program: Path, more: Sequence[str] = ()) -> None:
    """Write ``<stack>.json``, ``.log`` and ``.status`` into a folder.

    Stack ``local`` is built from a revision in a local cloud first, so that its plan, too, holds
    what changes.

    Args:
        stack: The stack, as in ``Pulumi.<stack>.yaml``.
        folder: Where the files are written.
        base: The revision from which stack ``local`` is built.
        program: The checkout whose program is planned, by the tools of this one.
        more: Further arguments of pulumi.

    Raises:
        PlanFailed: with the engine's exit code.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # What an earlier run left must not stand for this one.
    for suffix in ("json", "log", "status"):
        (folder / f"{stack}.{suffix}").unlink(missing_ok=True)
    with ExitStack() as until_planned:
        options: list[str] = ["--stack", stack]
        if stack == LOCAL:
            temporary = Path(until_planned.enter_context(TemporaryDirectory(prefix="plan-")))
            ready = until_planned.enter_context(running("--dry-run", "--config", str(LOCAL_CLOUD)))
            options += ["--endpoint", ready["endpoint"], "--state", str(temporary / "state")]
            _build(base, temporary / "base", options, folder / f"{stack}.log")
        if program != PROJECT:
            _provide_libraries(program)
        options += ["--program", str(program), "--json", "--", "--non-interactive", *more]
        with progress(f"planning stack {stack}"):
            planned = _ops("preview", *options)
    (folder / f"{stack}.json").write_text(planned.output, encoding="utf-8")
    (folder / f"{stack}.log").write_text(planned.errors, encoding="utf-8")
    (folder / f"{stack}.status").write_text(f"{planned.exit_code}\n", encoding="utf-8")
    if planned.exit_code:
        raise _failed(f"the preview of {stack} failed", folder / f"{stack}.log", planned.exit_code)


def _build(base: str, tree: Path, options: Sequence[str], log: Path) -> None:
    """Deploy a revision; without it the plan would show everything as new."""
    revision.unpack(PROJECT, base, tree)
    _link_libraries(tree)
    unattended = ("--skip-preview", "--non-interactive")
    with progress(f"deploying {base} into a local cloud"):
        built = _ops("up", *options, "--program", str(tree), "--", *unattended)
    if built.exit_code:
        log.write_text(built.output + built.errors, encoding="utf-8")
        raise _failed(f"{base} cannot be built", log, built.exit_code)


def _provide_libraries(program: Path) -> None:
    """Link or install a program's libraries: this checkout's, or its own where it locks others."""
    locks = [(tree / "requirements.lock").read_bytes() for tree in (PROJECT, program)]
    if locks[0] == locks[1]:
        _link_libraries(program)
    else:
        made = children.finished([str(program / "ops/dev/venv.sh"), ".venv"], cwd=program)
        if made.exit_code:
            raise PlanFailed(f"the libraries of {program} cannot be installed; see above")


def _link_libraries(tree: Path) -> None:
    # The policy pack looks for an environment of its own, and would install one.
    for link in (tree / ".venv", tree / "policies/.venv"):
        if link.is_symlink():
            link.unlink()
        link.symlink_to(PROJECT / ".venv")


def _ops(*arguments: str) -> children.Finished:
    command = [sys.executable, "-m", "ops", *arguments]
    environment = {**os.environ, "PYTHONPATH": packages_of(PROJECT)}
    return children.finished(command, cwd=PROJECT, env=environment, catch_errors=True)


def _failed(what: str, log: Path, code: int) -> PlanFailed:
    failure = PlanFailed(f"{what}; {log} says why")
    failure.exit_code = code
    return failure
