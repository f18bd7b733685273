"""Which action a method and a path lead to, for the APIs that say it there.

A path template names its variables: ``/2023-03-30/functions/{functionName}``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.routing import compile_path

from localcloud.api import Route


@dataclass(frozen=True, slots=True)
class Match:
    """The action of a path, and what the path names."""

    action: str
    variables: Mapping[str, str]


class RouteTable:
    """Finds the action for a method and a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        # A literal segment is a better match than a variable.
        for method, template, action in sorted(routes, key=lambda route: route[1].count("{")):
            self._routes.setdefault(method, []).append((compile_path(template)[0], action))

    def find(self, method: str, path: str) -> Match | None:
        """Return the action and the path's variables, decoded; None if no route has the path."""
        path = "/" + path.strip("/")
        for template, action in self._routes.get(method, ()):
            if match := template.match(path):
                variables = {name: unquote(value) for name, value in match.groupdict().items()}
                return Match(action, variables)
        return None
