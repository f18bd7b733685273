"""The errors of RAM and STS, with the cloud's codes."""

from localcloud.errors import ApiError


class EntityNotExistError(ApiError):
    """A role or policy is not there."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(
            f"EntityNotExist.{kind}", f"the {kind.lower()} '{name}' does not exist", 404
        )


class EntityAlreadyExistsError(ApiError):
    """A role or policy of that name is there already."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(
            f"EntityAlreadyExists.{kind}", f"the {kind.lower()} '{name}' exists already", 409
        )


class DeleteConflictError(ApiError):
    """Something is still attached to what shall be deleted."""

    def __init__(self, kind: str, holder: str, name: str, others: list[str]) -> None:
        super().__init__(
            f"DeleteConflict.{kind}.{holder}",
            f"the {kind.lower()} '{name}' is still attached to {', '.join(others)}; detach first",
            409,
        )


class MalformedPolicyError(ApiError):
    """A policy document that RAM does not accept."""

    def __init__(self, reason: str) -> None:
        super().__init__("MalformedPolicyDocument", f"the policy document is not valid: {reason}")


class NotTrustedError(ApiError):
    """The role's trust policy does not let this caller assume it."""

    def __init__(self, role_arn: str, principal: str) -> None:
        super().__init__(
            "NoPermission",
            f"sts:AssumeRole on {role_arn} is not allowed to {principal}; "
            "the role's trust policy does not name it",
            403,
            {"AccessDeniedDetail": {"AuthAction": "sts:AssumeRole", "AuthResource": role_arn}},
        )


class UnknownAccessKeyError(ApiError):
    """No such access key."""

    def __init__(self, access_key_id: str) -> None:
        super().__init__(
            "InvalidAccessKeyId.NotFound",
            f"the access key '{access_key_id}' is unknown here; "
            "'localcloud serve' prints the one to use",
            404,
        )


class ExpiredTokenError(ApiError):
    """The credentials of an assumed role are past their time."""

    def __init__(self) -> None:
        super().__init__(
            "InvalidSecurityToken.Expired", "the security token has expired; assume the role again"
        )


class InvalidTokenError(ApiError):
    """The security token was not made here, or does not belong to the access key."""

    def __init__(self) -> None:
        super().__init__(
            "InvalidSecurityToken.MismatchWithAccessKey",
            "the security token does not belong to this access key",
        )
