"""What all answers of EventBridge's API have in common, and its pages."""

from collections.abc import Sequence
from typing import Any, TypeVar

from localcloud.api import ApiCall
from localcloud.eventbridge.errors import EventBridgeError
from localcloud.whole_number import whole_number

T = TypeVar("T")
# guess: how many entries a page has when the request does not say.
_PAGE = 100


def success(data: Any = None) -> dict[str, Any]:
    """Return an answer that the provider takes for a success: it reads ``Code``."""
    answer = {"Code": "Success", "Message": "success", "Success": True}
    return answer if data is None else {**answer, "Data": data}


def page(call: ApiCall, entries: Sequence[T]) -> tuple[Sequence[T], dict[str, Any]]:
    """Return the page of a list that a request asks for, and what goes into ``Data`` beside it."""
    size = call.integer("Limit", _PAGE, 1, 100)
    token = call.params.get("NextToken", "") or "0"
    start = whole_number(token)
    if start is None:
        raise EventBridgeError(
            "NextTokenInvalid", f"the next token '{token[:50]}' is not one that a page gave"
        )
    rest: dict[str, Any] = {"Total": len(entries)}
    if len(entries) > start + size:
        rest["NextToken"] = str(start + size)
    return entries[start : start + size], rest


def named(entries: Sequence[T], prefix: str) -> list[T]:
    """Return the entries whose name begins with a prefix."""
    return [entry for entry in entries if str(getattr(entry, "name", "")).startswith(prefix)]
