"""The errors of Simple Log Service, with the cloud's codes ("Common error codes")."""

from localcloud.errors import ApiError


class ParameterInvalidError(ApiError):
    """A field of the request has a value that SLS does not accept."""

    def __init__(self, field: str, given: object, accepted: str) -> None:
        super().__init__(
            "ParameterInvalid", f"{field} is {str(given)[:200]!r}; accepted is {accepted}", 400
        )


class PostBodyInvalidError(ApiError):
    """The body is not what the action takes."""

    def __init__(self, accepted: str) -> None:
        super().__init__("PostBodyInvalid", f"the request's body is not {accepted}", 400)


class ProjectNotExistError(ApiError):
    """No project has that name."""

    def __init__(self, name: str) -> None:
        super().__init__("ProjectNotExist", f"The Project does not exist : {name}", 404)


class ProjectAlreadyExistError(ApiError):
    """A project of that name is there already."""

    def __init__(self, name: str) -> None:
        super().__init__("ProjectAlreadyExist", f"Project {name} already exist", 400)


class LogStoreNotExistError(ApiError):
    """The project has no such log store."""

    def __init__(self, name: str) -> None:
        super().__init__("LogStoreNotExist", f"logstore {name} does not exist", 404)


class LogStoreAlreadyExistError(ApiError):
    """The project has a log store of that name already."""

    def __init__(self, name: str) -> None:
        super().__init__("LogStoreAlreadyExist", f"logstore {name} already exists", 400)


class IndexNotExistError(ApiError):
    """The log store has no index, so that it cannot be searched either."""

    def __init__(self, store: str, status: int = 404) -> None:
        super().__init__("IndexConfigNotExist", f"logstore {store} without index config", status)


class IndexAlreadyExistError(ApiError):
    """The log store has an index already."""

    def __init__(self, store: str) -> None:
        super().__init__("IndexAlreadyExist", f"log store {store} index already exists", 400)


class IndexInfoInvalidError(ApiError):
    """The description of an index is not what SLS accepts."""

    def __init__(self, problem: str) -> None:
        super().__init__("IndexInfoInvalid", f"index info is invalid: {problem}", 400)
