"""Which product and which action a request is for.

RPC requests say it in ``Action`` and ``Version``; FC, SLS, MNS and EventBridge's data plane say it
in method and path. A path template names its variables: ``/2023-03-30/functions/{functionName}``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

RPC_PRODUCTS = {
    "2020-04-01": "eventbridge",
    "2014-05-26": "ecs",
    "2015-05-01": "ram",
    "2015-04-01": "sts",
    "2022-01-19": "mns",
    "2020-03-31": "resourcemanager",
    "2015-06-12": "location",
}
"""The product of an RPC API by its version, which no two of them share."""

Route = tuple[str, str, str]
"""Method, path template, action."""


@dataclass(frozen=True, slots=True)
class Match:
    """The action of a path, and what the path names."""

    action: str
    variables: Mapping[str, str]


class RouteTable:
    """Finds the action for a method and a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[tuple[str, int], list[tuple[tuple[str, ...], str]]] = {}
        for method, template, action in routes:
            segments = tuple(template.strip("/").split("/"))
            self._routes.setdefault((method, len(segments)), []).append((segments, action))
        for candidates in self._routes.values():
            # A literal segment is a better match than a variable.
            candidates.sort(key=lambda c: sum(s.startswith("{") for s in c[0]))

    def find(self, method: str, path: str) -> Match | None:
        """Return the action and the path's variables, decoded; nothing if there is none."""
        segments = path.strip("/").split("/")
        for template, action in self._routes.get((method, len(segments)), ()):
            variables: dict[str, str] = {}
            for part, segment in zip(template, segments, strict=True):
                if part.startswith("{"):
                    variables[part[1:-1]] = unquote(segment)
                elif part != segment:
                    break
            else:
                return Match(action, variables)
        return None
