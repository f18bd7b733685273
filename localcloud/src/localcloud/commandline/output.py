"""What a command prints for programs."""

import json
import sys
from typing import Any


def print_json(value: Any) -> None:
    """Print JSON on stdout; in escapes where its encoding may lack a character."""
    is_unicode = sys.stdout.encoding.lower().startswith("utf")
    print(json.dumps(value, ensure_ascii=not is_unicode, indent=2))
