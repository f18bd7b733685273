"""Writes the package's schema, of which a consumer's SDK is made.

.venv/bin/python -m components.schema > components/schema.json
"""

import json
from typing import Any

from components.package import Package


def document() -> dict[str, Any]:
    """Return what ``pulumi package get-schema`` shows."""
    found: dict[str, Any] = json.loads(Package().schema or "{}")
    return found


def text() -> str:
    """Return the schema as it is committed."""
    return json.dumps(document(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(text(), end="")
