"""The errors of MNS, with its own codes ("Simple Message Queue (formerly MNS): Error codes")."""

from localcloud.errors import ApiError


class QueueNotExistError(ApiError):
    """There is no queue with that name; 404, by which the provider sees that it is gone."""

    def __init__(self, name: str) -> None:
        super().__init__("QueueNotExist", f"the queue '{name}' does not exist", 404)


class QueueAlreadyExistError(ApiError):
    """There is a queue with that name and other attributes."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "QueueAlreadyExist",
            f"there is a queue '{name}' with other attributes; change them with SetQueueAttributes",
            409,
        )


class InvalidQueueNameError(ApiError):
    """A queue's name has a form that MNS does not accept."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "InvalidQueueName",
            f"the queue name '{name[:200]}' is not accepted; it has at most 120 letters, digits "
            "and hyphens and begins with a letter or digit",
        )


class InvalidArgumentError(ApiError):
    """A value is outside of what MNS accepts."""

    def __init__(self, name: str, value: object, accepted: str) -> None:
        super().__init__(
            "InvalidArgument",
            f"the value of {name} is '{str(value)[:200]}'; accepted is {accepted}",
        )


class MalformedXmlError(ApiError):
    """A request's body is not the XML that the operation takes."""

    def __init__(self, reason: str) -> None:
        super().__init__("MalformedXML", f"the request's XML could not be read: {reason}")


class MessageNotExistError(ApiError):
    """The queue has no message that can be received now, or the message is gone."""

    def __init__(self, reason: str) -> None:
        super().__init__("MessageNotExist", reason, 404)


class ReceiptHandleError(ApiError):
    """A receipt handle is not, or no longer, the one of a received message."""

    def __init__(self, handle: str) -> None:
        super().__init__(
            "ReceiptHandleError",
            f"the receipt handle '{handle[:200]}' is not valid: it belongs to no message, or the "
            "message became visible again; receive the message once more",
        )
