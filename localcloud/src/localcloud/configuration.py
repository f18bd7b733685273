"""Reads the file of ``serve --config``: what stands around the cloud, and what its instances are.

    chats:
      ops: {platform: dingtalk, webhook: "http://oapi.dingtalk.localcloud.invalid/robot/send?access_token=t"}
    apis:
      hr: {path: /api/employees, token: t}
    instance_tags:
      2: {role: db}
    without_agent: [3]
    readings: {event_ids: any}
    labels:
      order: {paths: [data.body.order, data.order], joins: requests}
    account_files: ["/etc/sudoers.d/{account}"]
    examples: {shop.orders: {order: "1"}}

Every part may be left out.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from localcloud.chats.platforms import PLATFORMS, address_of
from localcloud.commandline.errors import UserError
from localcloud.labels import MESSAGES, REQUESTS, Label
from localcloud.readings import ReadingError, Readings
from localcloud.settings import SUFFIX, ApiSettings, ChatSettings, ExtensionSettings

T = TypeVar("T")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_PATH = re.compile(r"(/[\w.~-]+)+")
_PARTS = (
    "chats",
    "apis",
    "instance_tags",
    "without_agent",
    "labels",
    "account_files",
    "examples",
    "readings",
    "extensions",
)


class ConfigurationError(UserError):
    """The file does not say what it should; the message says where."""


@dataclass(frozen=True)
class Configuration:
    """What the file says."""

    chats: Mapping[str, ChatSettings] = field(default_factory=dict)
    apis: Mapping[str, ApiSettings] = field(default_factory=dict)
    extensions: Mapping[str, ExtensionSettings] = field(default_factory=dict)
    instance_tags: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    without_agent: frozenset[int] = frozenset()
    readings: Readings = field(default_factory=Readings)
    labels: Mapping[str, Label] = field(default_factory=dict)
    account_files: tuple[str, ...] = ()
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read(path: Path) -> Configuration:
    """Read a configuration file.

    Raises:
        ConfigurationError: if a name is unknown or missing, or a value of another form.
        FileError: if it cannot be read or is not YAML.
    """
    # YAML is loaded here: a local cloud without such a file starts without it.
    from localcloud.commandline.files import read_mapping  # noqa: PLC0415

    at = _Reader(str(path))
    given = at.only(read_mapping(path), "", _PARTS)
    return Configuration(
        chats=at.distinct(at.named(given, "chats", at.chat)),
        apis=at.named(given, "apis", at.api),
        extensions=at.named(given, "extensions", at.extension),
        instance_tags=at.tags(given.get("instance_tags") or {}),
        without_agent=at.numbers("without_agent", given.get("without_agent") or []),
        readings=at.readings(given.get("readings") or {}),
        labels=at.named(given, "labels", at.label),
        account_files=at.strings("account_files", given.get("account_files") or []),
        examples=at.bodies(given.get("examples") or {}),
    )


class _Reader:
    """Checks the parts of one file and names each mistake by its place."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def wrong(self, where: str, reason: str) -> ConfigurationError:
        return ConfigurationError(f"{self._origin}: {where}: {reason}")

    def only(self, value: Any, where: str, accepted: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(where, f"must be a mapping of {', '.join(accepted)}")
        for name in value:
            if name not in accepted:
                near = difflib.get_close_matches(str(name), accepted, n=1)
                meant = f"did you mean '{near[0]}'?" if near else f"accepted: {', '.join(accepted)}"
                raise self.wrong(f"{where}.{name}".lstrip("."), f"is unknown; {meant}")
        return value

    def named(
        self, given: Mapping[str, Any], part: str, read_one: Callable[[str, Any], T]
    ) -> dict[str, T]:
        value = given.get(part) or {}
        if not isinstance(value, dict) or not all(_NAME.fullmatch(str(name)) for name in value):
            raise self.wrong(part, "must be a mapping of names of a-z, 0-9 and -")
        return {name: read_one(f"{part}.{name}", one) for name, one in value.items()}

    def texts(self, where: str, value: Any, kind: type[T]) -> T:
        """Read a dataclass whose fields are all strings."""
        known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
        given = self.only(value, where, tuple(known))
        for name, one in known.items():
            if name not in given and one.default is MISSING:
                raise self.wrong(f"{where}.{name}", "is missing")
            if name in given and not isinstance(given[name], str):
                raise self.wrong(f"{where}.{name}", "must be a string; put it in quotes")
        return kind(**given)

    def chat(self, where: str, value: Any) -> ChatSettings:
        found = self.texts(where, value, ChatSettings)
        if found.platform not in PLATFORMS:
            accepted = ", ".join(PLATFORMS)
            raise self.wrong(f"{where}.platform", f"is '{found.platform}'; accepted: {accepted}")
        if not address_of(found):
            platform = PLATFORMS[found.platform]
            raise self.wrong(
                f"{where}.webhook",
                f"does not name a chat; a webhook begins with http://{platform.host}{SUFFIX}"
                f"{platform.path}",
            )
        return found

    def distinct(self, chats: dict[str, ChatSettings]) -> dict[str, ChatSettings]:
        """Return chats of which no two have one webhook: only one would get the messages."""
        names: dict[tuple[str, str], str] = {}
        for name, chat in chats.items():
            first = names.setdefault((chat.platform, address_of(chat)), name)
            if first != name:
                raise self.wrong(f"chats.{name}.webhook", f"is that of chats.{first}")
        return chats

    def api(self, where: str, value: Any) -> ApiSettings:
        found = self.texts(where, value, ApiSettings)
        if not _PATH.fullmatch(found.path):
            raise self.wrong(f"{where}.path", "must be a path such as /api/employees")
        if not found.token:
            raise self.wrong(f"{where}.token", "is empty, so that everybody could post")
        return found

    def readings(self, value: Any) -> Readings:
        try:
            return Readings.of(value)
        except ReadingError as error:
            raise self.wrong("readings", str(error)) from None

    def label(self, where: str, value: Any) -> Label:
        given = self.only(value, where, ("paths", "joins", "good", "titles"))
        paths = self.strings(f"{where}.paths", given.get("paths") or [])
        if not paths:
            raise self.wrong(f"{where}.paths", "is missing; it lists where the value stands")
        joins = given.get("joins", "")
        if joins not in ("", REQUESTS, MESSAGES):
            raise self.wrong(f"{where}.joins", f"is '{joins}'; accepted: {REQUESTS}, {MESSAGES}")
        titles = given.get("titles") or {}
        if not isinstance(titles, dict) or not _are_strings([*titles, *titles.values()]):
            raise self.wrong(f"{where}.titles", "must map languages to strings")
        good = self.strings(f"{where}.good", given.get("good") or [])
        return Label(paths, joins, good, titles)

    def bodies(self, value: Any) -> Mapping[str, Mapping[str, Any]]:
        if not isinstance(value, dict) or not _are_strings(value):
            raise self.wrong("examples", "must map event sources to bodies")
        for source, body in value.items():
            if not isinstance(body, dict):
                raise self.wrong(f"examples.{source}", "must be a mapping, posted as JSON")
        return value

    def strings(self, where: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not _are_strings(value):
            raise self.wrong(where, "must be a list of strings")
        return tuple(value)

    def extension(self, where: str, value: Any) -> ExtensionSettings:
        given = self.only(value, where, ("create", "options"))
        create, options = given.get("create"), given.get("options") or {}
        if not isinstance(create, str) or not _FUNCTION.fullmatch(create):
            raise self.wrong(f"{where}.create", "must be package.module:function")
        if not isinstance(options, dict):
            raise self.wrong(f"{where}.options", "must be a mapping")
        return ExtensionSettings(create, options)

    def numbers(self, where: str, value: Any) -> frozenset[int]:
        if not isinstance(value, list) or not all(type(n) is int and n > 0 for n in value):
            raise self.wrong(where, "must be a list of instances' numbers, from 1")
        return frozenset(value)

    def tags(self, value: Any) -> dict[int, dict[str, str]]:
        if not isinstance(value, dict) or not all(
            type(number) is int and number > 0 for number in value
        ):
            raise self.wrong("instance_tags", "must map an instance's number, from 1, to its tags")
        for number, tags in value.items():
            if not isinstance(tags, dict) or not all(
                isinstance(text, str) for pair in tags.items() for text in pair
            ):
                raise self.wrong(f"instance_tags.{number}", "must be a mapping of strings")
        return value


def _are_strings(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
