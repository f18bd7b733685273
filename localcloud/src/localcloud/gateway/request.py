"""A request to one of the cloud's APIs, before it is known to which."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote


@dataclass(frozen=True)
class Request:
    """A request as it arrived: everything that a signature may cover."""

    method: str
    path: str
    """Still percent-encoded."""
    query: Mapping[str, str] = field(default_factory=dict)
    """In the order in which it was sent."""
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Lower-case names."""
    body: bytes = b""
    host: str = "127.0.0.1"
    source_ip: str = "127.0.0.1"

    @cached_property
    def params(self) -> Mapping[str, str]:
        """Query and form."""
        return {**self.query, **self.form}

    @cached_property
    def decoded_path(self) -> str:
        """The path as people read it."""
        return unquote(self.path)
