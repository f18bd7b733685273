"""What the stack tells the functions about sources, chats and roles: the variable ``LOOP``."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from functions.cloud.errors import SettingError
from functions.platforms.base import ChatPlatform
from functions.request import environment

LIMITS = {"action": "actions", "role": "roles", "chat": "chats"}
"""Field of a request -> the key of a source that lists what it may ask for."""
_DELIVERIES = ("function", "webhook")
_MISSING = object()


class Language(StrEnum):
    """The language of a chat's messages."""

    ENGLISH = "en"
    CHINESE = "zh"


class Source(NamedTuple):
    """An event source: whose approvals they are, and which chat hears of them by default."""

    platform: ChatPlatform
    chat: str
    token_required: bool
    limits: Mapping[str, tuple[str, ...]] = {}
    """Field of a request -> what this source may ask for; anything where it is left out."""
    bus: str = ""
    """The bus of approvals that a platform has confirmed; empty for what is posted."""


class Chat(NamedTuple):
    """A group chat: the form and the language of its messages, and who posts them."""

    platform: ChatPlatform
    language: Language
    by_function: bool = False
    """Whether post-to-chat posts to it, and not EventBridge, which needs the finished message."""


class Role(NamedTuple):
    """Where a role's command runs: on instances by id, by tags, or, with neither, on all."""

    instances: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]


class Deployment(NamedTuple):
    """What the stack deployed, as far as functions need to know it."""

    bus: str
    sources: Mapping[str, Source]
    chats: Mapping[str, Chat]
    default_chat: str
    roles: Mapping[str, Role]
    stale_after_seconds: float
    script_sha256: str
    guide: str = ""
    """The URL of a page on how to log in for the first time; empty if the stack names none."""

    def chat_for(self, wanted: str, source: str) -> str:
        """Return the chat to tell: the wanted one, else the source's, else the default."""
        found = self.sources.get(source)
        # A source that may not ask for a chat is not heard in it either.
        if wanted in self.chats and (not found or wanted in found.limits.get("chat", (wanted,))):
            return wanted
        return found.chat if found else self.default_chat


def read(environ: Mapping[str, str], variable: str = "LOOP") -> Deployment:
    """Read the settings and check the references among them.

    Raises:
        SettingError: names the path of the first value that is wrong.
    """
    given = environment.json_object(environ, variable)
    reader = _Reader(variable)
    chats = {
        name: Chat(
            ChatPlatform(reader.one_of(value, f"$.chats.{name}.platform", ChatPlatform)),
            Language(reader.one_of(value, f"$.chats.{name}.language", Language, Language.ENGLISH)),
            reader.one_of(value, f"$.chats.{name}.delivery", _DELIVERIES, "webhook") == "function",
        )
        for name, value in reader.objects(given, "$.chats")
    }
    sources = {
        name: Source(
            ChatPlatform(reader.one_of(value, f"$.sources.{name}.platform", ChatPlatform)),
            reader.one_of(value, f"$.sources.{name}.chat", chats),
            reader.flag(value, f"$.sources.{name}.token_required"),
            reader.limits(value, f"$.sources.{name}"),
            reader.text(value, f"$.sources.{name}.bus", ""),
        )
        for name, value in reader.objects(given, "$.sources")
    }
    roles = {name: reader.role(name, value) for name, value in reader.objects(given, "$.roles")}
    stale = given.get("stale_after_seconds", 86_400)
    if isinstance(stale, bool) or not isinstance(stale, int | float) or not stale > 0:
        raise SettingError(variable, "$.stale_after_seconds must be a number of seconds above 0")
    return Deployment(
        bus=reader.text(given, "$.bus"),
        sources=sources,
        chats=chats,
        default_chat=reader.one_of(given, "$.default_chat", chats),
        roles=roles,
        stale_after_seconds=stale,
        script_sha256=reader.text(given, "$.script_sha256", ""),
        guide=reader.text(given, "$.guide", ""),
    )


class _Reader:
    """Reads values from the settings; an error names the variable and the path."""

    def __init__(self, variable: str) -> None:
        self._variable = variable

    def text(self, given: Mapping[str, Any], path: str, default: object = _MISSING) -> str:
        value = given.get(path.rpartition(".")[2], default)
        if not isinstance(value, str) or (default is _MISSING and not value):
            raise SettingError(self._variable, f"{path} must be a string")
        return value

    def one_of(
        self,
        given: Mapping[str, Any],
        path: str,
        accepted: Iterable[str],
        default: object = _MISSING,
    ) -> str:
        value = self.text(given, path, default)
        if value not in list(accepted):
            listed = ", ".join(accepted) or "none, as none is defined"
            raise SettingError(self._variable, f"{path} is {value!r}; accepted: {listed}")
        return value

    def flag(self, given: Mapping[str, Any], path: str) -> bool:
        value = given.get(path.rpartition(".")[2], False)
        if not isinstance(value, bool):
            raise SettingError(self._variable, f"{path} must be true or false")
        return value

    def limits(self, given: Mapping[str, Any], path: str) -> dict[str, tuple[str, ...]]:
        found = {}
        for field, key in LIMITS.items():
            value = given.get(key)
            if value is None:
                continue
            if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
                raise SettingError(self._variable, f"{path}.{key} must be a list of strings")
            found[field] = tuple(value)
        return found

    def objects(self, given: Mapping[str, Any], path: str) -> list[tuple[str, dict[str, Any]]]:
        value = given.get(path.rpartition(".")[2])
        if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
            raise SettingError(self._variable, f"{path} must be an object of objects")
        return list(value.items())

    def role(self, name: str, value: dict[str, Any]) -> Role:
        path = f"$.roles.{name}"
        instances = value.get("instances", [])
        tags = value.get("tags", {})
        if not isinstance(instances, list) or not all(isinstance(i, str) for i in instances):
            raise SettingError(self._variable, f"{path}.instances must be a list of strings")
        if not isinstance(tags, dict) or not all(isinstance(v, str) for v in tags.values()):
            raise SettingError(self._variable, f"{path}.tags must be an object of strings")
        if instances and tags:
            raise SettingError(self._variable, f"{path} has both instances and tags; choose one")
        return Role(tuple(instances), tuple(tags.items()))
