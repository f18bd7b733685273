"""The signatures that the group chats' robots check.

The two look alike and are not. DingTalk: milliseconds, the secret is the key, the text is signed,
and the result goes into the query. Lark: seconds, the text is the key, nothing is signed, and the
result goes into the body. Sources: "Security settings of a custom bot" (DingTalk); "Custom bot
usage guide" (Lark).
"""

import base64
import hashlib
import hmac
from typing import Any


def dingtalk_sign(secret: str, milliseconds: int) -> str:
    """Return the signature, not yet percent-encoded."""
    text = f"{milliseconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def dingtalk_url(webhook: str, secret: str, milliseconds: int) -> str:
    """Return the webhook with time and signature appended; valid for an hour."""
    from urllib.parse import quote_plus  # noqa: PLC0415

    sign = quote_plus(dingtalk_sign(secret, milliseconds))
    joint = "&" if "?" in webhook else "?"
    return f"{webhook}{joint}timestamp={milliseconds}&sign={sign}"


def lark_sign(secret: str, seconds: int) -> str:
    """Return the signature for the body."""
    key = f"{seconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


def lark_body(message: dict[str, Any], secret: str, seconds: int) -> dict[str, Any]:
    """Return the message with time and signature; valid for an hour."""
    return {**message, "timestamp": str(seconds), "sign": lark_sign(secret, seconds)}
