"""The search part of an SLS query: words, ``field: value``, ``and``, ``or``, ``not``, brackets.

A word is found in any field, a value in its field; both ignore case. A ``*`` at the end stands for
any rest, ``*`` alone for every entry, ``field: *`` for every entry that has the field. Words that
follow each other without an operator must all be found ("Search syntax", Simple Log Service).
Analysis with SQL (``|``) is not here.
"""

import re
from collections.abc import Callable, Mapping

from localcloud.sls.errors import ParameterInvalidError

Test = Callable[[Mapping[str, str]], bool]

_TOKEN = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<sign>[():|])|(?P<word>[^\s():|"]+))')
_WORDS = re.compile(r"[^\s,;=()\[\]{}?@&<>/:'\"\n\t\r]+")
"""How entries are split into words: SLS's default delimiters."""


def compile_query(text: str) -> Test:
    """Return a test for entries, or fail where the query is wrong."""
    tokens = _tokens(text)
    if not tokens:
        return lambda _entry: True
    parser = _Parser(text, tokens)
    test = parser.either()
    parser.end()
    return test


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise ParameterInvalidError("query", text, "a query whose quotes are closed")
        position = match.end()
        kind = str(match.lastgroup)
        value = match[kind]
        if kind == "quoted":
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        if kind == "word" and value.lower() in {"and", "or", "not"}:
            kind, value = "operator", value.lower()
        tokens.append((kind, value))
    return tokens


class _Parser:
    """Recursive descent: ``or`` binds weakest, then ``and`` (also unwritten), then ``not``."""

    def __init__(self, text: str, tokens: list[tuple[str, str]]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0

    def either(self) -> Test:
        tests = [self._all()]
        while self._take("operator", "or"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda entry: any(t(entry) for t in tests)

    def end(self) -> None:
        if self._at < len(self._tokens):
            value = self._tokens[self._at][1]
            raise self._wrong("no SQL after '|'" if value == "|" else f"no '{value}' there")

    def _all(self) -> Test:
        tests = [self._one()]
        while self._take("operator", "and") or self._begins_term():
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda entry: all(t(entry) for t in tests)

    def _one(self) -> Test:
        if self._take("operator", "not"):
            inner = self._one()
            return lambda entry: not inner(entry)
        if self._take("sign", "("):
            inner = self.either()
            if not self._take("sign", ")"):
                raise self._wrong("a ')' for each '('")
            return inner
        value = self._value()
        if not self._take("sign", ":"):
            return _anywhere(value)
        return _in_field(value, self._value())

    def _value(self) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][0] in {"quoted", "word"}:
            self._at += 1
            return self._tokens[self._at - 1][1]
        raise self._wrong("a word or a quoted text after each operator and colon")

    def _begins_term(self) -> bool:
        if self._at >= len(self._tokens):
            return False
        kind, value = self._tokens[self._at]
        return kind in {"quoted", "word"} or value in {"(", "not"}

    def _take(self, kind: str, value: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == (kind, value):
            self._at += 1
            return True
        return False

    def _wrong(self, accepted: str) -> ParameterInvalidError:
        return ParameterInvalidError("query", self._text, accepted)


def _anywhere(value: str) -> Test:
    if value == "*":
        return lambda _entry: True
    found = _finder(value)
    return lambda entry: any(found(text) for text in entry.values())


def _in_field(field: str, value: str) -> Test:
    if value == "*":
        return lambda entry: field in entry
    found = _finder(value)
    return lambda entry: field in entry and found(entry[field])


def _finder(value: str) -> Callable[[str], bool]:
    """Return a test for text that has the words of ``value`` in a row."""
    wanted = [word.lower() for word in _WORDS.findall(value)]
    open_end = bool(wanted) and wanted[-1].endswith("*")
    if open_end:
        wanted[-1] = wanted[-1][:-1]

    def found(text: str) -> bool:
        words = [word.lower() for word in _WORDS.findall(text)]
        for start in range(len(words) - len(wanted) + 1):
            row = words[start : start + len(wanted)]
            last = row[-1].startswith(wanted[-1]) if open_end else row[-1] == wanted[-1]
            if last and row[:-1] == wanted[:-1]:
                return True
        return False

    return found if wanted else lambda _text: False
