"""Make or mend a virtual environment: ``python -m ops.dev.venv .venv``.

An environment that is whole has a stamp which says of what it was made: the folder, the Python and
the lock. The stamp is written last, so whatever was interrupted, moved or outgrown is made anew.
The standard library only: this runs first.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.dev import pip_settings

PROJECT = Path(__file__).resolve().parents[2]
LOCK = PROJECT / "requirements.lock"
STAMP = ".installed"
POLICIES = PROJECT / "policies/.venv"
"""Where the policy pack, which is complete by itself, looks for an environment."""
_BASE: str = sys._base_executable  # type: ignore[attr-defined]
"""The Python itself, also where this runs in an environment: it may be the one to be replaced."""
_OLDEST_UV = (0, 8)
_LAUNCHER = """\
#!/bin/sh
# A Ctrl-C that comes while the interpreter starts waits until the command can handle it.
hold=$(env --block-signal=INT echo env --block-signal=INT 2>/dev/null)
# Of this project, unless it is told another.
: "${{LOCALCLOUD_CONFIG={project}/demo/localcloud.yaml}}" "${{LOCALCLOUD_PROJECT={project}}}"
export LOCALCLOUD_CONFIG LOCALCLOUD_PROJECT
exec $hold {python} -P -m localcloud "$@"
"""


class NoEnvironment(Exception):
    """The environment cannot be made; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Leave a whole environment behind; on a terminal, show what takes its time."""
    parser = argparse.ArgumentParser(prog="venv", description=__doc__)
    parser.add_argument("venv", type=Path, help="the environment's folder")
    parser.add_argument(
        "--exactly-this-python",
        action="store_true",
        help="make it anew if it is of another Python than the one that runs this",
    )
    given = parser.parse_args(arguments)
    venv = Path(os.path.abspath(given.venv))  # noqa: PTH100 - a link stays a link
    try:
        # Blocked by `venv.sh` until somebody is there who handles it.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        with LOCK.open("rb") as lock:
            with contextlib.suppress(OSError):  # some network file systems know no locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_whole(venv, exactly=given.exactly_this_python):
                make(venv)
            _lend_to_policies(venv)
    except NoEnvironment as problem:
        print(f"venv: {problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"venv: {problem.filename}: {problem.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nvenv: interrupted; the next 'make' makes the environment anew", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


def is_whole(venv: Path, *, exactly: bool) -> bool:
    """Return whether everything was installed, from this lock, in this folder, for this Python."""
    version = _version_of(venv / "bin/python")
    try:
        stamp = json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):
        return False
    return bool(stamp == _made_of(version)) and (not exactly or version == _this_version())


def make(venv: Path) -> None:
    """Make the environment anew."""
    _remove(venv)
    _create(venv)
    _install(venv)
    _lead_to_project(venv)
    (venv / STAMP).write_text(json.dumps(_made_of(_this_version())))


def _made_of(version: str) -> dict[str, str]:
    recipe = LOCK.read_bytes() + Path(__file__).read_bytes()
    return {
        "project": str(PROJECT),
        "python": version,
        "recipe": hashlib.sha256(recipe).hexdigest(),
    }


def _this_version() -> str:
    return "{}.{}".format(*sys.version_info)


def _version_of(python: Path) -> str:
    """Return the version of an environment's Python, nothing if it cannot import the project."""
    program = "import sys, ops; print('{}.{}'.format(*sys.version_info))"
    try:
        return _output([str(python), "-P", "-c", program]).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _remove(venv: Path) -> None:
    if venv.is_symlink() or venv.is_file():
        venv.unlink()
    # By another name first: a folder that is half gone is never taken for an environment.
    aside = venv.with_name(f"{venv.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if venv.exists():
        venv.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _create(venv: Path) -> None:
    venv.mkdir()  # a folder that cannot be written is not Python's fault
    # Without pip: on Debian that is a package of its own, and uv needs none.
    output = _run([_BASE, "-m", "venv", "--without-pip", str(venv)], "making the environment")
    if output:
        raise NoEnvironment(
            f"{_BASE} cannot make a virtual environment ({_error_in(output)}); install the whole "
            "of Python, on Debian and Ubuntu: apt-get install python3-venv"
        )


def _install(venv: Path) -> None:
    """Install what is locked: with uv, which takes seconds, or with pip, which takes minutes."""
    pip, settings = _pip(venv)
    uv = _uv_on_path() or _own_uv(venv, pip)
    if not uv and not pip:
        raise NoEnvironment(
            f"{_BASE} has neither pip nor ensurepip, and uv is not on PATH; put uv there, or "
            "install pip, on Debian and Ubuntu: apt-get install python3-venv"
        )
    packages = f"installing {len(re.findall('^[^ #]+==', LOCK.read_text(), re.MULTILINE))} packages"
    output = "there is no uv"
    if uv:
        environment = {**os.environ, **pip_settings.for_uv(settings, os.environ)}
        sync = ["pip", "sync", "--quiet", "--require-hashes", "--python", str(venv / "bin/python")]
        output = _run([uv, *sync, str(LOCK)], packages, environment)
    if output and pip:
        # The lock was resolved as a whole: pip takes it as it is.
        install = ["install", "--quiet", "--require-hashes", "--no-deps", "-r", str(LOCK)]
        output = _run([*pip, *install], f"{packages} with pip")
    if output:
        raise NoEnvironment(
            f"the locked packages cannot be installed: {_error_in(output)}; look at the network, "
            "the proxy and what 'python3 -m pip config list' says"
        )


def _pip(venv: Path) -> tuple[list[str], pip_settings.Settings]:
    """Return a pip that installs into the environment, and its settings; nothing without one."""
    inside = str(venv / "bin/python")
    # What the Python itself is configured with holds in its environments, too.
    site = Path(sys.base_prefix) / "pip.conf"
    if site.is_file():
        shutil.copy(site, venv)
    for pip in ([_BASE, "-m", "pip", "--python", inside], [inside, "-m", "pip"]):
        if pip[0] == inside and _run([inside, "-m", "ensurepip"], "unpacking pip"):
            continue
        with contextlib.suppress(subprocess.CalledProcessError):
            return pip, pip_settings.parse(_output([*pip, "config", "list"]))
    return [], {}


def _uv_on_path() -> str:
    uv = shutil.which("uv") or ""
    try:
        version = re.match(r"uv (\d+)\.(\d+)", _output([uv, "--version"]))
    except (OSError, subprocess.CalledProcessError):
        return ""
    return uv if version and (int(version[1]), int(version[2])) >= _OLDEST_UV else ""


def _own_uv(venv: Path, pip: Sequence[str]) -> str:
    """Install the locked uv into the environment; return its path, nothing if that fails."""
    if not pip:
        return ""
    (locked,) = re.findall(r"^uv==.*\n(?:    --hash.*\n)+", LOCK.read_text(), re.MULTILINE)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as only_uv:
        only_uv.write(locked)
        only_uv.flush()
        install = ["install", "--quiet", "--require-hashes", "--no-deps", "-r", only_uv.name]
        output = _run([*pip, *install], "installing uv")
    own = venv / "bin/uv"
    return str(own) if not output and own.exists() else ""


def _lead_to_project(venv: Path) -> None:
    """Let the environment's Python import the project where it lies, and ``localcloud`` run."""
    (packages,) = venv.glob("lib/python*/site-packages")
    (packages / "ecs_provisioning_loop.pth").write_text(
        f"{PROJECT}\n{PROJECT / 'localcloud/src'}\n{POLICIES.parent}\n"
    )
    launcher = venv / "bin/localcloud"
    launcher.write_text(
        _LAUNCHER.format(
            python=shlex.quote(str(venv / "bin/python")), project=shlex.quote(str(PROJECT))
        )
    )
    launcher.chmod(0o755)


def _lend_to_policies(venv: Path) -> None:
    """Let the policy pack use this environment, unless it has one of its own."""
    wanted = os.path.relpath(venv, POLICIES.parent)
    if POLICIES.is_symlink() and os.readlink(POLICIES) != wanted:  # noqa: PTH115
        POLICIES.unlink()
    if not POLICIES.exists():
        POLICIES.symlink_to(wanted)


def _output(command: Sequence[str]) -> str:
    return subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, check=True
    ).stdout


def _run(command: Sequence[str], doing: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a command; return its output if it failed. A person sees what is done and how long."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        with subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as process:
            try:
                _wait(process, doing)
            except BaseException:
                process.terminate()
                raise
        output.seek(0)
        return (
            (output.read().strip() or f"exit code {process.returncode}")
            if process.returncode
            else ""
        )


def _wait(process: "subprocess.Popen[bytes]", doing: str) -> None:
    began = time.monotonic()
    is_shown = False
    while True:
        try:
            process.wait(0.5)
            break
        except subprocess.TimeoutExpired:
            if sys.stderr.isatty():
                seconds = f"{time.monotonic() - began:.0f} s"
                print(f"\r\033[Kvenv: {doing} ({seconds})", end="", file=sys.stderr, flush=True)
                is_shown = True
    if is_shown:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def _error_in(output: str) -> str:
    """Return the line of a tool's output that names the error."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # After "ERROR: Exception:" comes a traceback of pip, whose last line says what it is.
    named = [line for line in lines if re.match(r"(?i)(error|caused by).*[^:]$", line)]
    return (named or lines)[-1].removeprefix("ERROR: ")


if __name__ == "__main__":
    sys.exit(main())
