"""What Function Compute gives a function."""

from collections.abc import Mapping

from functions.cloud.context import Context
from functions.cloud.errors import SettingError
from functions.cloud.rpc import Credentials


def credentials(context: Context, environ: Mapping[str, str]) -> Credentials:
    """Return the key of the function's role.

    Python 3.12 has it in the environment; its context has no ``credentials`` any more, which the
    older runtimes have ("Context", Function Compute). Read at each call: it expires.
    """
    given = getattr(context, "credentials", None)
    key = getattr(given, "access_key_id", "") or ""
    secret = getattr(given, "access_key_secret", "") or ""
    token = getattr(given, "security_token", "") or ""
    if not (key and secret):
        key = environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", "")
        secret = environ.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
        token = environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", "")
    if not (key and secret):
        raise SettingError(
            "ALIBABA_CLOUD_ACCESS_KEY_ID", "is missing; the function needs a role of its own"
        )
    return Credentials(key, secret, token)
