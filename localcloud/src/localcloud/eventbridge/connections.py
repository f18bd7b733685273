"""Connections to HTTP endpoints, and the API destinations that use them.

What they may hold is documented in "CreateConnection" and "CreateApiDestination". They are kept,
checked and answered; no rule's target delivers to an API destination here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from localcloud import strict_json
from localcloud.environment import Clock
from localcloud.errors import InvalidParameterError
from localcloud.eventbridge.errors import EventBridgeError
from localcloud.store import Store, Table

_METHODS = ("GET", "POST", "HEAD", "DELETE", "PUT", "PATCH")
_NAME = (2, 127)
_LONGEST_TEXT = 255
_LONGEST_URL = 127
_PAIRS = ("BodyParameters", "HeaderParameters", "QueryStringParameters")
_AUTHORIZATIONS = {
    "BASIC_AUTH": ("BasicAuthParameters", ("Username", "Password")),
    "API_KEY_AUTH": ("ApiKeyAuthParameters", ("ApiKeyName", "ApiKeyValue")),
    "OAUTH_AUTH": ("OAuthParameters", ("AuthorizationEndpoint", "HttpMethod")),
}


@dataclass(frozen=True)
class Connection:
    """How an endpoint is reached, and what proves who calls it."""

    name: str
    id: str
    description: str
    network: dict[str, Any]
    authorization: dict[str, Any] = field(repr=False)
    created: float


@dataclass(frozen=True)
class ApiDestination:
    """An endpoint with a method, through a connection."""

    name: str
    connection: str
    description: str
    http: dict[str, Any]
    created: float


class NotExistError(EventBridgeError):
    """There is no connection, or no API destination, with that name."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind}NotExist", f"the {kind} [{name}] does not exist", 404)


class Connections:
    """The connections and API destinations of the account, durable."""

    def __init__(self, clock: Clock, ids: Callable[[], str], store: Store) -> None:
        self._clock = clock
        self._ids = ids
        self._connections = Table(store, "eventbridge.connection", Connection)
        self._destinations = Table(store, "eventbridge.api_destination", ApiDestination)

    def connection(self, name: str) -> Connection:
        """Return a connection, or fail with the cloud's code."""
        found = self._connections.get(name)
        if found is None:
            raise NotExistError("Connection", name)
        return found

    def all(self) -> list[Connection]:
        """Return the connections by name."""
        return sorted(self._connections, key=lambda c: c.name)

    def create(
        self, name: str, description: str, network: dict[str, Any], authorization: dict[str, Any]
    ) -> None:
        """Make a connection."""
        _check_name("ConnectionName", name)
        if name in self._connections:
            raise _taken("Connection", name)
        now = self._clock.now()
        made = Connection(name, self._ids(), description, network, authorization, now)
        self._connections.put(name, made)

    def change(self, name: str, **changes: Any) -> None:
        """Change what a connection says."""
        self._connections.put(name, replace(self.connection(name), **changes))

    def delete(self, name: str) -> None:
        """Delete a connection that no API destination uses."""
        self.connection(name)
        if users := [d.name for d in self.destinations() if d.connection == name]:
            # guess: the code, and that it is refused.
            raise EventBridgeError(
                "ConnectionInUse", f"the connection [{name}] is used by {', '.join(users)}"
            )
        self._connections.delete(name)

    def destination(self, name: str) -> ApiDestination:
        """Return an API destination, or fail with the cloud's code."""
        found = self._destinations.get(name)
        if found is None:
            raise NotExistError("ApiDestination", name)
        return found

    def destinations(self) -> list[ApiDestination]:
        """Return the API destinations by name."""
        return sorted(self._destinations, key=lambda d: d.name)

    def create_destination(
        self, name: str, connection: str, description: str, http: dict[str, Any]
    ) -> None:
        """Make an API destination on a connection that there is."""
        _check_name("ApiDestinationName", name)
        self.connection(connection)
        if name in self._destinations:
            raise _taken("ApiDestination", name)
        now = self._clock.now()
        self._destinations.put(name, ApiDestination(name, connection, description, http, now))

    def change_destination(self, name: str, **changes: Any) -> None:
        """Change what an API destination says."""
        changed = replace(self.destination(name), **changes)
        self.connection(changed.connection)
        self._destinations.put(name, changed)

    def delete_destination(self, name: str) -> None:
        """Delete an API destination."""
        self.destination(name)
        self._destinations.delete(name)


