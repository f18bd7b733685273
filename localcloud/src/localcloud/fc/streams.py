"""Streams of events: what a trigger of type ``eventbridge`` makes of a message queue.

EventBridge receives messages from the queue, calls the function with a list of them, and deletes
what was delivered; what was not is received again later. Sources: "SMQ queue triggers", "Retry
policies and dead-letter queues". What these leave open is read as the settings say.
"""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from localcloud import queue_messages, strict_json
from localcloud.environment import Clock, uuid_form
from localcloud.errors import ApiError
from localcloud.fc.invocation import Invocation
from localcloud.fc.triggers import EVENTBRIDGE, Trigger
from localcloud.queue_messages import Message
from localcloud.settings import CloudSettings

_RECEIVED_AT_ONCE = 16
_MOST_IN_A_WINDOW = 10_000
_LONGEST_WINDOW_SECONDS = 15
_LONGEST_DELAY_SECONDS = 43_200
_STRATEGIES = ("BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY")
_QUEUE_ARN = re.compile(r"acs:mns:[^:]+:[^:]+:/queues/(?P<name>[A-Za-z0-9-]+)")


class StreamError(ValueError):
    """A configuration that no stream can have; the message says what is accepted."""


@dataclass(frozen=True)
class Stream:
    """What a trigger's configuration says."""

    queue: str
    enabled: bool
    async_invocation_type: bool
    decodes: bool
    """Whether messages are base64."""
    window: int
    """Messages in a call at most; 0: one, and not in a list."""
    strategy: str
    dead_letter_queue: str


class Queues(queue_messages.Queues, Protocol):
    """The message queues of the account."""

    async def change_visibility(self, name: str, receipt: str, seconds: int) -> object:
        """Hide a received message for so long from now."""

    def send(self, queue_name: str, body: str) -> object:
        """Put a message into a queue."""


class Streams:
    """Calls functions with what is in the queues of their triggers.

    Args:
        settings: region, account, and how the documentation is read.
        clock: stamps events.
        ids: names requests.
        queues: where messages are.
        invoke: runs a function and waits: its name, qualifier, payload, request id.
        invoke_later: has a function run after the answer; the same arguments.
        next_delay: gives the seconds until the next attempt after so many, None after the last.
    """

    def __init__(
        self,
        settings: CloudSettings,
        clock: Clock,
        ids: Callable[[], str],
        queues: Queues,
        *,
        invoke: Callable[[str, str, bytes, str], Awaitable[Invocation]],
        invoke_later: Callable[[str, str, bytes, str], Awaitable[None]],
        next_delay: Callable[[str, int], float | None],
    ) -> None:
        self._settings = settings
        self._readings = settings.readings
        self._clock = clock
        self._ids = ids
        self._queues = queues
        self._invoke = invoke
        self._invoke_later = invoke_later
        self._next_delay = next_delay

    async def step(self, triggers: Iterable[Trigger]) -> int:
        """Hand on what is in the queues of these triggers now; return how many messages."""
        return sum([await self._hand_on(t) for t in triggers if t.kind == EVENTBRIDGE])

    async def _hand_on(self, trigger: Trigger) -> int:
        stream = parse(trigger.config)
        if not stream.enabled:
            return 0
        count = min(stream.window or 1, _RECEIVED_AT_ONCE)
        try:
            messages = await self._queues.receive(stream.queue, count)
        except ApiError:
            return 0  # the queue is gone, or not yet there
        if messages:
            delivered = await self._call(trigger, stream, messages)
            for message in messages:
                await self._settle(stream, message, delivered=delivered)
        return len(messages)

    async def _call(self, trigger: Trigger, stream: Stream, messages: Sequence[Message]) -> bool:
        """Call the function once; return whether that counts as a delivery."""
        is_true_async = self._readings.async_invocation_type == "true-is-async"
        is_async = stream.async_invocation_type == is_true_async
        call = (
            trigger.function,
            trigger.qualifier,
            self._payload(stream, messages),
            uuid_form(self._ids()).lower(),
        )
        if is_async:
            try:
                await self._invoke_later(*call)
            except ApiError:
                return False
            return True
        result = await self._invoke(*call)
        is_seen = self._readings.exceptions == "failed"
        return result.status < 400 and not (is_seen and result.error_type)

    async def _settle(self, stream: Stream, message: Message, *, delivered: bool) -> None:
        delay = None if delivered else self._next_delay(stream.strategy, message.dequeues)
        try:
            if delay is not None:
                seconds = min(max(1, round(delay)), _LONGEST_DELAY_SECONDS)
                await self._queues.change_visibility(stream.queue, message.receipt, seconds)
                return
            if not delivered and stream.dead_letter_queue:
                self._queues.send(stream.dead_letter_queue, message.body)
            await self._queues.delete(stream.queue, message.receipt)
        except ApiError:
            # It took longer than the message was hidden, so it comes again.
            return

    def _payload(self, stream: Stream, messages: Sequence[Message]) -> bytes:
        events = [self._event(stream, message) for message in messages]
        if not stream.window:
            return strict_json.write(events[0]).encode()
        if self._readings.stream_elements == "strings":
            return strict_json.write([strict_json.write(event) for event in events]).encode()
        return strict_json.write(events).encode()

    def _event(self, stream: Stream, message: Message) -> dict[str, Any]:
        body = _decoded(message.body) if stream.decodes else message.body
        request_id = uuid_form(self._ids())
        return {
            "source": stream.queue,
            "specversion": "1.0",
            "datacontenttype": "application/json; charset=utf-8",
            "aliyunaccountid": self._settings.account_id,
            **queue_messages.event_of(message, body, stream.queue, self._settings, request_id),
        }


