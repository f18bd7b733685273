"""The file that a rehearsal writes, and that the table of open questions takes in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from localcloud.commandline import files
from localcloud.commandline.errors import UserError
from ops.rehearse.findings import Finding, Verdict
from ops.rehearse.questions import QUESTIONS


class RecordError(UserError):
    """A file holds no answers."""


class Record(NamedTuple):
    """The answers of one rehearsal."""

    date: str
    region: str
    revision: str
    """The project's own, by which the questions were asked."""
    answers: Mapping[str, Finding]

    def write(self, path: Path) -> None:
        """Write it; account, addresses and names are not in it but as the evidence has them."""
        content = {
            "date": self.date,
            "region": self.region,
            "revision": self.revision,
            "answers": {
                name: {
                    "question": QUESTIONS[name].asks,
                    "answer": finding.verdict.value,
                    "evidence": finding.evidence,
                    "then": _then(name, finding.verdict),
                }
                for name, finding in self.answers.items()
            },
        }
        text = json.dumps(content, indent=2, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")


def read(path: Path) -> Record:
    """Read the file of a rehearsal.

    Raises:
        RecordError: if it is none.
    """
    found = files.read_json(path)
    try:
        return Record(
            str(found["date"]),
            str(found["region"]),
            str(found["revision"]),
            {
                name: Finding(Verdict(answer["answer"]), str(answer["evidence"]))
                for name, answer in found["answers"].items()
                if name in QUESTIONS
            },
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RecordError(f"{path} is not the file of a rehearsal") from None


def lines(name: str, finding: Finding) -> list[str]:
    """Return an answer as it is printed: question, answer with its evidence, what follows."""
    shown: list[str] = [
        f"{finding.verdict.value:<10}  {QUESTIONS[name].asks}",
        f"{'':<10}  {finding.evidence}",
    ]
    if then := _then(name, finding.verdict):
        shown.append(f"{'':<10}  → {then}")
    return shown


def _then(name: str, verdict: Verdict) -> str:
    question = QUESTIONS[name]
    return {Verdict.YES: question.if_yes, Verdict.NO: question.if_no}.get(verdict, "")
