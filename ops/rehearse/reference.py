"""Writes ``docs/open-questions.md``: ``python -m ops.rehearse.reference``.

Answers that an account gave are taken from ``docs/rehearsal.json``, the file of a rehearsal.
"""

from pathlib import Path

from jinja2 import Environment, StrictUndefined

from ops.project import PROJECT
from ops.rehearse import record
from ops.rehearse.questions import QUESTIONS
from ops.rehearse.record import Record

ANSWERS = PROJECT / "docs" / "rehearsal.json"
_PAGE = Path(__file__).with_name("page.md.j2")
_OTHERWISE = {
    "works": "works",
    "setting": "stops where it can be seen; works after a setting is changed",
    "loud": "stops where it can be seen",
}


def page(answers: Record | None) -> str:
    """Return the page, with these answers if there are any."""

    def answered(name: str) -> str:
        if answers and (finding := answers.answers.get(name)):
            where = f"{answers.date}, {answers.region}"
            return f"{finding.verdict.value} ({where}): {finding.evidence}"
        question = QUESTIONS[name]
        return f"look: {question.look}" if question.look else "not yet"

    # Markdown, not HTML: a cell ends at a bar or at the line's end.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    environment.filters["cell"] = lambda text: " ".join(text.split()).replace("|", "\\|")
    template = environment.from_string(_PAGE.read_text(encoding="utf-8"))
    return template.render(questions=QUESTIONS, otherwise=_OTHERWISE, answered=answered)


def of(path: Path) -> Record | None:
    """Return the answers of a file, if it is there."""
    return record.read(path) if path.exists() else None


if __name__ == "__main__":
    print(page(of(ANSWERS)), end="")
