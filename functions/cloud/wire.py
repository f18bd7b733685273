"""How a chat message is written, and how long it may be."""

import json
from typing import Any

MOST_BYTES = 18_000
"""DingTalk takes 20,000 bytes and Lark 20 KB; signing adds to a message."""


def encode(message: dict[str, Any]) -> bytes:
    """Write a message as it is sent: escapes would make each Chinese character twice as long."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
