"""Builds the archive of a function: the same bytes for the same sources, on every machine."""

import base64
import io
import re
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can say
_READABLE = 0o644 << 16

_WORDS = re.compile(
    r'^(?P<comment>[ \t]*#.*)|(?P<statement>^[ \t]*)?(?P<text>"""[\s\S]*?""")', re.MULTILINE
)
_GOES_ON = frozenset("([{,=+%\\")
_BLOCK = re.compile(r"\s*(?:class\b|def\b|async def\b|[)\]])")

# Every preview looks into some hundred files, which takes `ast` a fifth of a second.
_IMPORT = re.compile(
    r"^[ \t]*(?:from (?P<module>functions(?:\.\w+)*) import (?P<names>\([^)]*\)|.*)"
    r"|import (?P<alone>functions(?:\.\w+)*))",
    re.MULTILINE,
)


def build(function: str, extra: Mapping[str, str] | None = None, project: Path = _PROJECT) -> bytes:
    """Pack ``functions/<function>`` and what it imports, so that ``index.handler`` starts it.

    ``extra`` is put into the root of the archive: file name -> text.
    """
    handler = f"functions.{function}.handler"
    if _source(handler, project) is None:
        raise FileNotFoundError(f"there is no function '{function}': {handler} cannot be found")
    index = {"index.py": f"from {handler} import handler\n"}
    return pack({**index, **sources(handler, project), **(extra or {})})


@cache
def without_words(source: str) -> str:
    """Return a module's source without docstrings and lines of comment, as long as it was.

    They are a quarter of an archive, and the engine writes each archive a dozen times. A parser
    would cost what that saves, so a test holds every file of ours against one.
    """

    def blank(found: re.Match[str]) -> str:
        if found["comment"]:
            return ""
        if found["statement"] is None or _is_value(source[: found.start()].rstrip()):
            return found[0]
        return found["statement"] + '""' + "\n" * found["text"].count("\n")

    return _WORDS.sub(blank, source)


def _is_value(before: str) -> bool:
    """Return whether a text after this source belongs to an expression."""
    if before.endswith(":"):  # of a block, or of a dictionary's key
        return not _BLOCK.match(before, before.rfind("\n") + 1)
    return before[-1:] in _GOES_ON


def sources(module: str, project: Path = _PROJECT) -> dict[str, str]:
    """Return the files of a module of ``functions`` and of all that it imports.

    Returns:
        Name -> text, :func:`without_words`.
    """
    return {
        path.relative_to(project).as_posix(): without_words(_text(path))
        for path in _needed(module, project)
    }


def pack(files: Mapping[str, str]) -> bytes:
    """Pack files into an archive: name -> text."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.external_attr = _READABLE
            entry.create_system = 3  # as on Unix, wherever it is built
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def build_base64(function: str, extra: Mapping[str, str] | None = None) -> str:
    """Return the archive as Function Compute's API takes it."""
    return base64.b64encode(build(function, extra)).decode() if extra else _without_extra(function)


def build_all() -> None:
    """Build what :func:`build_base64` gives for each function, so that it has it at hand."""
    for module in _modules(_PROJECT):
        package, _, name = module.rpartition(".")
        if name == "handler":
            _without_extra(package.rpartition(".")[2])


@cache
def _without_extra(function: str) -> str:
    return base64.b64encode(build(function)).decode()


def _needed(module: str, project: Path) -> set[Path]:
    """Return the files of a module and of all modules that it imports, directly or not."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _source(name, project)
        if path is None or path in found:
            continue
        found.add(path)
        waiting += imports(path)
        if "." in name:
            waiting.append(name.rpartition(".")[0])  # a package is imported before its modules
    return found


@cache
def imports(path: Path) -> frozenset[str]:
    """Name what a file imports of ours, wherever in it; a name may turn out to be no module."""
    names: set[str] = set()
    for found in _IMPORT.finditer(_text(path)):
        module, imported, alone = found.group("module", "names", "alone")
        names |= {alone} if alone else {module}
        names |= {f"{module}.{name}" for name in re.findall(r"\w+", imported or "")}
    return frozenset(names)


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _source(module: str, project: Path) -> Path | None:
    """Return the file of a module, if it is one."""
    return _modules(project).get(module)


@cache
def _modules(project: Path) -> Mapping[str, Path]:
    """Return the file of each module of ``functions``, by its name."""
    found: dict[str, Path] = {}
    for path in (project / "functions").rglob("*.py"):
        *packages, name = path.relative_to(project).with_suffix("").parts
        found[".".join(packages if name == "__init__" else [*packages, name])] = path
    return found
