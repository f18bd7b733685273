"""Names and docstrings use the field's words; retired ones do not come back.

A word is retired when the field has a better one, or when it meant two things. ``docs/glossary.md``
explains those that are used instead.
"""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    *("components", "demo", "functions", "localcloud", "ops"),
    *("policies", "scripts", "stacks", "tests"),
)

NAMES = {
    "Door": "WebhookAccess: who may post to an event source",
    "SiteArgs": "LoopContext: what the parts of a loop share",
    "mending": "remedies: commands that fix a problem",
    "secret_shapes": "redaction: what is left out of a text",
    "together": "transaction for a store; pulumi.Output.all for outputs",
    "quiet_loop": "silent_event_loop: 'loop' alone is the project's",
    "in_words_of": "own_codes of a wire style",
    "in_old_words": "legacy_status",
    "give_way": "wait_for_lull",
    "Sources": "Environment: clock, ids and randomness; a source is an event source",
    "Parcel": "DeliveryRequest: what one attempt sends to a target",
    "Course": "DeliveryStatus: how far a delivery has come",
    "Bury": "DeadLetterSink: puts what was not delivered into a queue",
    "Live": "RunningInvocation: a run that has not ended",
    "as_it_is_now": "current",
    "Rehearsal": "DryRunMachines: instances that only pretend",
    "HASTY": "NO_FSYNC",
    "Unsigned": "Request: what arrived, before it is known for which product",
    "Surface": "HttpHandler: answers what is not an API of the cloud",
}
"""A name that no class, function, module, argument or variable has -> what it is called now."""

BEGINNINGS = {
    r"Gives? (?!up\b|back\b)": "Return",
    r"Tells? whether": "Return whether",
    r"What a caller (may )?say": "The arguments of",
}
"""How no docstring begins -> how it does instead."""

PHRASES = {
    r"\bbelongs? into\b": "belongs in",
    r"(?<!here )\bis no (?:list|mapping|object|number|text|plan|JSON|YAML)\b": "is not a ...",
    r"\bnobody makes here\b": "which this stack does not create",
}
"""What stands in no docstring and in no message -> what stands there instead."""


def sources() -> list[Path]:
    """Return every Python file of the project but this one."""
    return sorted(
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if not {"__pycache__", ".venv", "build", "node_modules"} & set(path.parts)
        and path != Path(__file__)
    )


class Words(NamedTuple):
    """What a file says."""

    names: frozenset[str]
    """What it defines, its own name included."""
    docstrings: tuple[str, ...]
    texts: tuple[str, ...]
    """Every text in it: docstrings, messages and whatever else is in quotes."""


@cache
def words_by_file() -> dict[Path, Words]:
    """Read every file once, however many words are looked for."""
    return {path: words(path) for path in sources()}


def words(path: Path) -> Words:
    """Read a file."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    names, docstrings, texts = {path.stem}, [], []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.Constant(value=str(text)):
                texts.append(" ".join(text.split()))
        if isinstance(node, documented) and (docstring := ast.get_docstring(node)):
            docstrings.append(docstring)
    return Words(frozenset(name.strip("_") for name in names), tuple(docstrings), tuple(texts))


@pytest.mark.parametrize(("name", "better"), NAMES.items())
def test_a_retired_name_does_not_return(name: str, better: str) -> None:
    """The reason says what the thing is called now."""
    found = [path for path, words in words_by_file().items() if name in words.names]
    assert found == [], f"{name} is retired; {better}"


@pytest.mark.parametrize(("beginning", "better"), BEGINNINGS.items())
def test_docstrings_begin_as_the_field_writes_them(beginning: str, better: str) -> None:
    """``Return``, ``Raise`` and a noun, as in the standard library."""
    found = [
        f"{path.relative_to(ROOT)}: {text.splitlines()[0]}"
        for path, words in words_by_file().items()
        for text in words.docstrings
        if re.match(beginning, text)
    ]
    assert found == [], f"write {better!r}"


@pytest.mark.parametrize(("phrase", "better"), PHRASES.items())
def test_no_translated_idiom_returns(phrase: str, better: str) -> None:
    """Messages, help and docstrings read as a native speaker writes them."""
    found = [
        f"{path.relative_to(ROOT)}: {text[:100]}"
        for path, words in words_by_file().items()
        for text in words.texts
        if re.search(phrase, text)
    ]
    assert found == [], f"write {better!r}"
