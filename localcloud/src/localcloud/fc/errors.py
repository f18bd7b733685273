"""The errors of Function Compute, with the cloud's codes ("Error codes", Function Compute 3.0)."""

from localcloud.errors import ApiError


class InvalidArgumentError(ApiError):
    """A field of the request has a value that Function Compute does not accept."""

    def __init__(self, field: str, given: object, accepted: str) -> None:
        super().__init__(
            "InvalidArgument", f"{field} is {_short(given)}; accepted is {accepted}", 400
        )


class NotSupportedHereError(ApiError):
    """The real cloud has it and this one has not; an error, so that nobody relies on it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "InvalidArgument",
            f"{what} is not supported by the local cloud; localcloud/README.md lists what is",
            400,
        )


class FunctionNotFoundError(ApiError):
    """No function has that name."""

    def __init__(self, name: str) -> None:
        super().__init__("FunctionNotFound", f"function '{name}' does not exist", 404)


class FunctionAlreadyExistsError(ApiError):
    """A function with that name is there already."""

    def __init__(self, name: str) -> None:
        super().__init__("FunctionAlreadyExists", f"function '{name}' already exists", 409)


class VersionNotFoundError(ApiError):
    """The function has no such version."""

    def __init__(self, function: str, version: str) -> None:
        super().__init__(
            "VersionNotFound", f"version '{version}' of function '{function}' does not exist", 404
        )


class AliasNotFoundError(ApiError):
    """The function has no such alias."""

    def __init__(self, function: str, alias: str) -> None:
        super().__init__(
            "AliasNotFound", f"alias '{alias}' of function '{function}' does not exist", 404
        )


class AliasAlreadyExistsError(ApiError):
    """The function has an alias of that name already."""

    def __init__(self, function: str, alias: str) -> None:
        super().__init__(
            "AliasAlreadyExists", f"alias '{alias}' of function '{function}' already exists", 409
        )


class ConcurrencyNotReservedError(ApiError):
    """No concurrency is reserved for the function."""

    def __init__(self, function: str) -> None:
        # The code by which the alicloud provider (1.285.0) sees that there is none.
        super().__init__(
            "OnDemandConfigNotFound",
            f"no concurrency is reserved for the function '{function}'",
            404,
        )


class ThrottledError(ApiError):
    """As many requests of the function run as its reserved concurrency allows."""

    def __init__(self, function: str, limit: int) -> None:
        # guess: the code; the status is documented ("Configure reserved instances").
        super().__init__(
            "ResourceExhausted",
            f"{limit} requests of the function '{function}' run already: its reserved concurrency",
            429,
        )


class InvocationDisabledError(ApiError):
    """Nobody may call the function."""

    def __init__(self, function: str, reason: str) -> None:
        # guess: the code; the page says only that the function cannot be called.
        super().__init__(
            "AccessDenied",
            f"invocations of the function '{function}' are disabled"
            + (f": {reason}" if reason else ""),
            403,
        )


class TriggerNotFoundError(ApiError):
    """The function has no such trigger."""

    def __init__(self, function: str, trigger: str) -> None:
        super().__init__(
            "TriggerNotFound", f"trigger '{trigger}' of function '{function}' does not exist", 404
        )


class TriggerAlreadyExistsError(ApiError):
    """The function has a trigger of that name already."""

    def __init__(self, function: str, trigger: str) -> None:
        super().__init__(
            "TriggerAlreadyExists",
            f"trigger '{trigger}' of function '{function}' already exists",
            409,
        )


class AsyncConfigNotExistsError(ApiError):
    """Nothing was configured for the function's asynchronous invocations."""

    def __init__(self, function: str, qualifier: str) -> None:
        # The code by which the alicloud provider (1.285.0) sees that there is none.
        super().__init__(
            "AsyncConfigNotExists",
            f"function '{function}' has no asynchronous configuration for '{qualifier}'",
            404,
        )


class InvalidDestinationError(ApiError):
    """A destination of asynchronous invocations is nothing that can be one."""

    def __init__(self, given: str) -> None:
        # The code and the refusal of an empty half: issue 10031 of the alicloud provider.
        super().__init__(
            "InvalidDestinationResources",
            f"the destination is {_short(given)}; accepted are a queue, "
            "acs:mns:<region>:<account>:/queues/<name>/messages, and a function, "
            "acs:fc:<region>:<account>:functions/<name>; a half that is empty is refused",
            400,
        )


class VersionInUseError(ApiError):
    """An alias points to the version, so it cannot be deleted."""

    def __init__(self, function: str, version: str, alias: str) -> None:
        # guess: the code; that it is refused is said under "Manage versions".
        super().__init__(
            "Conflict",
            f"version '{version}' of function '{function}' is used by alias '{alias}'; "
            "point the alias elsewhere or delete it first",
            409,
        )


class PayloadTooLargeError(ApiError):
    """The event of an invocation is larger than Function Compute takes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            "EntityTooLarge", f"the payload has {size} bytes; accepted are at most {limit}", 413
        )


def _short(given: object) -> str:
    text = repr(given)
    return text if len(text) <= 200 else f"{text[:200]}..."
