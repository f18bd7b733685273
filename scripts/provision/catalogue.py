"""What each role grants on a host, read from YAML and checked before anything is rendered.

Every value ends up in a script that root runs. So names are held to the characters that the tools
themselves accept, and free text (sudo rules, keys, file contents) to what fits in its line. What
makes an employee as good as root needs a reason beside it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)

from functions.request.fields import FIELDS
from localcloud.commandline import files
from localcloud.commandline.errors import UserError
from scripts.provision.privileges import danger_of_group, danger_of_rule
from scripts.provision.validation import dotted, mistakes

DEFAULT_PATH = Path(__file__).with_name("roles.yaml")

ROLE_PATTERN = f"^{FIELDS['role'].pattern}$"
"""What a request may name as a role, and so what a role may be called."""

_PACKAGE = r"^[A-Za-z0-9][A-Za-z0-9+._-]{0,127}$"
_GROUP = r"^[a-z_][a-z0-9_-]{0,31}$"
_MODE = r"^0?[0-7]{3}$"
_SHELL = r"^(/[A-Za-z0-9._-]+)+$"
_PREFIX = r"^([a-z][a-z0-9_-]{0,15})?$"
_FORMS = {
    ROLE_PATTERN: "lower-case letters, digits and hyphens, a letter first, at most 32",
    _PACKAGE: "the name of a package: letters, digits and + . _ -, a letter or digit first",
    _GROUP: "the name of a group: lower-case letters, digits, _ and -, a letter first, at most 32",
    _MODE: "three octal digits, in quotes, such as '0644'",
    _SHELL: "the full path of a shell, such as /bin/bash",
    _PREFIX: "lower-case letters, digits, _ and -, a letter first, at most 16; or empty",
}

_KEY_TYPES = (
    r"(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)"
    r"|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)"
)
_KEY = re.compile(rf"(?:\S.* )?(?P<type>{_KEY_TYPES}) (?P<blob>[A-Za-z0-9+/]+={{0,2}})(?: .*)?")


class CatalogueError(UserError):
    """A catalogue is invalid."""


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
            f"{text!r} is not a rule: write what follows the user name in sudoers, "
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
    if text.startswith("~"):
        raise ValueError(
            f"{text!r} would be a folder of that name: paths are below the home already"
        )
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
PackageName = Annotated[str, StringConstraints(pattern=_PACKAGE)]
GroupName = Annotated[str, StringConstraints(pattern=_GROUP)]
RoleName = Annotated[str, StringConstraints(pattern=ROLE_PATTERN)]
Reason = Annotated[
    str, StringConstraints(min_length=20, max_length=1000), AfterValidator(_one_line)
]
"""Why a role may be equivalent to root; long enough for a reviewer to judge."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _WithReason(_Model):
    reason: Reason
    """Why it is given all the same."""


class Group(_WithReason):
    """A group that makes its members as good as root, or shows them secrets."""

    group: GroupName
    """Its name."""


class Rule(_WithReason):
    """A sudo rule that is as good as root."""

    rule: SudoRule
    """What follows the user name in sudoers(5)."""


def _needs_reason(danger_of: Callable[[str], str], field: str) -> AfterValidator:
    """Make the check that takes a value alone only if it is harmless."""

    def check(given: str | _WithReason) -> str | _WithReason:
        if isinstance(given, str) and (danger := danger_of(given)):
            raise ValueError(
                f"{danger}; leave it out, or write why it is needed, as in "
                f"{{{field}: {given!r}, reason: ...}}"
            )
        return given

    return AfterValidator(check)


# A value is written alone, or as a mapping with more about it.
_KIND = Discriminator(lambda given: "[plain]" if isinstance(given, str) else "[mapping]")
_PLAIN, _MAPPING = Tag("[plain]"), Tag("[mapping]")


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


Package = Annotated[
    Annotated[PackageName, _PLAIN] | Annotated[PackageNames, _MAPPING],
    _KIND,
]
GivenGroup = Annotated[
    Annotated[GroupName, _PLAIN] | Annotated[Group, _MAPPING],
    _KIND,
    _needs_reason(danger_of_group, "group"),
]
GivenRule = Annotated[
    Annotated[SudoRule, _PLAIN] | Annotated[Rule, _MAPPING],
    _KIND,
    _needs_reason(danger_of_rule, "rule"),
]


