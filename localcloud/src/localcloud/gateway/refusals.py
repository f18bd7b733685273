"""How products name a caller whom they do not know.

Most say it in the words of the common gateway ("Common errors", OpenAPI); the two whose data planes
are older have words of their own.
"""

from collections.abc import Mapping

from localcloud.errors import ApiError

_UNKNOWN_KEY = "InvalidAccessKeyId.NotFound"
_WRONG_SIGNATURE = "SignatureDoesNotMatch"
_WRONG_TIME = "InvalidTimeStamp.Expired"
_NO_TIME = "InvalidTimeStamp.Format"
_OLD_TOKEN = "InvalidSecurityToken.Expired"  # noqa: S105 - a code, no token
_FOREIGN_TOKEN = "InvalidSecurityToken.MismatchWithAccessKey"  # noqa: S105 - a code, no token
_UNSIGNED = "MissingAccessKeyId"
_INCOMPLETE = "IncompleteSignature"

_WORDS: Mapping[str, Mapping[str, tuple[str, int]]] = {
    # "Error codes", Simple Log Service.
    "sls": {
        _UNKNOWN_KEY: ("Unauthorized", 401),
        _WRONG_SIGNATURE: ("SignatureNotMatch", 401),
        _WRONG_TIME: ("RequestTimeExpired", 400),
        _NO_TIME: ("InvalidDateFormat", 400),
        _OLD_TOKEN: ("Unauthorized", 401),
        _FOREIGN_TOKEN: ("Unauthorized", 401),
        _UNSIGNED: ("MissAccessKeyId", 400),
        # guess: the page has no code for what a signature leaves out.
        _INCOMPLETE: ("SignatureNotMatch", 401),
    },
    # "Error codes", Simple Message Queue.
    "mns-data": {
        _UNKNOWN_KEY: ("InvalidAccessKeyId", 403),
        _WRONG_SIGNATURE: ("SignatureDoesNotMatch", 403),
        _WRONG_TIME: ("TimeExpired", 408),
        _NO_TIME: ("InvalidDateHeader", 400),
        # guess: the page has no code for tokens.
        _OLD_TOKEN: ("InvalidSecurityToken", 403),
        _FOREIGN_TOKEN: ("InvalidSecurityToken", 403),
        _UNSIGNED: ("MissingAuthorizationHeader", 400),
        # guess: the page has no code for what a signature leaves out.
        _INCOMPLETE: ("SignatureDoesNotMatch", 403),
    },
}


def in_words_of(product: str, failure: ApiError) -> ApiError:
    """Return a refusal as the product would put it."""
    words = _WORDS.get(product, {}).get(failure.code)
    if words is None:
        return failure
    code, status = words
    return ApiError(code, failure.message, status, failure.data)
