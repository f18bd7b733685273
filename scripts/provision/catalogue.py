"""What each role gives on a host, read from YAML and checked before anything is rendered.

Every value ends up in a script that root runs. So names are held to the characters that the tools
themselves accept, and free text (sudo rules, keys, file contents) to what fits in its line.
"""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from cli import files
from cli.errors import UserError

DEFAULT_PATH = Path(__file__).with_name("roles.yaml")

EMP_ID_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
"""What the script accepts as an employee id; the account name made of it has 32 at most."""
ROLE_PATTERN = r"^[a-z][a-z0-9-]{0,31}$"
"""What the script accepts as a role, and so what a role may be called."""
USER_NAME_MAX_LENGTH = 32

_KEY_TYPES = (
    r"(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)"
    r"|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)"
)
_KEY = re.compile(rf"(?:\S.* )?(?P<type>{_KEY_TYPES}) (?P<blob>[A-Za-z0-9+/]+={{0,2}})(?: .*)?")


class CatalogueError(UserError):
    """A catalogue says something that no host could be given."""


def _one_line(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("must be one line of printable characters without space around it")
    if "{{" in text:
        raise ValueError("must not contain '{{': Cloud Assistant takes it for a parameter")
    return text


def _sudo_rule(text: str) -> str:
    if text.endswith("\\"):
        raise ValueError("must not end with a backslash: sudoers would join the next line to it")
    if text.startswith("=") or "=" not in text:
        raise ValueError(
            f"{text!r} is no rule: write what follows the user name in sudoers, "
            "as in 'ALL=(root) NOPASSWD: /usr/bin/systemctl restart app'"
        )
    return text


def _ssh_key(text: str) -> str:
    if "PRIVATE KEY" in text:
        raise ValueError("is a private key: give the line of the .pub file")
    match = _KEY.fullmatch(text)
    if match is None:
        raise ValueError(
            "is not a public key: expected '<type> <base64> [comment]' as in a .pub file"
        )
    try:
        blob = base64.b64decode(match["blob"], validate=True)
    except binascii.Error as error:
        raise ValueError(f"has a damaged base64 part ({error}): was it cut off?") from error
    name = match["type"].encode()
    if blob[: 4 + len(name)] != len(name).to_bytes(4, "big") + name:
        raise ValueError(f"says {match['type']} but its base64 part is of another type")
    return text


def _relative_path(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or text != str(path) or text in {"", "."}:
        raise ValueError(
            f"{text!r} must be a plain path below the home, such as '.config/app.conf'"
        )
    if "\0" in text:
        raise ValueError("must not contain a null character")
    return text


def _content(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain a null character")
    return text


Line = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_one_line)]
SudoRule = Annotated[Line, AfterValidator(_sudo_rule)]
SshKey = Annotated[Line, AfterValidator(_ssh_key)]
PackageName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9+._-]{0,127}$")]
GroupName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")]
RoleName = Annotated[str, StringConstraints(pattern=ROLE_PATTERN)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class PackageNames(_Model):
    """One piece of software under the name that each package manager knows it by."""

    dnf: PackageName | None = None
    """Its name on Alibaba Cloud Linux 3; nothing is installed there if left out."""
    apt: PackageName | None = None
    """Its name on Debian and Ubuntu; nothing is installed there if left out."""

    @model_validator(mode="after")
    def _names_something(self) -> PackageNames:
        if self.dnf is None and self.apt is None:
            raise ValueError("name the package for dnf, for apt or for both")
        return self


class SkeletonFile(_Model):
    """A file that a home starts with; one that is there already is left as it is."""

    path: Annotated[str, StringConstraints(max_length=255), AfterValidator(_relative_path)]
    """Where, below the home."""
    content: Annotated[str, AfterValidator(_content)] = ""
    """The text, with its line ends."""
    mode: Annotated[str, StringConstraints(pattern=r"^0?[0-7]{3}$")] = "0644"
    """Octal permissions."""


class Grants(_Model):
    """What somebody is given on a host."""

    packages: tuple[PackageName | PackageNames, ...] = ()
    """Installed if missing, never removed. The package's own name, not one that it provides."""
    groups: tuple[GroupName, ...] = ()
    """Supplementary groups, created if missing."""
    sudo: tuple[SudoRule, ...] = ()
    """Each what follows the user name in sudoers(5)."""
    ssh_keys: tuple[SshKey, ...] = ()
    """Public keys that may log in to the account."""
    files: tuple[SkeletonFile, ...] = ()
    """What the home starts with besides /etc/skel."""


class Role(Grants):
    """What one role gives on a host."""

    description: Line | None = None
    """For readers of the catalogue; not part of the script."""
    primary_group: GroupName | None = None
    """Created if missing. A group of the user's own name if left out."""
    shell: Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9._-]+)+$")] | None = None
    """The login shell, /bin/bash if left out. It must be there once the packages are installed."""
    expires_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """The account expires so many days after the last run that gave the role; never if left out."""


class UserName(_Model):
    """How an account name is made: the prefix and the employee id in lower case."""

    prefix: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_-]{0,15})?$")] = "emp-"
    """Keeps employees apart from system accounts. Empty: the id itself, which must start with a
    letter."""

    def of(self, emp_id: str) -> str:
        """Make the account name of an employee as the script does."""
        return f"{self.prefix}{emp_id.lower()}"


class Catalogue(_Model):
    """All roles of a company, and the rules that hold for every account."""

    user_name: UserName = UserName()
    """How account names are made."""
    home: Literal["keep", "archive"] = "keep"
    """What happens to the home of a locked account: nothing, or it is moved out of reach."""
    lock_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 240
    """How long a run waits for others on the same host. Keep it below the command's timeout."""
    everyone: Grants = Grants()
    """What every role gives besides its own."""
    roles: dict[RoleName, Role] = Field(min_length=1)
    """What each role gives."""


def parse(text: str, origin: str) -> Catalogue:
    """Read a catalogue from YAML text; ``origin`` names it in errors."""
    return _catalogue(files.parse_yaml(text, origin), origin)


def load(path: Path = DEFAULT_PATH) -> Catalogue:
    """Read a catalogue from a file, by default the one beside this module."""
    return _catalogue(files.read_yaml(path), str(path))


def _catalogue(found: Any, origin: str) -> Catalogue:
    try:
        return Catalogue.model_validate(found)
    except ValidationError as error:
        wrong = "\n".join(
            f"  {'.'.join(map(str, item['loc'])) or 'catalogue'}: {item['msg']}"
            for item in error.errors(include_url=False)
        )
        raise CatalogueError(f"{origin} is not a catalogue of roles:\n{wrong}") from error
