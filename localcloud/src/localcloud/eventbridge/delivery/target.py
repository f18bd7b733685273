"""What a rule's target is for delivery, and what is handed to the one who sends."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from localcloud.eventbridge.delivery.retry import DEFAULT_POLICY
from localcloud.eventbridge.matching.transform import Transform, TransformError


class DeliveryError(Exception):
    """An attempt did not succeed: a word or number for the status, and a sentence.

    Both are shown in the trace, so neither may hold a URL or anything else that is secret.
    """

    def __init__(self, status: str, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Parcel:
    """One attempt's content: where to, the target's parameters made from the event, the event."""

    type: str
    endpoint: str
    parameters: Mapping[str, str]
    """Texts by resource key; what a path did not find in the event is not there."""
    bus: str
    event: Mapping[str, Any]
    text: str
    """The event as JSON."""

    def required(self, key: str) -> str:
        """Return a parameter, or fail the attempt when the event has nothing for it."""
        value = self.parameters.get(key)
        if value is None:
            raise DeliveryError(
                "TransformFailed", f"the event has nothing for the parameter '{key}'"
            )
        return value


Send: TypeAlias = Callable[[Parcel], Awaitable[str]]
"""Sends a parcel and gives a word on it for the trace; raises :class:`DeliveryError`."""


@dataclass(frozen=True)
class Target:
    """A rule's target, compiled: nothing about it can be wrong any more."""

    id: str
    type: str
    endpoint: str
    parameters: tuple[tuple[str, Transform], ...]
    retry: str = DEFAULT_POLICY
    dead_letter_queue: str = ""
    """The name of the queue for what could not be delivered; empty: it is dropped."""

    def parcel(self, bus: str, event: Mapping[str, Any], text: str) -> Parcel:
        """Make the parameters from an event.

        Raises:
            DeliveryError: when a template cannot be filled from this event.
        """
        parameters = {}
        for key, transform in self.parameters:
            if transform.form == "ORIGINAL":
                parameters[key] = text
                continue
            try:
                value = transform.apply(event)
            except TransformError as error:
                raise DeliveryError("TransformFailed", f"parameter '{key}': {error}") from None
            if value is not None:
                parameters[key] = value
        return Parcel(self.type, self.endpoint, parameters, bus, event, text)
