"""Asks Lark for approvals and people; people are known by their ``open_id``.

Sources: "Get a single approval instance", "Query instance list" (approval/v4/instances),
tenant_access_token/internal, "Get user information" (contact/v3); shapes as ``lark-oapi`` 1.7.5 has
them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from functions.receive_approval import form
from functions.receive_approval.approval import Approval, Component, Verdict
from functions.receive_approval.platform_api import (
    AbsentError,
    Caller,
    Person,
    mapping,
    mappings,
    segment,
    text,
)
from functions.receive_approval.settings import Source

_PAGE = 100
_MOST_PAGES = 100
_STALE_TOKENS = {99991661, 99991663, 99991664, 99991668, 99991671}
_LATER = {99991400, 11232, 1390010, 1220001, 55001}
# guess: the code for an id that nobody has (any more) is not in the documentation that was found.
_ABSENT = {40013, 41012, 41050}
_FACTS = ("name", "en_name", "email", "employee_no", "job_title", "department_ids", "join_time")
_VERDICTS = {"APPROVED": Verdict.APPROVED, "PENDING": Verdict.OPEN}


class Lark:
    """One app in one tenant."""

    def __init__(self, source: Source, caller: Caller) -> None:
        self._source = source
        self._caller = caller

    def approval(self, instance: str, definition: str, *, listed: bool = False) -> Approval:  # noqa: ARG002 - Lark's answer says it
        """Return an instance; its definition is empty if it is not of the one that is named."""
        path = f"approval/v4/instances/{segment(instance)}"
        given = mapping(self._call("GET", path).get("data"))
        own = text(given.get("approval_code"))
        verdict = _VERDICTS.get(text(given.get("status")), Verdict.DECLINED)
        decided = _seconds(given.get("end_time"))
        if given.get("status") == "REVERTED" or given.get("reverted") is True:
            verdict, decided = Verdict.TAKEN_BACK, _reverted(given) or decided
        if verdict is Verdict.APPROVED and not decided:
            verdict = Verdict.OPEN
        return Approval(
            instance=instance,
            definition=own if definition in {"", own} else "",
            verdict=verdict,
            decided=decided,
            requester=text(given.get("open_id")),
            approvers=_approvers(given),
            form=_form(given.get("form")),
        )

    def started(self, definition: str, since: float, until: float) -> Iterator[str]:
        """Yield the instances of a definition that were started in a span of time."""
        query = {
            "approval_code": definition,
            "start_time": str(int(since * 1000)),
            "end_time": str(int(until * 1000)),
            "page_size": str(_PAGE),
        }
        for _ in range(_MOST_PAGES):
            data = mapping(self._call("GET", "approval/v4/instances", query).get("data"))
            listed = data.get("instance_code_list")
            yield from (i for i in listed if isinstance(i, str)) if isinstance(listed, list) else ()
            following = text(data.get("page_token"))
            if not data.get("has_more") or not following:
                return
            query = {**query, "page_token": following}

    def person(self, person_id: str) -> Person:
        """Return a member, by ``open_id``."""
        return self._person(person_id, "open_id")[0]

    def has_left(self, person_id: str) -> bool:
        """Return whether somebody, by ``user_id``, has resigned or is not there any more."""
        try:
            return self._person(person_id, "user_id")[1]
        except AbsentError:
            return True

    def _person(self, person_id: str, kind: str) -> tuple[Person, bool]:
        path = f"contact/v3/users/{segment(person_id)}"
        answer = self._call("GET", path, {"user_id_type": kind})
        user = mapping(mapping(answer.get("data")).get("user"))
        facts = {key: user[key] for key in _FACTS if user.get(key)}
        shown = text(user.get("user_id")) or person_id
        has_left = mapping(user.get("status")).get("is_resigned") is True
        return Person(shown, text(user.get("name")), facts), has_left

    def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        url = f"{self._source.api}/open-apis/{path}"

        def attempt() -> tuple[int, dict[str, Any]]:
            headers = {"authorization": f"Bearer {self._caller.token(self._fetch_token)}"}
            return self._caller.call(method, url, query=query, headers=headers)

        status, answer = attempt()
        if answer.get("code") in _STALE_TOKENS:
            self._caller.forget_token()
            status, answer = attempt()
        self._check(status, answer)
        return answer

    def _fetch_token(self) -> tuple[str, float]:
        url = f"{self._source.api}/open-apis/auth/v3/tenant_access_token/internal"
        body = {"app_id": self._source.app_id, "app_secret": self._source.app_secret}
        status, answer = self._caller.call("POST", url, body=body)
        self._check(status, answer)
        token, seconds = text(answer.get("tenant_access_token")), answer.get("expire")
        if not token:
            raise self._caller.refused("NoToken")
        return token, float(seconds) if isinstance(seconds, int | float) else 7200.0

    def _check(self, status: int, answer: Mapping[str, Any]) -> None:
        code = answer.get("code")
        if code == 0 and status < 300:
            return
        if code in _ABSENT:
            raise AbsentError("Lark knows no such member", str(code))
        word = str(code if isinstance(code, int) else f"Http{status}")
        raise self._caller.busy(word) if code in _LATER else self._caller.refused(word)


def _approvers(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return who approved by hand: a node that passes by itself has no approver."""
    passed = [
        entry.get("open_id")
        for entry in mappings(given.get("timeline"))
        if entry.get("type") == "PASS"
    ]
    return tuple(dict.fromkeys(who for who in passed if isinstance(who, str) and who))


def _reverted(given: Mapping[str, Any]) -> float:
    # guess: the name of the entry that says when; equal moments end with the role taken away.
    entries = mappings(given.get("timeline"))
    return max(
        (_seconds(e.get("create_time")) for e in entries if "REVERT" in text(e.get("type"))),
        default=0.0,
    )


def _form(given: object) -> tuple[Component, ...]:
    try:
        widgets = json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        widgets = []
    return tuple(c for c in map(form.component, mappings(widgets)) if c)


def _seconds(value: object) -> float:
    """Return a time of Lark's: milliseconds, as text or as a number."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value / 1000 if is_number and isinstance(value, int) else 0.0
