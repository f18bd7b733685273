"""Credentials of assumed roles, kept by their holders instead of by the cloud.

The security token carries the session and a signature over it; the secret is derived from the
token. So nothing is stored, and credentials stay good over a restart for as long as they live.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass

from localcloud.ram.errors import ExpiredTokenError, InvalidTokenError


@dataclass(frozen=True)
class Session:
    """Who holds the credentials, and until when."""

    role: str
    name: str
    expires: float
    """Seconds since 1970."""
    policy: str = ""
    """A session policy, which can only narrow what the role may do."""


@dataclass(frozen=True)
class Credentials:
    """Short-lived credentials as STS issues them."""

    access_key_id: str
    access_key_secret: str
    security_token: str
    expires: float
    """Seconds since 1970."""


class Sessions:
    """Issues and reads the credentials of one account."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def issue(self, session: Session) -> Credentials:
        """Make credentials that say who holds them."""
        body = base64.urlsafe_b64encode(json.dumps(asdict(session)).encode()).decode()
        token = f"{body}.{self._mac('token', body)}"
        return Credentials(
            access_key_id=f"STS.{self._mac('id', token)[:24]}",
            access_key_secret=self._mac("secret", token),
            security_token=token,
            expires=session.expires,
        )

    def read(self, access_key_id: str, token: str, now: float) -> tuple[Session, str]:
        """Return the session of a token and its secret.

        Raises:
            InvalidTokenError: if the token was not issued here or is not this key's.
            ExpiredTokenError: if its time is over.
        """
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(self._mac("token", body), signature):
            raise InvalidTokenError
        if not hmac.compare_digest(f"STS.{self._mac('id', token)[:24]}", access_key_id):
            raise InvalidTokenError
        session = Session(**json.loads(base64.urlsafe_b64decode(body)))
        if session.expires <= now:
            raise ExpiredTokenError
        return session, self._mac("secret", token)

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()
