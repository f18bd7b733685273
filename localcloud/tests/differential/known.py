"""The differences from the open-source engine that are wanted, each with its reason."""

from __future__ import annotations

from typing import Any, Final

from differential.cases import Case

CIDR_MESSAGE: Final = "a wrong cidr operand is called so"
CRASH: Final = "the engine throws what is no rejection"
KEY: Final = "a pattern key that is no definite path is rejected"
LENIENT: Final = "only strict JSON is accepted"
FUNCTION: Final = "a function in a path is rejected"
NEGATIVE: Final = "an integer below -2147483648 keeps its value"
NAME: Final = "a host name is never looked up"
EMPTY_ADDRESS: Final = "an empty text is no address"
ZONE: Final = "a zone with a name is none: no verdict depends on a machine's interfaces"
EXPONENT: Final = "an exponent beyond Java's int is refused when it comes in"
ENDLESS: Final = "a path with a name that is not closed is no path"

_ZONES: Final = ("%eth0", "%lo")
_BELOW_INT: Final = ("-2147483649", "-1E400")


def known_reason(case: Case, mine: dict[str, Any], its: dict[str, Any]) -> str | None:
    """Return why the two answers may differ, or None."""
    rejection = mine.get("rejected", "")
    if case.kind == "match":
        if "beyond what the event engine reads" in mine.get("failed", ""):
            return EXPONENT
        return _pattern_reason(case, rejection, its)
    if "functions in a JSONPath" in mine.get("why", ""):
        return FUNCTION
    if "the value is not JSON" in mine.get("why", ""):
        return LENIENT
    if "beyond what the event engine reads" in mine.get("failed", ""):
        return EXPONENT
    if "crash" in its:
        return CRASH
    if its.get("failed", "").startswith(("StackOverflowError", "OutOfMemoryError")):
        return ENDLESS
    if any(number in case.event for number in _BELOW_INT):
        return NEGATIVE
    return None


def _pattern_reason(case: Case, rejection: str, its: dict[str, Any]) -> str | None:
    if rejection.startswith("the cidr condition") and '"localhost"' in case.pattern:
        return NAME
    if rejection.startswith("the cidr condition") and its.get("rejected", "") == (
        "the prefix condition only support string value"
    ):
        return CIDR_MESSAGE
    if '"cidr":' in case.pattern and any(z in case.pattern + case.event for z in _ZONES):
        return ZONE
    if rejection.startswith("the pattern key is not a definite JSONPath"):
        return KEY
    if rejection == "the pattern isn't a valid json format string":
        return LENIENT
    if "crash" in its:
        return CRASH
    if any(number in case.event for number in _BELOW_INT):
        return NEGATIVE
    if '"cidr":"127.0.0.1"' in case.pattern and '""' in case.event:
        return EMPTY_ADDRESS
    return None
