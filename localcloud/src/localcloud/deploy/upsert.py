"""Making something that may be there already."""

from collections.abc import Callable
from typing import Any

from localcloud.deploy.client import RefusedError


def upsert(create: Callable[[], Any], update: Callable[[], Any]) -> Any:
    """Create; if the cloud answers that it exists, update instead."""
    try:
        return create()
    except RefusedError as failure:
        if not failure.is_conflict:
            raise
    return update()
