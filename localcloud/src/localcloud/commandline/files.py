"""Reads the files that people write, and says in one line what is wrong with one."""

import codecs
import json
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from localcloud.commandline.errors import UserError

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_CHINESE = re.compile(
    "[\x00-\x7f\u2014\u2018-\u201d\u2026\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]*"
)
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class FileError(UserError):
    """A file cannot be read, or does not hold what it should."""


def read_text(path: Path) -> str:
    """Read a file of text in UTF-8.

    Raises:
        FileError: if it cannot be read, or has another encoding.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise FileError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise FileError(f"{path} is a folder; name a file") from None
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None
    return decode(raw, str(path))


def decode(raw: bytes, origin: str) -> str:
    """Return text in UTF-8; the message of its ``FileError`` names the encoding that it has."""
    if found := _other_encoding(raw):
        raise _encoded(origin, found)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if _is_chinese(raw):
            raise _encoded(origin, "GBK") from None
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"{origin} is not UTF-8 (byte 0x{raw[error.start]:02x} in line {line}); "
            "save it as UTF-8"
        ) from None


def read_yaml(path: Path, loader: "type[UniqueKeys] | None" = None) -> Any:
    """Read a file of YAML in which no mapping has a key twice, maybe with tags of its own."""
    return parse_yaml(read_text(path), str(path), loader)


def parse_yaml(text: str, origin: str, loader: "type[UniqueKeys] | None" = None) -> Any:
    """Read YAML in which no mapping has a key twice; ``origin`` names it in errors."""
    try:
        return yaml.load(text, loader or UniqueKeys)  # noqa: S506 - derived from SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise FileError(f"{origin} is not YAML: {error.problem or error.context}{where}") from None
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise FileError(f"{origin} is not YAML: {reason}") from None
    except RecursionError:
        raise FileError(f"{origin} is nested too deeply") from None


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a file of YAML that holds a mapping of names."""
    found = read_yaml(path)
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise FileError(f"{path} must hold 'name: value' lines")
    return found


def read_json(path: Path) -> Any:
    """Read a file of JSON."""
    return parse_json(read_text(path), str(path))


def parse_json(text: str, origin: str) -> Any:
    """Read JSON; ``origin`` names it in errors."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise FileError(f"{origin} is not JSON: {error.msg} in {where}") from None
    except RecursionError:
        raise FileError(f"{origin} is nested too deeply") from None


def _encoded(origin: str, encoding: str) -> FileError:
    name = shlex.quote(origin)
    return FileError(
        f"{origin} is in {encoding}, and UTF-8 is needed; convert it, for instance with: "
        f"iconv -f {encoding} -t UTF-8 {name} > {name}.utf8"
    )


def _other_encoding(raw: bytes) -> str:
    for mark, name in _BYTE_ORDER_MARKS.items():
        if raw.startswith(mark):
            return name
    # Without a mark: every second byte of western text is null.
    return "UTF-16" if raw.count(0) > len(raw) // 4 else ""


def _is_chinese(raw: bytes) -> bool:
    try:
        return bool(_CHINESE.fullmatch(raw.decode("gbk")))
    except UnicodeDecodeError:
        return False


class UniqueKeys(yaml.SafeLoader):
    """Refuses a key that a mapping has already, where YAML libraries let the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping, or fail for a key that it has already."""
        seen: dict[Any, yaml.Node] = {}
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue
            key = key_node.value
            if key in seen and key_node.tag == seen[key].tag:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key '{key}' stands twice, first in line "
                    f"{seen[key].start_mark.line + 1} and again",
                    problem_mark=key_node.start_mark,
                )
            seen[key] = key_node
        return super().construct_mapping(node, deep)


# A date stays the text that it is written as, as the Pulumi engine hands it to a program.
UniqueKeys.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