def parse(text: object) -> Stream:
    """Read a ``triggerConfig``.

    Raises:
        StreamError: if it is not one, or asks for what is not implemented here.
    """
    try:
        given = strict_json.read(text) if isinstance(text, str) else None
    except ValueError:
        given = None
    top = _only(
        given,
        "it",
        "triggerEnable",
        "asyncInvocationType",
        "eventRuleFilterPattern",
        "eventSourceConfig",
        "eventSinkConfig",
        "runOptions",
    )
    if top.get("eventRuleFilterPattern", "{}") != "{}":
        raise StreamError("no eventRuleFilterPattern but {}")
    source = _only(
        top.get("eventSourceConfig"),
        "eventSourceConfig",
        "eventSourceType",
        "eventSourceParameters",
    )
    if source.get("eventSourceType") != "MNS":
        raise StreamError("eventSourceType MNS, the only one here")
    parameters = _only(
        source.get("eventSourceParameters"), "eventSourceParameters", "sourceMNSParameters"
    )
    mns = _only(
        parameters.get("sourceMNSParameters"),
        "sourceMNSParameters",
        "RegionId",
        "QueueName",
        "IsBase64Decode",
    )
    if not isinstance(mns.get("QueueName"), str) or not mns["QueueName"]:
        raise StreamError("a QueueName")
    sink = _only(top.get("eventSinkConfig", {}), "eventSinkConfig", "deliveryOption")
    schema = _only(sink.get("deliveryOption", {}), "deliveryOption", "eventSchema")
    if schema.get("eventSchema", "CloudEvents") != "CloudEvents":
        raise StreamError("eventSchema CloudEvents, the only one here")
    options = _only(
        top.get("runOptions", {}),
        "runOptions",
        "mode",
        "errorsTolerance",
        "retryStrategy",
        "deadLetterQueue",
        "batchWindow",
    )
    return Stream(
        queue=mns["QueueName"],
        # guess: a trigger that does not say that it is enabled is not.
        enabled=_flag(top, "triggerEnable"),
        async_invocation_type=_flag(top, "asyncInvocationType"),
        decodes=_flag(mns, "IsBase64Decode"),
        window=_window(options),
        strategy=_strategy(options),
        dead_letter_queue=_dead_letter_queue(options),
    )


def _window(options: dict[str, Any]) -> int:
    mode = options.get("mode", "event-driven")
    if mode == "event-driven":
        return 0
    if mode != "event-streaming":
        raise StreamError("the mode event-streaming or event-driven")
    window = _only(
        options.get("batchWindow", {}), "batchWindow", "CountBasedWindow", "TimeBasedWindow"
    )
    count, seconds = window.get("CountBasedWindow", 1), window.get("TimeBasedWindow", 0)
    for value, low, high in (
        (count, 1, _MOST_IN_A_WINDOW),
        (seconds, 0, _LONGEST_WINDOW_SECONDS),
    ):
        if type(value) is not int or not low <= value <= high:
            raise StreamError("a batchWindow of 1 to 10000 messages and 0 to 15 whole seconds")
    return int(count)


def _strategy(options: dict[str, Any]) -> str:
    given = _only(options.get("retryStrategy", {}), "retryStrategy", "PushRetryStrategy")
    strategy = given.get("PushRetryStrategy", _STRATEGIES[0])
    if strategy not in _STRATEGIES:
        raise StreamError(f"a PushRetryStrategy of {' or '.join(_STRATEGIES)}")
    return str(strategy)


def _dead_letter_queue(options: dict[str, Any]) -> str:
    if options.get("errorsTolerance", "ALL") != "ALL":
        raise StreamError("errorsTolerance ALL, the only one here")
    arn = _only(options.get("deadLetterQueue", {}), "deadLetterQueue", "Arn").get("Arn", "")
    if not arn:
        return ""
    match = _QUEUE_ARN.fullmatch(str(arn))
    if not match:
        raise StreamError("a deadLetterQueue acs:mns:<region>:<account>:/queues/<name>")
    return match["name"]


def _only(value: object, name: str, *accepted: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) - set(accepted):
        raise StreamError(f"that {name} is an object of {', '.join(accepted)}")
    return value


def _flag(given: dict[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise StreamError(f"{name} true or false")
    return value


def _decoded(body: str) -> str:
    try:
        return base64.b64decode(body, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return body
