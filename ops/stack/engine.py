"""Where the Pulumi engine comes from: PATH, or a folder of the project into which it is installed.

What is installed is the release that ``engine.sha256`` names.
"""

import shutil
import subprocess
from pathlib import Path

import yaml
from rich.console import Console
from semver import VersionInfo

from localcloud.commandline.errors import UserError
from ops.stack import release

FOLDER = ".engine"
"""Where the engine is installed, below the project; git ignores it."""
_MANUAL = "https://www.pulumi.com/docs/install/"


class NoEngine(UserError):
    """There is no Pulumi engine and none could be installed; the message says what to do."""


def find_or_install(project: Path, console: Console) -> str:
    """Return the path of ``pulumi``; install it first if it is nowhere.

    Raises:
        NoEngine: if it is not there and cannot be downloaded.
    """
    installed = project / FOLDER / "bin" / "pulumi"
    on_path = shutil.which("pulumi")
    needed = _needed(project)
    why = "'pulumi' is not on PATH"
    if on_path:
        found = _version_of(on_path)
        if not found or found >= needed:
            return on_path
        why = f"{on_path} is version {found}, and this project needs {needed} or newer"
    if installed.exists():
        if on_path:
            console.print(f"{why}: using {installed}", soft_wrap=True)
        return str(installed)
    wanted = release.version()
    console.print(
        f"{why}: installing version {wanted} into {FOLDER}/ "
        "(about 250 MB, once; nothing outside this folder is changed)",
        soft_wrap=True,
    )
    with console.status(f"downloading pulumi {wanted}"):
        _install(project / FOLDER, wanted)
    return str(installed)


def _needed(project: Path) -> VersionInfo:
    """Return the oldest version that ``Pulumi.yaml`` allows, as the engine itself reads it."""
    content = yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8"))
    return VersionInfo.parse(content["requiredPulumiVersion"].removeprefix(">="))


def _version_of(pulumi: str) -> VersionInfo | None:
    """Return an engine's version, nothing if it does not say: it checks what it needs itself."""
    done = subprocess.run(  # noqa: S603 - the engine from PATH
        [pulumi, "version"], capture_output=True, text=True, check=False
    )
    try:
        return VersionInfo.parse(done.stdout.strip().removeprefix("v"))
    except ValueError:
        return None


def _install(root: Path, wanted: str) -> None:
    try:
        release.install(root)
    except (OSError, release.ReleaseError) as error:
        # An address that does not answer is an OSError as well (urllib.error.URLError).
        reason = getattr(error, "reason", error)
        raise NoEngine(
            f"pulumi {wanted} could not be installed ({reason}); connect to the internet, or "
            f"install it yourself ({_MANUAL}) and put it on PATH. Without it, 'make demo' still "
            "shows the whole loop"
        ) from error
