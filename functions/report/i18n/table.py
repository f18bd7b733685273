"""The words of one language, and how values are put into them."""

from collections.abc import Mapping
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

    def headline(self, status: str, action: str) -> str:
        """Return what happened; an unknown status counts as a failure."""
        return self.headlines.get((status, action)) or self.headlines["", action]

    def exit_code(self, code: object) -> str:
        """Return what an exit code means; an empty string for one that the scripts do not use."""
        return self.exit_codes.get(code, "") if isinstance(code, int) else ""

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
