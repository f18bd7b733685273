"""Questions about HTTPS event sources: their URL, what becomes of a post, what they answer."""

import json
from collections.abc import Mapping
from typing import Any

from functions.cloud.errors import FunctionError, UnreachableError
from functions.cloud.times import parse
from functions.cloud.web import Answer
from functions.request.token import HEADER
from ops.rehearse import things
from ops.rehearse.api import EVENTBRIDGE, Refused
from ops.rehearse.findings import Finding, either, look, no, yes
from ops.rehearse.rules import queue_target
from ops.rehearse.stage import Names, Stage, refused, unaccepted
from ops.rehearse.things import Thing

POSTED_SECONDS = 45.0
"""How long a posted event is waited for."""
_SECRET = "rehearsal-token"  # noqa: S105 - of a source that exists for minutes
_JSON = {"content-type": "application/json"}


class HttpSources:
    """Two HTTPS sources, one linked and one not, and a rule for what is posted to them."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.linked = things.http_source(names.bus, f"{names.base}.linked", linked=True)
        self.unlinked = things.http_source(names.bus, f"{names.base}.unlinked", linked=False)
        pattern = {"source": [self.linked.name]}
        self.rule = things.rule(names.bus, f"{names.base}-posted", pattern, queue_target(names))
        self._urls: dict[str, str] = {}
        self._began = 0.0
        self._answers: dict[str, Answer | str] = {}
        self._calls: dict[str, Finding] = {}

    @property
    def things(self) -> list[Thing]:
        """Return the sources and the rule."""
        return [self.linked, self.unlinked, self.rule]

    def act(self, stage: Stage) -> None:
        """Post what an automation posts, and what one must not."""
        self._began = stage.now()
        self._urls = self._addresses(stage)
        url = self._urls.get(self.linked.name, "")
        if not url:
            return
        order = {"rehearse": {"case": "posted", "do": "return"}, "number": 7, "name": "李雷"}
        headers = {**_JSON, HEADER: _SECRET, "Authorization": "Bearer rehearsal"}
        self._answers = {
            "posted": self._post(stage, url, headers, json.dumps(order).encode()),
            "no-object": self._post(stage, url, _JSON, b'["rehearsal"]'),
            "other-token": self._post(stage, f"{url.partition('token=')[0]}token=x", _JSON, b"{}"),
        }
        # As 'make replay' publishes an approval again.
        again = {"source": self.linked.name, "type": "eventbridge:Events:HTTPEvent"}
        try:
            stage.put("again", **again)
        except FunctionError as problem:
            self._calls["source-again"] = unaccepted(problem)
        else:
            self._calls["source-again"] = yes("PutEvents accepted it")

    def is_open(self, stage: Stage) -> bool:
        """Return whether the posted event is still to come."""
        return bool(
            self._answers and not self._posted(stage) and stage.now() - self._began < POSTED_SECONDS
        )

    def findings(self, stage: Stage) -> dict[str, Finding]:
        """Return the answers."""
        unlinked = stage.unmade(self.unlinked) or either(
            bool(self._urls.get(self.unlinked.name)),
            "it has a URL" if self._urls.get(self.unlinked.name) else "it has no URL",
        )
        url = self._urls.get(self.linked.name)
        no_url = stage.unmade(self.linked) or no("the source has no URL")
        found = {
            "unlinked-source": unlinked,
            "linked-source": yes("it has a URL") if url else no_url,
        }
        if not url:
            others = (
                "headers", "authorization-header", "numbers", "sender-address", "posted-time",
                "webhook-answer", "webhook-refusal", "webhook-stranger", "source-again",
            )  # fmt: skip
            return {**found, **dict.fromkeys(others, look("there was no URL to post to"))}
        return {
            **found,
            **self._calls,
            **self._event(stage),
            "webhook-answer": self._answered("posted", like_put_events=True),
            "webhook-refusal": self._answered("no-object", like_put_events=False),
            "webhook-stranger": self._answered("other-token", like_put_events=False),
        }

    def _event(self, stage: Stage) -> dict[str, Finding]:
        posted = self._posted(stage)
        if posted is None:
            nothing = look(f"no event came of the post within {POSTED_SECONDS:.0f} s")
            names = ("headers", "authorization-header", "numbers", "sender-address", "posted-time")
            return dict.fromkeys(names, nothing)
        data = posted.get("data", {})
        headers = data.get("headers") or {}
        sent = {name.lower(): (name, value) for name, value in headers.items()}
        written, value = sent.get(HEADER.lower(), ("", ""))
        body = data.get("body")
        number = body.get("number") if isinstance(body, dict) else None
        return {
            "headers": either(
                value == _SECRET,
                f"arrived as {written}" if written else f"arrived: {', '.join(sorted(headers))}",
            ),
            "authorization-header": either(
                "authorization" in sent, "arrived" if "authorization" in sent else "left out"
            ),
            "numbers": either(isinstance(number, int), f"7 arrived as {number!r}"),
            "sender-address": either(
                bool(posted.get("aliyunpublishaddr")),
                "aliyunpublishaddr is there" if posted.get("aliyunpublishaddr") else "left out",
            ),
            "posted-time": either(parse(posted.get("time")) is not None, str(posted.get("time"))),
        }

    def _answered(self, case: str, *, like_put_events: bool) -> Finding:
        """Say what a post was answered; ``like_put_events``: success was meant."""
        answer = self._answers[case]
        if isinstance(answer, str):
            return look(answer)
        shown = " ".join(answer.body.decode("utf-8", "replace").split())[:160]
        evidence = f"HTTP {answer.status}, {shown or 'empty'}"
        try:
            body: Any = json.loads(answer.body)
        except ValueError:
            body = None
        failed = body.get("FailedEntryCount") if isinstance(body, dict) else None
        if like_put_events:
            return either(answer.status == 200 and failed in {0, None}, evidence)
        return either(answer.status >= 400 or bool(failed), evidence)

    def _posted(self, stage: Stage) -> dict[str, Any] | None:
        found = [
            event
            for event, _ in stage.arrivals("eventbridge:Events:HTTPEvent")
            if "headers" in event.get("data", {})
        ]
        return found[0] if found else None

    def _addresses(self, stage: Stage) -> dict[str, str]:
        try:
            answer = stage.api.call(
                EVENTBRIDGE, "ListUserDefinedEventSources", EventBusName=self._names.bus, Limit=50
            )
        except Refused as refusal:
            self._calls["linked-source"] = refused(refusal)
            return {}
        found: dict[str, str] = {}
        for source in answer.get("Data", {}).get("EventSourceList") or []:
            urls = (source.get("SourceHttpEventParameters") or {}).get("PublicWebHookUrl") or []
            found[source.get("Name", "")] = urls[0] if urls else ""
        return found

    @staticmethod
    def _post(stage: Stage, url: str, headers: Mapping[str, str], body: bytes) -> Answer | str:
        try:
            return stage.send("POST", url, dict(headers), body, 15.0)
        except UnreachableError as problem:
            return f"the webhook could not be reached: {problem}"