def network_of(text: str) -> dict[str, Any]:
    """Read ``NetworkParameters``."""
    given = _object("NetworkParameters", text)
    _only("NetworkParameters", given, "NetworkType", "SecurityGroupId", "VpcId", "VswitcheId")
    kind = given.get("NetworkType")
    if kind == "PrivateNetwork":
        accepted = "PublicNetwork: there are no VPCs in the local cloud"
        raise InvalidParameterError("NetworkParameters.NetworkType", kind, accepted)
    if kind != "PublicNetwork":
        raise InvalidParameterError(
            "NetworkParameters.NetworkType", str(kind), "PublicNetwork or PrivateNetwork"
        )
    return {name: value for name, value in given.items() if value}


def authorization_of(text: str) -> dict[str, Any]:
    """Read ``AuthParameters``; nothing if there are none."""
    given = {k: v for k, v in _object("AuthParameters", text).items() if v}
    if not given:
        return {}
    members = {name for name, _ in _AUTHORIZATIONS.values()}
    _only("AuthParameters", given, "AuthorizationType", *members)
    kind = given.get("AuthorizationType")
    if not isinstance(kind, str) or kind not in _AUTHORIZATIONS:
        known = ", ".join(_AUTHORIZATIONS)
        raise InvalidParameterError("AuthParameters.AuthorizationType", str(kind), known)
    name, needed = _AUTHORIZATIONS[kind]
    parameters = given.get(name)
    if not isinstance(parameters, dict) or not all(parameters.get(n) for n in needed):
        # Its values are secrets, so none is quoted.
        raise InvalidParameterError(f"AuthParameters.{name}", "…", " and ".join(needed))
    if kind == "OAUTH_AUTH":
        _check_oauth(parameters)
    else:
        _only(f"AuthParameters.{name}", parameters, *needed)
    return given


def http_of(text: str) -> dict[str, Any]:
    """Read ``HttpApiParameters``."""
    given = _object("HttpApiParameters", text)
    _only("HttpApiParameters", given, "Endpoint", "Method")
    endpoint = given.get("Endpoint")
    if not isinstance(endpoint, str) or not 0 < len(endpoint) <= _LONGEST_URL:
        raise InvalidParameterError(
            "HttpApiParameters.Endpoint", str(endpoint), f"at most {_LONGEST_URL} characters"
        )
    if given.get("Method") not in _METHODS:
        raise InvalidParameterError(
            "HttpApiParameters.Method", str(given.get("Method")), ", ".join(_METHODS)
        )
    return given


def description_of(params: Mapping[str, str]) -> str:
    """Return a description that is not too long."""
    text = params.get("Description", "")
    if len(text) > _LONGEST_TEXT:
        raise InvalidParameterError("Description", text, f"at most {_LONGEST_TEXT} characters")
    return text


def _check_oauth(given: dict[str, Any]) -> None:
    where = "AuthParameters.OAuthParameters"
    members = ("AuthorizationEndpoint", "ClientParameters", "HttpMethod", "OAuthHttpParameters")
    _only(where, given, *members)
    if given["HttpMethod"] not in _METHODS:
        raise InvalidParameterError(f"{where}.HttpMethod", "…", ", ".join(_METHODS))
    if len(str(given["AuthorizationEndpoint"])) > _LONGEST_URL:
        raise InvalidParameterError(
            f"{where}.AuthorizationEndpoint", "…", f"at most {_LONGEST_URL} characters"
        )
    _only(f"{where}.ClientParameters", given.get("ClientParameters"), "ClientID", "ClientSecret")
    _only(f"{where}.OAuthHttpParameters", given.get("OAuthHttpParameters"), *_PAIRS)


def _object(name: str, text: str) -> dict[str, Any]:
    try:
        given = strict_json.read(text or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InvalidParameterError(name, "…", "a JSON object")
    return given


def _only(where: str, given: object, *known: str) -> None:
    if given is not None and (not isinstance(given, dict) or set(given) - set(known)):
        raise InvalidParameterError(where, "…", f"an object with {', '.join(sorted(known))}")


def _check_name(parameter: str, name: str) -> None:
    shortest, longest = _NAME
    if not shortest <= len(name) <= longest:
        raise InvalidParameterError(parameter, name, f"{shortest} to {longest} characters")


def _taken(kind: str, name: str) -> EventBridgeError:
    # guess: the code.
    return EventBridgeError(f"{kind}AlreadyExist", f"the {kind} [{name}] already exists")
