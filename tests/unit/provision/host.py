"""A host in a folder: PROVISION_ROOT with stand-in tools first on PATH."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.provision.catalogue import Catalogue
from scripts.provision.render import Action, render

STANDINS = Path(__file__).with_name("standins")
PASSING = {"provision.log", ".provisioning", ".rules"}
"""The log, and the files that hold what a tool says or is asked."""
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "{:A>43}"


def key(name: str) -> str:
    """Make a line of a .pub file that differs by name."""
    return f"{ED25519.format(name)} {name}"


@dataclass(frozen=True)
class Run:
    """What one run of a script left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def result(self) -> dict[str, Any]:
        """The one line of JSON."""
        (line,) = self.stdout.splitlines()
        parsed: dict[str, Any] = json.loads(line)
        return parsed

    @property
    def changes(self) -> list[str]:
        """What the run says that it changed."""
        return list(self.result["changes"])


def substituted(text: str, emp_id: str, role: str, **more: str) -> str:
    """Fill in the parameters as Cloud Assistant does: as text, whatever they hold.

    What is left out stays a placeholder.
    """
    for name, value in {"emp_id": emp_id, "role": role, **more}.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


@dataclass
class Host:
    """A root folder that the script works in, and the state of its stand-in tools."""

    folder: Path
    prefix: tuple[str, ...] = ()
    """What a script is started with, to run it as somebody else."""
    environment: dict[str, str] = field(default_factory=dict)
    tools: Path = STANDINS
    """The stand-in tools."""
    moment: int = 1_764_115_200_000
    """Of the last word, in milliseconds."""

    def __post_init__(self) -> None:
        etc = self.path("etc")
        etc.mkdir(parents=True)
        (etc / "passwd").write_text(
            "root:x:0:0:root:/root:/bin/bash\nemp-jane:x:990:990::/home/jane:/bin/bash\n"
        )
        (etc / "shadow").write_text("root:*:19000:0:99999:7:::\nemp-jane:!:19000:0:99999:7:::\n")
        (etc / "group").write_text("root:x:0:\nadm:x:4:\n")
        skeleton = etc / "skel"
        skeleton.mkdir()
        (skeleton / ".bashrc").write_text("# from skel\n")
        self.path("var/log").mkdir(parents=True)
        self.path("home").mkdir()
        self.standins.mkdir()

    @property
    def standins(self) -> Path:
        """What the stand-in tools remember."""
        return self.folder / "standins"

    @property
    def calls(self) -> list[str]:
        """The command lines that the stand-in tools saw."""
        path = self.standins / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def tell(self, file: str, *lines: str) -> None:
        """Set what a stand-in tool is to do."""
        (self.standins / file).write_text("".join(f"{line}\n" for line in lines))

    def path(self, below: str) -> Path:
        """Return a path below the root."""
        return self.folder / "root" / below

    def line(self, file: str, name: str) -> list[str]:
        """Return the fields of a line of passwd, group or shadow; empty if there is none."""
        for line in self.path(f"etc/{file}").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return line.split(":")
        return []

    def groups_of(self, user: str) -> set[str]:
        """Return the groups that list a user."""
        lines = [line.split(":") for line in self.path("etc/group").read_text().splitlines()]
        return {name for name, _, _, members in lines if user in members.split(",")}

    def tree(self) -> dict[str, tuple[int, bytes]]:
        """Return mode and content of all files that count, to compare before and after."""
        return {
            str(path.relative_to(self.folder)): (
                path.lstat().st_mode,
                # A record holds the last word's moment and hash, also of one that changed nothing.
                re.sub(rb"(?m)^(moment|requests) .*$", b"", path.read_bytes()),
            )
            for path in sorted(self.folder.joinpath("root").rglob("*"))
            if path.is_file() and not path.is_symlink() and path.name not in PASSING
        }

    def become_plain(self) -> None:
        """Run what follows as a user without rights, also where the tests run as root."""
        if os.geteuid() != 0:
            return
        nobody = 65534
        # Where the checkout and the temporary folders are may be closed to others.
        self.tools = Path(shutil.copytree(STANDINS, self.folder / "tools"))
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, nobody, nobody, follow_symlinks=False)
        for parent in self.folder.parents:
            if not parent.stat().st_mode & 0o001:
                parent.chmod(0o755)
        self.prefix = ("setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups")

    def start(
        self, text: str, *arguments: str, name: str = "command.sh"
    ) -> subprocess.Popen[bytes]:
        """Start a script the way the Cloud Assistant agent does: as a file, through sh -c."""
        script = self.folder / name
        script.write_bytes(text.encode("utf-8", "surrogateescape"))
        script.chmod(0o755)
        command = [*self.prefix, "sh", "-c", '"$0" "$@"', str(script), *arguments]
        environment = {
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "PROVISION_ROOT": str(self.path("")).rstrip("/"),
            "STANDINS": str(self.standins),
            **self.environment,
        }
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )

    def run_text(self, text: str, *arguments: str, name: str = "command.sh") -> Run:
        """Run a script to its end."""
        process = self.start(text, *arguments, name=name)
        out, err = process.communicate(timeout=60)
        return Run(process.returncode, out.decode(), err.decode())

    def run(
        self,
        catalogue: Catalogue,
        emp_id: str,
        role: str,
        action: Action = "provision",
        **more: str,
    ) -> Run:
        """Run the script of an action with the parameters filled in; each word is a newer one."""
        self.moment += 1
        given = {"moment": str(self.moment), **more}
        return self.run_text(substituted(render(catalogue, action).text, emp_id, role, **given))
