"""What both platforms have in common: approvals, people, an app, and what goes wrong on demand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from demo.platforms.pushes import Push, Pusher
from localcloud import strict_json
from localcloud.environment import Environment
from localcloud.http import HttpRequest, HttpResponse
from localcloud.inspection import NotThereError

_TOKEN_SECONDS = 7200


@dataclass
class Instance:
    """One approval that somebody asked for."""

    id: str
    definition: str
    by: str
    form: dict[str, Any]
    started: float
    approvers: list[str] = field(default_factory=list)
    decided: float = 0.0
    revoked: float = 0.0


class Company:
    """One app of a platform in one organization.

    Args:
        app: ``app_id``, ``tenant``, ``app_secret``, ``token``, ``key`` and ``people`` (id -> name).
        environment: clock and ids.
        pusher: sends the pushes.
    """

    host = ""
    push_seconds = 0.0
    retries: tuple[float, ...] = ()

    def __init__(self, app: Mapping[str, Any], environment: Environment, pusher: Pusher) -> None:
        self.app_id: str = app["app_id"]
        self.tenant: str = app["tenant"]
        self.app_secret: str = app["app_secret"]
        self.token: str = app["token"]
        self.key: str = app["key"]
        self.people: dict[str, str] = dict(app["people"])
        self.now: Callable[[], float] = environment.clock.now
        self.new_id: Callable[[], str] = environment.ids
        self.pusher = pusher
        self.instances: dict[str, Instance] = {}
        self.pushes: list[dict[str, Any]] = []
        self.url = ""
        self._tokens: dict[str, float] = {}
        self._failing = 0

    def shown(self) -> list[dict[str, Any]]:
        """Return the approvals, the oldest first."""
        return [vars(instance) for instance in self.instances.values()]

    # What people and administrators do

    async def subscribe(self, url: str, platform: str = "") -> dict[str, Any]:  # noqa: ARG002
        """Enter the callback in the console: it is kept only if it answers the handshake."""
        async with httpx.AsyncClient(trust_env=False) as client:
            if not await self.pusher.attempt(client, self.handshake(url)):
                raise NotThereError(f"{url} does not answer the handshake; it is not kept")
        self.url = url
        return {"url": url}

    async def ask(
        self,
        definition: str,
        by: str,
        form: dict[str, Any],
        platform: str = "",  # noqa: ARG002
    ) -> dict[str, Any]:
        """Ask for an approval; ``form`` has the values by alias."""
        instance = Instance(self.new_id(), definition, by, form, self.now())
        self.instances[instance.id] = instance
        return {"instance": instance.id}

    async def approve(
        self,
        instance: str,
        by: str,
        push: str = "once",
        seconds: float = 0.0,
        ago: float = 0.0,
        platform: str = "",  # noqa: ARG002
    ) -> dict[str, Any]:
        """Click "agree"; ``push`` is once, lose or repeat, after so many seconds.

        ``ago``: it was clicked so many seconds ago, before anybody looked.
        """
        found = self._instance(instance)
        found.approvers.append(by)
        found.decided = self.now() - ago
        found.started = min(found.started, found.decided)
        self._push(self.decided(found), push, seconds)
        return {"instance": found.id}

    async def revoke(
        self,
        instance: str,
        push: str = "once",
        platform: str = "",  # noqa: ARG002
    ) -> dict[str, Any]:
        """Take an approval back."""
        found = self._instance(instance)
        found.revoked = self.now()
        self._push(self.taken_back(found), push, 0.0)
        return {"instance": found.id}

    async def forge(
        self,
        instance: str,
        definition: str,
        stolen_key: bool = False,
        platform: str = "",  # noqa: ARG002
    ) -> dict[str, Any]:
        """Push what nobody approved: with a signature that is guessed, or with the app's keys."""
        made = Instance(instance, definition, "mallory", {}, self.now(), ["mallory"], self.now())
        push = self.decided(made) if stolen_key else self.forged(made)
        async with httpx.AsyncClient(trust_env=False) as client:
            taken = await self.pusher.attempt(client, push)
        return {"taken": taken, "status": self.pushes[-1]["status"]}

    async def join(self, person: str, name: str, platform: str = "") -> dict[str, Any]:  # noqa: ARG002
        """Let somebody join."""
        self.people[person] = name
        self._push(self.member(person, joined=True), "once", 0.0)
        return {"person": person}

    async def leave(self, person: str, platform: str = "") -> dict[str, Any]:  # noqa: ARG002
        """Let somebody leave."""
        self.people.pop(person, None)
        self._push(self.member(person, joined=False), "once", 0.0)
        return {"person": person}

    async def outage(self, calls: int, platform: str = "") -> dict[str, Any]:  # noqa: ARG002
        """Let the next calls of the API fail."""
        self._failing = calls
        return {"calls": calls}

    # What the app asks

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a call of the API."""
        if self._failing > 0:
            self._failing -= 1
            return respond({"code": "serviceUnavailable"}, 503)
        try:
            given = strict_json.read(request.body) if request.body else {}
        except ValueError:
            given = {}
        return self.call(request, given if isinstance(given, dict) else {})

    def issue_token(self) -> str:
        """Return a new token of the app."""
        token = f"t-{self.new_id()}"
        self._tokens[token] = self.now() + _TOKEN_SECONDS
        return token

    def knows(self, token: str) -> bool:
        """Return whether a token is good."""
        return self._tokens.get(token, 0.0) > self.now()

    # What each platform does in its own way

    def handshake(self, url: str) -> Push:
        """Return the request that verifies a URL."""
        raise NotImplementedError

    def decided(self, instance: Instance) -> Push:
        """Return the push about an approval."""
        raise NotImplementedError

    def taken_back(self, instance: Instance) -> Push:
        """Return the push about an approval that was revoked."""
        raise NotImplementedError

    def forged(self, instance: Instance) -> Push:
        """Return a push by somebody who has no key."""
        raise NotImplementedError

    def member(self, person: str, *, joined: bool) -> Push:
        """Return the push about somebody who joined or left."""
        raise NotImplementedError

    def call(self, request: HttpRequest, given: Mapping[str, Any]) -> HttpResponse:
        """Answer a call of the API."""
        raise NotImplementedError

    def _push(self, push: Push, how: str, seconds: float) -> None:
        for _ in range({"lose": 0, "repeat": 3}.get(how, 1)):
            self.pusher.later(push, seconds)

    def _instance(self, instance: str) -> Instance:
        if instance not in self.instances:
            raise NotThereError(f"there is no approval '{instance}'")
        return self.instances[instance]


def respond(body: Any, status: int = 200) -> HttpResponse:
    """Return an answer in JSON."""
    content = strict_json.write(body).encode()
    return HttpResponse(status, content, {"content-type": "application/json"})
