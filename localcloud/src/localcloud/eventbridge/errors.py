"""The errors of EventBridge, with its own codes.

Codes are those of "EventBridge: Error codes" and of the open-source engine (EventBridgeErrorCode,
EventErrorCode); the engine answers nearly all of them with 409. What does not exist is 404 here,
because only by that the provider sees that something is gone.
"""

from localcloud.errors import ApiError

_NAME_RULE = (
    "a name has at most 127 letters, digits, hyphens and underscores, begins with a letter or "
    "digit and not with 'eventbridge-reserved-'"
)


class EventBridgeError(ApiError):
    """An error with EventBridge's usual status."""

    def __init__(self, code: str, message: str, status: int = 409) -> None:
        super().__init__(code, message, status)


class EventBusNotExistError(EventBridgeError):
    """There is no bus with that name."""

    def __init__(self, bus: str) -> None:
        super().__init__("EventBusNotExist", f"the event bus [{bus}] does not exist", 404)


class EventBusAlreadyExistError(EventBridgeError):
    """There is a bus with that name."""

    def __init__(self, bus: str) -> None:
        super().__init__("EventBusAlreadyExist", f"the event bus [{bus}] already exists")


class EventBusNotEmptyError(EventBridgeError):
    """A bus still has rules or sources; they are deleted first."""

    def __init__(self, bus: str, kind: str, names: list[str]) -> None:
        super().__init__(
            f"EventBus{kind}NotEmptyForDelete",
            f"the event bus [{bus}] still has {', '.join(names)}; delete them first",
        )


class NameInvalidError(EventBridgeError):
    """A name has a form that is not accepted; ``kind`` is EventBus, EventRule or EventSource."""

    def __init__(self, kind: str, name: str, rule: str = _NAME_RULE) -> None:
        super().__init__(f"{kind}NameInvalid", f"the name [{name[:200]}] is not accepted: {rule}")


class CountExceedsLimitError(EventBridgeError):
    """There are as many of a kind as there may be."""

    def __init__(self, kind: str, limit: int) -> None:
        super().__init__(
            f"{kind}CountExceedLimit", f"there are {limit} already, the most there may be"
        )


class EventSourceNotExistError(EventBridgeError):
    """A bus has no source with that name."""

    def __init__(self, bus: str, source: str) -> None:
        super().__init__(
            "EventSourceNotExist",
            f"the event source [{source}] of event bus [{bus}] does not exist",
            404,
        )


class EventSourceAlreadyExistError(EventBridgeError):
    """A bus has a source with that name."""

    def __init__(self, bus: str, source: str) -> None:
        super().__init__(
            "EventSourceAlreadyExist",
            f"the event source [{source}] of event bus [{bus}] already exists",
        )


class EventSourceTypeInvalidError(EventBridgeError):
    """A source is of a kind that the local cloud does not have."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            "EventSourceTypeInvalid",
            f"the local cloud has no event sources with {kind}; it has sources of HTTP, "
            "queues and schedules, and those whose events come with PutEvents",
        )


class HttpSourceParametersInvalidError(EventBridgeError):
    """A parameter of an HTTP source has a value that is not accepted."""

    def __init__(self, name: str, value: object, accepted: str) -> None:
        super().__init__(
            "HttpSourceParametersInvalid",
            f"the parameter {name} of the HTTP source is '{value}'; accepted is {accepted}",
        )


class SecurityCheckFailedError(EventBridgeError):
    """A request to a webhook does not satisfy what its source asks for."""

    def __init__(self, what: str, accepted: list[str], found: str) -> None:
        super().__init__(
            "PutEventsRequestSecurityCheckFailed",
            f"the request failed the webhook's check of the {what}: it is '{found[:200]}'; "
            f"accepted is {', '.join(accepted)}",
        )


class RoleNotExistError(EventBridgeError):
    """The service-linked role for a product was not made, or is deleted."""

    def __init__(self, product: str) -> None:
        super().__init__(
            "EntityNotExist.Role", f"there is no service-linked role for [{product}]", 404
        )


class EventRuleNotExistedError(EventBridgeError):
    """A bus has no rule with that name."""

    def __init__(self, bus: str, rule: str) -> None:
        super().__init__(
            "EventRuleNotExisted",
            f"the event rule [{rule}] of event bus [{bus}] does not exist",
            404,
        )


class EventRuleAlreadyExistError(EventBridgeError):
    """A bus has a rule with that name."""

    def __init__(self, bus: str, rule: str) -> None:
        super().__init__(
            "EventRuleAlreadyExist", f"the event rule [{rule}] of event bus [{bus}] already exists"
        )


class PatternInvalidError(EventBridgeError):
    """A rule's pattern is refused by the engine."""

    def __init__(self, reason: str) -> None:
        super().__init__("EventRuleFilterPatternSchemaError", reason)


class TargetInvalidError(EventBridgeError):
    """An attribute of a target has a value that is not accepted."""

    def __init__(self, target: str, attribute: str, value: object, accepted: str) -> None:
        super().__init__(
            "EventTargetIneffectiveAttribute",
            f"the attribute {attribute} of target [{target}] is '{str(value)[:200]}'; "
            f"accepted is {accepted}",
        )


class TargetIncompleteError(EventBridgeError):
    """A target lacks an attribute."""

    def __init__(self, target: str, attribute: str) -> None:
        super().__init__(
            "EventTargetMissingAttribute", f"the target [{target}] has no attribute [{attribute}]"
        )


class TargetTypeUnknownError(EventBridgeError):
    """A target is of a type to which the local cloud cannot deliver."""

    def __init__(self, type_: str, deliverable: list[str]) -> None:
        super().__init__(
            "EventTargetClassNotExist",
            f"the local cloud cannot deliver to targets of type [{type_}]; "
            f"it delivers to {', '.join(deliverable)}",
        )


class TargetIdDuplicateError(EventBridgeError):
    """Two targets of a rule have the same id."""

    def __init__(self, target: str) -> None:
        super().__init__(
            "EventRuleTargetIdDuplicate", f"the id [{target}] belongs to two targets of the rule"
        )


class EventInvalidError(EventBridgeError):
    """An event that cannot be accepted; ``attribute`` is the part of the code that says which."""

    def __init__(self, attribute: str, message: str) -> None:
        super().__init__(f"Event{attribute}", message)


class EventSizeExceedError(EventBridgeError):
    """An event is larger than an event may be."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            "EventSizeExceed", f"the event has {size} bytes; the limit is {limit} bytes"
        )


class LinkedRoleExistsError(EventBridgeError):
    """The account has that service-linked role.

    The code is the one that the provider knows of another product's role; of EventBridge's own
    answer nothing is published, so it is the harsher one.
    """

    def __init__(self, product: str) -> None:
        super().__init__("EntityAlreadyExist.Role", f"the role [{product}] already exists")
