"""The project's documents as the tests see them: their commands, links and headings."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ASSIGNMENT = re.compile(r"[A-Z_]+=")
_STARTS = {"aliyun", "curl", "export", "git", "localcloud", "make", "openssl", "pulumi", "python"}


@dataclass(frozen=True)
class Command:
    """A command line that a document tells its reader to type."""

    document: str
    text: str
    is_shown: bool
    """True: a line of its own in a block; false: named in a sentence, perhaps shortened."""

    @property
    def words(self) -> list[str]:
        """The words, without assignments before the command and redirections after it."""
        words = shlex.split(self.text.partition(" > ")[0], comments=True)
        while words and _ASSIGNMENT.match(words[0]):
            words.pop(0)
        return words

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return self.words[0].removeprefix(".venv/bin/")

    def __str__(self) -> str:
        """Say where it stands."""
        return f"{self.document}: {self.text}"


def documents() -> list[str]:
    """Name every document that people read, relative to the project."""
    patterns = [
        "*.md",
        "docs/**/*.md",
        "[a-z]*/README.md",
        "scripts/*/README.md",
        "localcloud/*.md",
    ]
    found = {p.relative_to(ROOT).as_posix() for pattern in patterns for p in ROOT.glob(pattern)}
    return sorted(found)


def text_of(document: str) -> str:
    """Return a document's text."""
    return (ROOT / document).read_text(encoding="utf-8")


def commands(document: str) -> list[Command]:
    """Return a document's commands in order; the parts of a pipe are commands of their own."""
    text = text_of(document)
    found: list[tuple[int, str, bool]] = []
    for fence in _FENCE.finditer(text):
        for line in fence[3].splitlines():
            prompt, _, typed = line.strip().partition("$ ")
            if fence[2] == "console" and not prompt:
                found.append((fence.start(), typed, True))
            elif fence[2] != "console" and _looks_typed(line.strip()):
                found.append((fence.start(), line.strip(), True))
    prose = _FENCE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    found += [
        (code.start(), code[1], False) for code in _INLINE.finditer(prose) if _looks_typed(code[1])
    ]
    return [
        Command(document, part, is_shown)
        for _, line, is_shown in sorted(found, key=lambda f: f[0])
        for part in line.split(" | ")
    ]


def json_blocks(document: str) -> list[str]:
    """Return the blocks of a document that are marked as JSON."""
    return [fence[3] for fence in _FENCE.finditer(text_of(document)) if fence[2] == "json"]


def links(document: str) -> list[str]:
    """Return the targets of a document's links that lead into the project."""
    prose = _FENCE.sub("", text_of(document))
    return [target for target in _LINK.findall(prose) if "://" not in target]


def anchors(document: str) -> set[str]:
    """Return what a link may name after ``#``: the headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text_of(document)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def _looks_typed(text: str) -> bool:
    first, _, rest = text.partition(" ")
    return bool(rest) and (first.startswith(".venv/bin/") or first in _STARTS)
