"""A rule's target as delivery sees it, and the request that is sent to it."""

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
class DeliveryRequest:
    """What one attempt sends: the endpoint, the target's parameters, and the event itself."""

    type: str
    endpoint: str
    parameters: Mapping[str, str]
    """Text by resource key; a path that finds nothing in the event leaves its key out."""
    bus: str
    event: Mapping[str, Any]
    text: str
    """The event as JSON."""

    def required(self, key: str) -> str:
        """Return a parameter.

        Raises:
            DeliveryError: if the event has nothing for it.
        """
        value = self.parameters.get(key)
        if value is None:
            raise DeliveryError(
                "TransformFailed", f"the event has nothing for the parameter '{key}'"
            )
        return value


Send: TypeAlias = Callable[[DeliveryRequest], Awaitable[str]]
"""Sends a request and returns what the trace shows; raises :class:`DeliveryError`."""


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

    def request(self, bus: str, event: Mapping[str, Any], text: str) -> DeliveryRequest:
        """Return the request that delivers an event.

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
        return DeliveryRequest(self.type, self.endpoint, parameters, bus, event, text)
