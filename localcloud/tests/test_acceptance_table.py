"""The table of the provider's acceptance tests counts what it lists, and gives every reason."""

import re
from itertools import groupby

from lab import SOURCES

TEXT = (SOURCES.parent / "acceptance-tests.md").read_text()
ROW = re.compile(r"\| (?P<test>TestAcc\w+) \| (?P<here>.+) \|")


def sections() -> dict[str, list[tuple[str, str]]]:
    """Return the tests of each product and what becomes of them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for heading, lines in groupby(TEXT.splitlines(), key=_Heading()):
        rows = [ROW.fullmatch(line) for line in lines]
        if tests := [(row["test"], row["here"]) for row in rows if row]:
            found[heading] = tests
    return found


class _Heading:
    """Says below which heading a line stands."""

    def __init__(self) -> None:
        self._now = ""

    def __call__(self, line: str) -> str:
        if line.startswith("## "):
            self._now = line.removeprefix("## ")
        return self._now


def test_the_counts_are_those_of_the_rows() -> None:
    """Each product's, and their sum."""
    found = sections()
    counted = {
        product: (len(rows), sum(here == "passes" for _, here in rows))
        for product, rows in found.items()
    }
    written = {
        name: (int(tests), int(passed))
        for name, tests, passed in re.findall(r"\| ([^|]+) \| (\d+) \| (\d+) \|", TEXT)
    }
    total = written.pop("**all**")
    assert written == counted
    assert total == tuple(map(sum, zip(*counted.values(), strict=True)))


def test_a_test_is_listed_once_and_passes_or_has_a_reason() -> None:
    """An empty cell would be a claim that nobody made."""
    rows = [row for found in sections().values() for row in found]
    names = [name for name, _ in rows]
    assert len(set(names)) == len(names)
    assert all(here == "passes" or len(here.split()) > 1 for _, here in rows)
