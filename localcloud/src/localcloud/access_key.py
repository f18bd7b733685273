"""The access key of a local cloud's account: random, one for each data folder.

Nothing that is published can sign a request here, and the id says at a glance that a key opens no
real account.
"""

import secrets
import string
from dataclasses import dataclass, field

PREFIX = "LTAIlocal"
"""What each id begins with; stack ``local`` is applied with no other."""
_ALPHABET = string.ascii_letters + string.digits
# As long as the real ones.
_ID_LENGTH = 24
_SECRET_LENGTH = 30


@dataclass(frozen=True)
class AccessKey:
    """An id, which is not secret, and the secret that signs."""

    id: str
    secret: str = field(repr=False)

    @classmethod
    def random(cls) -> "AccessKey":
        """Return a key that nobody knows yet."""
        return cls(PREFIX + _text(_ID_LENGTH - len(PREFIX)), _text(_SECRET_LENGTH))


def _text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
