"""What a service offers: products with actions, and the calls that these answer."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from localcloud.errors import InvalidParameterError, MissingParameterError
from localcloud.http import HttpResponse
from localcloud.ram.access.authorization import Policy
from localcloud.whole_number import whole_number

Service = TypeVar("Service")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed a request."""

    arn: str
    """``acs:ram::<account>:root`` or ``acs:ram::<account>:assumed-role/<role>/<session>``."""
    access_key_id: str
    policies: tuple[Policy, ...] | None = None
    """The policies that are evaluated; None for the account itself, which may do everything."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """What a client asks for, whatever the style in which it asked."""

    product: str
    """``eventbridge``, ``ecs``, ``ram``, ``sts``, ``fc``, ``mns``, ``sls``, ..."""
    action: str
    caller: Caller
    request_id: str
    params: Mapping[str, str] = field(default_factory=dict)
    """RPC: query and form merged. ROA, SLS, MNS: the query."""
    path: Mapping[str, str] = field(default_factory=dict)
    """ROA, SLS, MNS: what the path names (function, project, logstore, queue)."""
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Lower-case names."""

    def required(self, name: str) -> str:
        """Return a parameter's value, or fail as the cloud does when it is missing or empty."""
        value = self.params.get(name, "")
        if not value:
            raise MissingParameterError(name)
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number between ``low`` and ``high``."""
        text = self.params.get(name, "")
        if not text:
            return default
        number = whole_number(text)
        if number is None or not low <= number <= high:
            raise InvalidParameterError(name, text, f"a whole number from {low} to {high}")
        return number

    def repeated(self, name: str) -> list[str]:
        """Return the values of ``Name.1``, ``Name.2``, ... in order."""
        values: list[str] = []
        while (value := self.params.get(f"{name}.{len(values) + 1}")) is not None:
            values.append(value)
        return values

    def pairs(self, name: str, key: str = "Key", value: str = "Value") -> dict[str, str]:
        """Return the pairs of ``Name.1.Key``/``Name.1.Value``, ..., as for tags."""
        found: dict[str, str] = {}
        while (label := self.params.get(f"{name}.{len(found) + 1}.{key}")) is not None:
            found[label] = self.params.get(f"{name}.{len(found) + 1}.{value}", "")
        return found

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """Return a truth value; RPC writes it as text."""
        text = self.params.get(name, "").lower()
        if text not in {"", "true", "false"}:
            raise InvalidParameterError(name, text, "true or false")
        return default if not text else text == "true"


Answer = dict[str, Any] | list[Any] | HttpResponse | None
"""A JSON value, a whole response where status or headers matter, or None for an empty body."""


@dataclass(frozen=True, slots=True)
class Action(Generic[Service]):
    """An API action of a service: what runs, and what its caller must be allowed to do."""

    run: Callable[[Service, ApiCall], Awaitable[Answer]]
    permission: str = ""
    """Such as ``ecs:InvokeCommand``; if empty, a valid signature is enough."""
    resources: Callable[[Service, ApiCall], list[str]] | None = None
    """The resources on which the permission is needed, each of them; if None, ``*``."""
    partial: str = ""
    """What this action lacks of the real one, for the table in the README."""
    also: tuple[str, ...] = ()
    """More permissions that are needed on the same resources."""


Route = tuple[str, str, str]
"""Method, path template and action."""


class WireStyle(Enum):
    """How an API is spoken: the names of the gateway's styles."""

    RPC = auto()
    FUNCTION_COMPUTE = auto()
    SLS = auto()
    MNS = auto()
    EVENTBRIDGE_DATA = auto()


@dataclass(frozen=True, kw_only=True)
class Product(Generic[Service]):
    """One API of the cloud."""

    service: type[Service]
    """What answers it: the local cloud's one object of this class."""
    style: WireStyle
    title: str
    version: str = ""
    """The API's version where requests are told apart by it."""
    actions: Mapping[str, Action[Service]]
    routes: Sequence[Route] = ()
    """The paths that lead to its actions, unless it is an RPC API. A route may lead to an action
    that is not here, so that the error can name it."""
    neighbours: Sequence[str] = ()
    """Actions that clients of the product may well ask for and do not find here."""
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By action: parameters on which the real action would act and this one does not. They are
    refused when they say something, so that nobody relies on them."""
    ignored: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By action: parameters that change nothing here, each with the reason."""
    error_fields: Mapping[str, Any] = field(default_factory=dict)
    """What every error holds besides code, message and request id."""

    @property
    def heading(self) -> str:
        """Return title and version."""
        return f"{self.title}, {self.version}" if self.version else self.title

    @property
    def absent(self) -> list[str]:
        """Return the actions that are known by name and answered as unknown."""
        named = {action for _, _, action in self.routes} | set(self.neighbours)
        return sorted(named - set(self.actions))
