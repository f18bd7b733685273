"""What belongs to one request is found by ids and labels, and by nothing that a sender chose."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from localcloud.ecs.invocations import Invocation
from localcloud.eventbridge.delivery.history import Accepted
from localcloud.labels import MESSAGES, REQUESTS, Label
from localcloud.overview import index as module
from localcloud.overview.index import Index, Request

LABELS = {
    "request": Label(("data.body.request_id", "data.request_id", "tags.request"), joins=REQUESTS),
    "employee": Label(("data.body.emp_id", "data.emp_id", "parameters.emp_id"), joins=MESSAGES),
}


@dataclass
class Past:
    """What happened, in lists; each entry comes a second after the one before."""

    events: list[Accepted] = field(default_factory=list)
    runs: list[Invocation] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.index = Index(_After(self.events), _After(self.runs), _After(self.messages), LABELS)

    def posted(self, identity: str, **body: Any) -> None:
        """Accept what a webhook took."""
        self._event(identity, "eventbridge:Events:HTTPEvent", {"body": body})

    def published(self, identity: str, **data: Any) -> None:
        """Accept what a program of the cloud published."""
        self._event(identity, "some:type", data)

    def ran(self, identity: str, tags: dict[str, str], **parameters: str) -> None:
        """Invoke a command."""
        self.now += 1
        number = len(self.runs) + 1
        self.runs.append(
            Invocation(
                number, identity, "c-1", "command", "RunShellScript", "", "", parameters, True,
                self.now, 60, ["i-1"], tags=tags,
            )
        )  # fmt: skip

    def said(
        self, text: str, chat: str = "ops", body: dict[str, str] | None = None, key: str = ""
    ) -> None:
        """Take a message in a chat."""
        self.now += 1
        message = {"id": len(self.messages) + 1, "chat": chat, "text": text, "key": key}
        self.messages.append({**message, "received_at": self.now, "body": body or {}})

    async def requests(self) -> list[Request]:
        """Return the requests, oldest first."""
        await self.index.catch_up()
        return list(self.index.newest())[::-1]

    def _event(self, identity: str, kind: str, data: Any) -> None:
        self.now += 1
        body = json.dumps({"id": identity, "data": data})
        number = len(self.events) + 1
        self.events.append(Accepted(number, identity, "bus", "source", kind, self.now, body))


class _After:
    """Reads a list on from a number."""

    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def after(self, number: int, limit: int) -> list[Any]:
        """Return the next rows."""
        return self._rows[number : number + limit]


async def test_a_request_is_joined_from_its_first_event_to_its_message() -> None:
    """Run, completion and result each name an id that came before; the message names one, too."""
    past = Past()
    past.posted("event-1", emp_id="E1")
    past.ran("t-000001", {"event": "event-1"}, emp_id="E1")
    past.published("completed-1", invokeId="t-000001")
    past.published("result-1", emp_id="E1", detail={"InvokeId": "t-000001"})
    past.said("E1 is done, invocation t-000001.")
    past.said("somebody is done", body={"msgUuid": "result-1"})
    (request,) = await past.requests()
    assert (request.events, request.invocations, request.messages) == ([1, 2, 3], [1], [1, 2])
    assert (request.id, request.labels, request.chats) == ("event-1", {"employee": "E1"}, ["ops"])


async def test_a_label_joins_what_has_no_id_in_common() -> None:
    """A repeat is the same request; the request is called by the label."""
    past = Past()
    past.posted("event-1", request_id="R-1", emp_id="E1")
    past.published("other-1", request_id="R-2")
    past.posted("event-2", request_id="R-1", emp_id="E1")
    past.published("result-1", request_id="event-1")
    first, second = await past.requests()
    assert (first.id, first.events, second.id) == ("R-1", [1, 3, 4], "R-2")
    assert past.index.named("R-1") == past.index.named("event-2") == [first]


async def test_a_sender_cannot_put_itself_into_another_request() -> None:
    """An id in a field that somebody posted joins nothing."""
    past = Past()
    past.posted("event-1", request_id="R-1")
    past.posted("event-2", note="event-1")
    assert len(await past.requests()) == 2


async def test_a_digest_tells_of_each_whom_it_names() -> None:
    """By a label where there is no id; the one of which nothing was said before is meant."""
    past = Past()
    past.posted("event-1", emp_id="E1")
    past.said("E1 was told early")
    past.posted("event-2", emp_id="E1")
    past.posted("event-3", emp_id="E2")
    past.posted("event-4", emp_id="E3")
    past.said("devops: E1, E2")
    assert [request.messages for request in await past.requests()] == [[1], [2], [2], []]


async def test_a_message_that_names_nobody_is_joined_by_its_key() -> None:
    """A refused request may have neither an id of its own nor an employee that could be said."""
    past = Past()
    past.posted("event-1")
    past.posted("event-2")
    past.said("rejected: emp_id is missing", key="event-2")
    past.said("rejected: emp_id is missing", key="of-nobody")
    assert [request.messages for request in await past.requests()] == [[], [1]]


async def test_who_is_named_beside_an_id_is_meant_by_the_id() -> None:
    """A message about one request does not count for another one of the same employee."""
    past = Past()
    past.posted("event-1", request_id="R-1", emp_id="E1")
    past.posted("event-2", request_id="R-2", emp_id="E1")
    past.said("E1 is done. Request: R-1")
    assert [request.messages for request in await past.requests()] == [[1], []]


async def test_it_reads_on_from_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches, in the order in which things happened, whatever there is more of."""
    monkeypatch.setattr(module, "_BATCH", 3)
    past = Past()
    for number in range(10):
        past.posted(f"event-{number}", emp_id=f"E{number}")
        past.said(f"E{number} is done")
    assert [request.messages for request in await past.requests()] == [[n + 1] for n in range(10)]
    past.ran("t-000001", {"event": "event-9"})
    assert (await past.requests())[-1].invocations == [1]


async def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all their names; the others stay."""
    monkeypatch.setattr(module, "MOST", 2)
    past = Past()
    for number in range(4):
        past.posted(f"event-{number}", emp_id="E1", request_id=f"R-{number}")
    assert [request.id for request in await past.requests()] == ["R-2", "R-3"]
    assert [past.index.named(n) for n in ("event-0", "R-1")] == [[], []]
    assert [request.id for request in past.index.named("E1")] == ["R-3", "R-2"]
    assert past.index.of_event(1) is None
