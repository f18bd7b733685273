"""The fixtures of all tests of the project."""

from lab.isolated import anyio_backend

__all__ = ["anyio_backend"]
