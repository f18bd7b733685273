"""A request's body as a JSON object that can be kept."""

from typing import Any

from localcloud import strict_json


def parse_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a body holds, or None if it holds anything else."""
    try:
        value = strict_json.read(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def texts(value: object) -> list[str]:
    """Return every text in a JSON value, without the names of members."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []
