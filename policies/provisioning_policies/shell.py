"""Finds where the parameters of a Cloud Assistant command stand in its shell script.

Cloud Assistant puts a parameter's value into the script as text, before the shell reads it. Whether
a value can do harm depends on what surrounds its ``{{name}}``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

# {{ name }}; names that begin with ACS:: are filled in by Cloud Assistant itself.
_PARAMETER = re.compile(r"\{\{\s*([\w:-]+)\s*\}\}")
_BUILT_IN = "ACS::"
_HEREDOC = re.compile(r"<<-?\s*(['\"\\]?)(\w+)")
_TAIL = re.compile(r"(?m)^exit(?: +\d+)?[ \t]*$(?=(?:\n(?:[ \t]*#.*|[ \t]*))*\Z)")


class Place(StrEnum):
    """What surrounds a parameter."""

    BARE = "unquoted"
    DOUBLE = "in double quotes"
    SINGLE = "in single quotes"
    COMMENT = "in a comment"
    HEREDOC = "in a here-document that is expanded"
    QUOTED_HEREDOC = "in a here-document that is not expanded"
    TAIL = "behind the final exit"


SAFE = frozenset({Place.TAIL})
"""Where nothing in a value is read: a quote ends a quoted text, a line with the delimiter a
here-document, and a line break a comment."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a command, as it stands in the script."""

    name: str
    line: int
    place: Place


@cache
def parameters(script: str) -> tuple[Parameter, ...]:
    """Return each occurrence of a parameter with what surrounds it; several rules ask for them."""
    return tuple(_parameters(script))


def _parameters(script: str) -> Iterator[Parameter]:
    places = None
    for match in _PARAMETER.finditer(script):
        if match[1].startswith(_BUILT_IN):
            continue
        places = places or _places(script)
        yield Parameter(match[1], script.count("\n", 0, match.start()) + 1, places[match.start()])


def _places(script: str) -> list[Place]:
    """Return for each character what surrounds it."""
    tail = _TAIL.search(script)
    end = tail.end() if tail else len(script)
    places = [Place.TAIL] * len(script)
    place, at = Place.BARE, 0
    heredocs: list[tuple[str, bool]] = []
    while at < end:
        if heredocs and script[at] == "\n" and place in {Place.BARE, Place.COMMENT}:
            place, at = Place.BARE, _skip_heredocs(script, at, heredocs, places)
            continue
        places[at] = place
        if script[at] == "\\" and place in {Place.BARE, Place.DOUBLE} and at + 1 < end:
            places[at + 1] = place
            at += 2
            continue
        if (
            place is Place.BARE
            and (match := _HEREDOC.match(script, at))
            and _is_heredoc(script, at)
        ):
            heredocs.append((match[2], bool(match[1])))
        place = _next(place, script, at)
        at += 1
    return places


def _next(place: Place, script: str, at: int) -> Place:
    character = script[at]
    if place is Place.BARE:
        if character == "'":
            return Place.SINGLE
        if character == '"':
            return Place.DOUBLE
        if character == "#" and (at == 0 or script[at - 1] in " \t\n;&|("):
            return Place.COMMENT
        return place
    ends = {Place.SINGLE: "'", Place.DOUBLE: '"', Place.COMMENT: "\n"}[place]
    return Place.BARE if character == ends else place


def _is_heredoc(script: str, at: int) -> bool:
    """Tell a here-document from a here-string (<<<) and from a shift in arithmetic."""
    return script[at - 1 : at] != "<" and script[at + 2 : at + 3] != "<"


def _skip_heredocs(
    script: str, at: int, heredocs: list[tuple[str, bool]], places: list[Place]
) -> int:
    """Mark the here-documents that begin in the next line; give where the script goes on."""
    places[at] = Place.BARE
    at += 1
    for delimiter, quoted in heredocs:
        while at < len(script):
            stop = script.find("\n", at)
            stop = len(script) if stop < 0 else stop + 1
            line = script[at:stop]
            is_end = line.strip() == delimiter
            place = Place.QUOTED_HEREDOC if quoted else Place.HEREDOC
            places[at:stop] = [Place.BARE if is_end else place] * len(line)
            at = stop
            if is_end:
                break
    heredocs.clear()
    return at


def is_validated(script: str, parameter: str) -> bool:
    """Return whether the script compares the parameter's value with a pattern that says something.

    The value is looked for in the variable that it is assigned to and in one of its own name.
    """
    name = re.escape(parameter)
    assigned = re.findall(rf"\b(\w+)=['\"]?\{{\{{\s*{name}\s*\}}\}}", script)
    for variable in {*assigned, parameter.replace("-", "_")}:
        value = rf"\$\{{?{re.escape(variable)}\b[^\s\"']*[\"']?"
        if any(map(_says_something, re.findall(rf"{value}\s+=~\s+(\S+)", script))):
            return True
        for arms in re.findall(rf"(?s)\bcase\s+[\"']?{value}\s+in\b(.*?)\besac\b", script):
            if _excludes(arms):
                return True
    return False


def _says_something(pattern: str) -> bool:
    """Return whether a regular expression is about the whole value and not met by every one."""
    bare = re.sub(r"\\.|\[\^?\]?[^]]*\]", "x", pattern)
    return (
        bare.startswith("^") and bare.rstrip(")").endswith("$") and not re.search(r"\.[*+{]", bare)
    )


def _excludes(arms: str) -> bool:
    """Return whether an arm of a case is left out for some values, and ends the script."""
    ends = r"\b(?:exit|return|die|fail|false)\b"
    negated = re.search(rf"(?s)\[[!^][^]]*\][^)\n]*\)[^;]*{ends}", arms)
    others = re.search(rf"(?s)(?:^|;;)\s*\(?\*\)[^;]*{ends}", arms)
    return bool(negated or others)


def stops_on_error(script: str) -> bool:
    """Return whether a script stops at the first error: from its beginning, and to its end."""
    if re.search(r"(?m)^[ \t]*set +(?:\+\w*e|\+o +errexit)", script):
        return False
    if re.match(r"#!.*\bsh +-\w*e", script):
        return True
    place = re.search(r"(?m)^[ \t]*set +(?:-\w*e|-o +errexit)", script)
    if not place:
        return False
    # Before it only values may be set: what else stands there goes on after an error.
    before = re.sub(r"(?m)^[ \t]*#.*", "", script[: place.start()])
    before = re.sub(r"'[^']*'|\"[^\"$`]*\"|\\.", "text", before)
    before = re.sub(r"=\([^()$`]*\)", "=text", before)
    return all(_VALUE.fullmatch(line) for line in before.splitlines() if line.strip())


_VALUE = re.compile(
    r"\s*(?:(?:readonly|declare|typeset|export)\s+(?:-\w+\s+)*)?\w+\+?=[^\s$`();&|<>]*\s*"
)
