"""Render provision.sh and deprovision.sh for one catalogue, ready for Cloud Assistant."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jinja2

from functions.request.fields import PARAMETERS
from localcloud.commandline.errors import UserError
from scripts.provision.catalogue import Catalogue, Grants, PackageNames, Role

Action = Literal["provision", "deprovision"]

MAX_BASE64_BYTES = 24 * 1024
"""Cloud Assistant's limit for a command, which it sends as base64, parameters included
("CreateCommand" and "InvokeCommand", ECS API reference: 24 KB after Base64 encoding; it was 18)."""
PARAMETER_BYTES = 1024
"""Kept free for the values of the parameters; an RSA key of 4096 bits takes most of it."""
MAX_SCRIPT_BYTES = MAX_BASE64_BYTES // 4 * 3 - PARAMETER_BYTES
"""What that leaves for the script's own text."""

_ESCAPES = {"\\": r"\\", "\n": r"\n", "$": r"\0044", "`": r"\0140", "{{": r"\0173\0173"}

_FOLDER = Path(__file__).parent
_INCLUDE = re.compile(r'\. "\$\{BASH_SOURCE\[0\]%/\*\}/(?P<name>[a-z]+\.sh)"')
"""How one of the sources includes another one."""
_LEFT_OUT = re.compile(r"(?:^|\s)\s*# .*|^\t+")
"""Indentation and comments are not sent. No string of the sources holds either, as a test sees."""


class RenderError(UserError):
    """The script cannot be rendered from what was given."""


class TooLargeError(RenderError):
    """The script would not be accepted by Cloud Assistant."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A script as Cloud Assistant gets it, with its placeholders still in it."""

    text: str
    sha256: str
    """Of the text, in hex."""
    size: int
    """Of the text, in bytes; at most ``MAX_SCRIPT_BYTES``."""

    @property
    def base64(self) -> str:
        """The text as the command's content is transmitted."""
        return base64.b64encode(self.text.encode()).decode("ascii")


def render(
    catalogue: Catalogue,
    action: Action = "provision",
    *,
    roles: Collection[str] | None = None,
) -> Rendered:
    """Render the script for one action, with all roles of the catalogue or only those named.

    The same catalogue gives the same text everywhere. Fails if the text would exceed what Cloud
    Assistant accepts, and says by how much and which roles take the most.
    """
    chosen = _choose(catalogue, roles)
    records = [(name, record(role)) for name, role in chosen.items()]
    text = _read(f"{action}.sh", _settings(catalogue, action, records)) + _tail()
    _check_placeholders(text)
    data = text.encode()
    if len(data) > MAX_SCRIPT_BYTES:
        raise TooLargeError(_too_large(len(data), records))
    return Rendered(text=text, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def record(grants: Grants) -> str:
    """Write what is given as the "key value" lines that the script reads."""
    common = [package for package in grants.packages if isinstance(package, str)]
    named = [package for package in grants.packages if isinstance(package, PackageNames)]
    lines = [
        ("packages", common),
        ("dnf", [names.dnf for names in named if names.dnf is not None]),
        ("apt", [names.apt for names in named if names.apt is not None]),
        ("groups", grants.group_names),
    ]
    found = [f"{key} {' '.join(words)}" for key, words in lines if words]
    if isinstance(grants, Role):
        if grants.primary_group_name is not None:
            found.append(f"primary {grants.primary_group_name}")
        if grants.shell is not None:
            found.append(f"shell {grants.shell}")
        if grants.expires_days is not None:
            found.append(f"expires {grants.expires_days}")
    found += [f"sudo {escape(rule)}" for rule in grants.sudo_rules]
    found += [f"key {escape(key)}" for key in grants.ssh_keys]
    for file in grants.files:
        path = escape(file.path).replace(" ", r"\0040").replace("\t", r"\0011")
        found.append(f"file {file.mode} {path} {escape(file.content)}".rstrip(" "))
    return "\n".join(found)


def escape(text: str) -> str:
    r"""Write text so that ``printf %b`` gives it back, in one line that the shell would not expand.

    >>> escape("PATH=$HOME\n")
    'PATH=\\0044HOME\\n'
    """
    for plain, escaped in _ESCAPES.items():
        text = text.replace(plain, escaped)
    blank = len(text) - len(text.lstrip(" \t")), len(text.rstrip(" \t"))
    spaces = str.maketrans({" ": r"\0040", "\t": r"\0011"})
    if blank[0] == len(text):
        return text.translate(spaces)
    return (
        text[: blank[0]].translate(spaces)
        + text[blank[0] : blank[1]]
        + text[blank[1] :].translate(spaces)
    )


_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - shell, not HTML: its filter "sh" quotes
)
_TEMPLATES.filters.update(sh=lambda value: shlex.quote(str(value)), record=record)


def _choose(catalogue: Catalogue, names: Collection[str] | None) -> dict[str, Role]:
    if names is None:
        return dict(catalogue.roles)
    unknown = sorted(set(names) - set(catalogue.roles))
    if unknown:
        raise RenderError(
            f"the catalogue has no role {', '.join(unknown)}: it has {', '.join(catalogue.roles)}"
        )
    return {name: role for name, role in catalogue.roles.items() if name in names}


def _settings(catalogue: Catalogue, action: Action, records: list[tuple[str, str]]) -> str:
    """Write the assignments that stand in the place of ``settings.sh``."""
    return _TEMPLATES.get_template("settings.sh.j2").render(
        catalogue=catalogue, action=action, roles=records
    )


def _read(name: str, settings: str) -> str:
    """Read a source and what it includes, without the comments below its head."""
    if name == "settings.sh":
        return settings
    head, body = (_FOLDER / name).read_text(encoding="utf-8").split("\n\n", 1)
    kept = []
    for line in body.splitlines():
        if include := _INCLUDE.fullmatch(line):
            kept.append(_read(include["name"], settings))
        elif (code := _LEFT_OUT.sub("", line)) or not line:
            kept.append(code)
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n") + "\n"
    return f"{head}\n\n{text}" if head.startswith("#!") else text


def _tail() -> str:
    """Write what Cloud Assistant fills: comments below the final exit, which bash does not read."""
    return "\n# parameters\n" + "".join(f"# {name}: {{{{{name}}}}}\n" for name in PARAMETERS)


def _check_placeholders(text: str) -> None:
    if not text.endswith(f"\nexit\n{_tail()}") or text.count("{{") != len(PARAMETERS):
        raise RenderError("the script must hold each parameter once, below its final exit")


def _too_large(size: int, records: list[tuple[str, str]]) -> str:
    largest = sorted(records, key=lambda item: len(item[1]), reverse=True)[:3]
    return (
        f"the script has {size} bytes, {size - MAX_SCRIPT_BYTES} more than the {MAX_SCRIPT_BYTES} "
        f"that fit in Cloud Assistant's 24 KB of base64: its {len(records)} roles take "
        f"{sum(len(text) for _, text in records)}, most of all "
        f"{', '.join(f'{name} ({len(text)})' for name, text in largest)}; render only the roles "
        "that are in use, move what many roles share to 'everyone', or put long files in a package"
    )
