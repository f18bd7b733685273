"""The page at ``/``: plain HTML, CSS and modules, on what ``/_localcloud/`` answers.

The files are read when the server starts. They are kept in one folder without folders in it, so
that a name is all that a request can choose.
"""

from collections.abc import Mapping
from pathlib import Path

_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

Page = Mapping[str, tuple[bytes, str]]
"""File name -> content and media type."""


def files() -> Page:
    """Return the files of the page."""
    return {
        path.name: (path.read_bytes(), _MEDIA_TYPES[path.suffix])
        for path in sorted(Path(__file__).parent.iterdir())
        if path.suffix in _MEDIA_TYPES
    }
