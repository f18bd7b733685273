"""What a rehearsal finds out: an answer to each question, and what it rests on."""

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """The answer to a question."""

    YES = "yes"
    NO = "no"
    LOOK = "look there"
    """It cannot be told from here; the evidence says where to look."""


class Finding(NamedTuple):
    """An answer, and what it rests on."""

    verdict: Verdict
    evidence: str


def yes(evidence: str) -> Finding:
    """Return that it is so."""
    return Finding(Verdict.YES, evidence)


def no(evidence: str) -> Finding:
    """Return that it is not so."""
    return Finding(Verdict.NO, evidence)


def look(evidence: str) -> Finding:
    """Return where to look."""
    return Finding(Verdict.LOOK, evidence)


def either(answer: bool, evidence: str) -> Finding:
    """Return yes or no."""
    return yes(evidence) if answer else no(evidence)
