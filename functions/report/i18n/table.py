"""The words of one language, and how values are put into them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, assert_never

from functions.report.output import bounded
from functions.report.reason import Reason, Rule, Span


class Words(NamedTuple):
    """The words of one language."""

    labels: Mapping[str, str]
    """Names of fields, and what else stands in a message."""
    headlines: Mapping[tuple[str, str], str]
    """Status and action -> what happened, in one or two words."""
    reasons: Mapping[str, str]
    """Why a request was refused."""
    exit_codes: Mapping[int, str]
    """What the exit codes of provision.sh and deprovision.sh mean."""
    rules: Mapping[str, str]
    """What a field of a request may hold."""
    units: tuple[str, str, str, str]
    """Second, minute, hour and day, as they stand after a number."""
    colon: str
    """What stands between a name and its value."""
    sentences: Mapping[str, str]
    """Sentences and parts of them, with places for values."""
    statuses: Mapping[str, str]
    """What a status means where nobody gave a reason; the empty one is any other."""
    remedies: Mapping[str, tuple[str, str]]
    """Who has to act, and what is to be done, by the kinds of ``remedy.py``."""
    counted: Mapping[str, str]
    """How a digest counts each of its groups."""

    def headline(self, status: str, action: str) -> str:
        """Return what happened; an unknown status counts as a failure."""
        return self.headlines.get((status, action)) or self.headlines["", action]

    def sentence(self, name: str, **values: object) -> str:
        """Return a sentence with values in it."""
        return self.sentences[name].format(**values)

    def listed(self, values: Iterable[str]) -> str:
        """Return what of these is not empty, as a list."""
        return self.sentences["list"].join(value for value in values if value)

    def exit_code(self, code: object) -> str:
        """Return what an exit code means; an empty string for one that the scripts do not use."""
        return self.exit_codes.get(code, "") if isinstance(code, int) else ""

    def status(self, status: str, exit_code: int | None) -> str:
        """Return what a status means where nobody gave a reason."""
        if status not in self.statuses and exit_code:
            return self.sentence("ended_with", code=exit_code)
        return self.statuses.get(status) or self.statuses[""]

    def reason(self, reason: Reason) -> str:
        """Return a reason; values are cut, so that no sender can fill a chat with one."""
        values = {name: self._value(value) for name, value in reason.values}
        return self.reasons[reason.code].format(**values).strip()

    def span(self, seconds: int) -> str:
        """Return a length of time with its one or two largest units."""
        parts = (seconds % 60, seconds // 60 % 60, seconds // 3600 % 24, seconds // 86_400)
        shown = [f"{n} {unit}" for n, unit in zip(parts, self.units, strict=True) if n][::-1]
        return " ".join(shown[:2]) or f"0 {self.units[0]}"

    def _value(self, value: str | Rule | Span) -> str:
        match value:
            case Rule(name):
                return self.rules[name]
            case Span(seconds):
                return self.span(seconds)
            case str():
                return bounded(value, 160)
            case _:
                assert_never(value)