class SkeletonFile(_Model):
    """A file that a home starts with; one that is there already is left as it is."""

    path: Annotated[str, StringConstraints(max_length=255), AfterValidator(_relative_path)]
    """Where, below the home."""
    content: Annotated[str, AfterValidator(_content)] = ""
    """The text, with its line ends."""
    mode: Annotated[str, StringConstraints(pattern=_MODE)] = "0644"
    """Octal permissions."""


class Grants(_Model):
    """What an account is granted on a host."""

    packages: tuple[Package, ...] = ()
    """Installed if missing, never removed. The package's own name, not one that it provides."""
    groups: tuple[GivenGroup, ...] = ()
    """Supplementary groups, created if missing; a dangerous one with its reason."""
    sudo: tuple[GivenRule, ...] = ()
    """Each what follows the user name in sudoers(5); a dangerous one with its reason."""
    ssh_keys: tuple[SshKey, ...] = ()
    """Public keys that may log in to the account."""
    files: tuple[SkeletonFile, ...] = ()
    """What the home starts with besides /etc/skel."""

    @property
    def group_names(self) -> tuple[str, ...]:
        """The supplementary groups by name."""
        return tuple(g.group if isinstance(g, Group) else g for g in self.groups)

    @property
    def sudo_rules(self) -> tuple[str, ...]:
        """The sudo rules as they stand in sudoers."""
        return tuple(r.rule if isinstance(r, Rule) else r for r in self.sudo)


class Role(Grants):
    """What one role grants on a host."""

    description: Line | None = None
    """For readers of the catalogue; not part of the script."""
    primary_group: GivenGroup | None = None
    """Created if missing. A group of the user's own name if left out."""
    shell: Annotated[str, StringConstraints(pattern=_SHELL)] | None = None
    """The login shell, /bin/bash if left out. It must be there once the packages are installed."""
    expires_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """The account expires so many days after the last run that gave the role; never if left out."""

    @property
    def primary_group_name(self) -> str | None:
        """The primary group by name."""
        group = self.primary_group
        return group.group if isinstance(group, Group) else group


class UserName(_Model):
    """How an account name is made: the prefix and the employee id in lower case."""

    prefix: Annotated[str, StringConstraints(pattern=_PREFIX)] = "emp-"
    """Keeps employees apart from system accounts. Empty: the id itself, which must start with a
    letter; then every role needs a primary group."""


class Catalogue(_Model):
    """All roles of a company, and the rules that hold for every account."""

    user_name: UserName = UserName()
    """How account names are made."""
    home: Literal["keep", "archive"] = "keep"
    """What happens to the home of a locked account: nothing, or it is moved out of reach."""
    lock_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 240
    """How long a run waits for others on the same host. Keep it below the command's timeout."""
    everyone: Grants = Grants()
    """What every role grants in addition."""
    roles: dict[RoleName, Role] = Field(min_length=1)
    """What each role gives."""

    @model_validator(mode="after")
    def _keeps_names_apart(self) -> Catalogue:
        own = [name for name, role in self.roles.items() if role.primary_group is None]
        if not self.user_name.prefix and own:
            raise ValueError(
                "user_name.prefix is empty: an employee whose id is the name of a group on the "
                "host, such as docker, would be in it; set a prefix, or give a primary_group to "
                f"{', '.join(own)}"
            )
        return self


@cache
def parse(text: str, origin: str) -> Catalogue:
    """Read a catalogue from YAML text; ``origin`` names it in errors.

    A program asks for the same one several times, and reading YAML takes longer than all the rest.
    """
    return _catalogue(files.parse_yaml(text, origin), origin)


def load(path: Path = DEFAULT_PATH) -> Catalogue:
    """Read a catalogue from a file, by default the one beside this module."""
    return parse(files.read_text(path), str(path))


def _catalogue(found: Any, origin: str) -> Catalogue:
    try:
        return Catalogue.model_validate(found)
    except ValidationError as error:
        wrong = [
            f"  {dotted(mistake.path) or 'catalogue'}: {mistake.reason}"
            for mistake in mistakes(error, Catalogue, _FORMS)
        ]
        raise CatalogueError("\n".join([f"{origin} cannot be used:", *wrong])) from None
