"""Where the documentation of Alibaba Cloud can be read in two ways, which way a local cloud takes.

The first of each is the default, the one that is harder on clients; ``serve --config`` chooses
others, so that a program can be tried under both:

    readings:
      event_ids: any
"""

import difflib
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints


class ReadingError(ValueError):
    """There is no such reading; the message says which there are."""


@dataclass(frozen=True)
class Readings:
    """What a local cloud does where the documentation leaves it open."""

    exceptions: Literal["delivered", "failed"] = "delivered"
    """Whether a function that raises is a failed delivery of a rule that waits for it."""
    async_invocation_type: Literal["true-is-async", "true-is-sync"] = "true-is-async"
    """What ``asyncInvocationType`` says in the trigger of a queue."""
    stream_elements: Literal["strings", "objects"] = "strings"
    """What the trigger of a queue puts into the list that it hands over."""
    event_ids: Literal["limited", "any"] = "limited"
    """Whether PutEvents keeps to the alphabet of "Limits": letters, digits, hyphens."""
    empty_pattern: Literal["matches", "refused"] = "matches"
    """What a rule with the pattern ``{}`` does."""
    function_3_target: Literal["accepted", "refused"] = "accepted"
    """Whether a rule's target names a function without a ``serviceName``."""
    unlinked_source: Literal["without-url", "with-url"] = "without-url"
    """What an HTTP source that was made without ``LinkedExternalSource`` gets."""
    custom_headers: Literal["kept", "dropped"] = "kept"
    """What becomes of the headers of a posted request that HTTP does not define."""
    dead_letter: Literal["wrapped", "event"] = "wrapped"
    """Whether a rule's dead letter says why, or is the event alone."""
    stopped_instance: Literal["refuses-all", "own-result"] = "refuses-all"
    """What one instance that is not running does to a command for several."""
    left_out_parameter: Literal["kept", "refused"] = "kept"
    """What becomes of a command's placeholder that a call gives no value, while it gives others."""

    @classmethod
    def of(cls, given: Any) -> "Readings":
        """Return the readings that a mapping chooses, the rest by default.

        Raises:
            ReadingError: if it names one that does not exist.
        """
        known = {one.name: get_args(get_type_hints(cls)[one.name]) for one in fields(cls)}
        if not isinstance(given, dict):
            raise ReadingError(f"must be a mapping of {', '.join(known)}")
        for name, value in given.items():
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                meant = f"did you mean '{near[0]}'?" if near else f"accepted: {', '.join(known)}"
                raise ReadingError(f"'{name}' is unknown; {meant}")
            if value not in known[name]:
                raise ReadingError(f"{name} is {value!r}; accepted: {', '.join(known[name])}")
        return cls(**given)
