"""Asks DingTalk for approvals and people.

Sources: "Obtain the details of a single approval instance", "Obtain a list of approval instance
ids", accessToken (v1.0), topapi/v2/user/get; names as in ``alibabacloud_dingtalk`` 2.2.65.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from functions.cloud.times import parse
from functions.receive_approval import form
from functions.receive_approval.approval import Approval, Component, Verdict
from functions.receive_approval.platform_api import (
    AbsentError,
    Caller,
    Person,
    mapping,
    mappings,
    text,
)
from functions.receive_approval.settings import Source

_PAGE = 20
_MOST_PAGES = 500
_MOST_ATTACHED = 10
_MINUTE = 60.0
_ABSENT = 60121
_STALE_TOKENS = {"InvalidAuthentication", "40014", "42001"}
# guess: which codes mean "later" is listed nowhere; these are the ones that samples show.
_LATER = ("QpsLimit", "Throttling", "LimitExceed", "system", "serviceUnavailable", "90018", "-1")
_FACTS = ("name", "email", "job_number", "title", "dept_id_list", "hired_date")


class DingTalk:
    """One app in one organization."""

    def __init__(self, source: Source, caller: Caller) -> None:
        self._source = source
        self._caller = caller

    def approval(self, instance: str, definition: str, *, listed: bool = False) -> Approval:
        """Return an instance; its definition is empty if it is not of the one that is named.

        An instance that revokes another one is answered with the other one, taken back; so is one
        that was revoked since.
        """
        given = self._instance(instance)
        revocation = None
        if given.get("bizAction") == "REVOKE":
            revocation = self._read(instance, definition, given)
            instance = text(given.get("mainProcessInstanceId"))
            if revocation.verdict is not Verdict.APPROVED or not instance:
                is_open = revocation.verdict is Verdict.OPEN
                verdict = Verdict.OPEN if is_open else Verdict.DECLINED
                return revocation._replace(verdict=verdict)
            given = self._instance(instance)
        found = self._read(instance, definition, given)
        if found.verdict is not Verdict.APPROVED:
            return found
        if (text(given.get("bizAction")) or "NONE") != "NONE":
            return found._replace(verdict=Verdict.DECLINED)
        # The instance that a listed one revokes is not listed itself.
        is_known = listed and revocation is None
        if not is_known and not self._belongs(given, instance, definition):
            return found._replace(definition="")
        if revocation:
            return found._replace(verdict=Verdict.TAKEN_BACK, decided=revocation.decided)
        return self._amended(found, given)

    def started(self, definition: str, since: float, until: float) -> Iterator[str]:
        """Yield the instances of a definition that were started in a span of time."""
        body: dict[str, Any] = {
            "processCode": definition,
            "startTime": int(since * 1000),
            "endTime": int(until * 1000),
            "nextToken": 0,
            "maxResults": _PAGE,
        }
        url = f"{self._source.api}/v1.0/workflow/processes/instanceIds/query"
        for _ in range(_MOST_PAGES):
            result = mapping(self._call("POST", url, body=body).get("result"))
            listed = result.get("list")
            yield from (i for i in listed if isinstance(i, str)) if isinstance(listed, list) else ()
            following = result.get("nextToken")
            if following in {None, "", 0, "0"}:
                return
            body = {**body, "nextToken": following}

    def person(self, person_id: str) -> Person:
        """Return a member."""
        status, answer = self._with_token(
            lambda token: self._caller.call(
                "POST",
                f"{self._source.directory}/topapi/v2/user/get",
                query={"access_token": token},
                body={"userid": person_id},
            )
        )
        code = answer.get("errcode")
        if code == _ABSENT:
            raise AbsentError("DingTalk knows no such member", str(code))
        if status >= 300 or code != 0:
            raise self._problem(str(code or f"Http{status}"))
        result = mapping(answer.get("result"))
        facts = {key: result[key] for key in _FACTS if result.get(key)}
        return Person(person_id, text(result.get("name")), facts)

    def has_left(self, person_id: str) -> bool:
        """Return whether nobody of this id is a member."""
        try:
            self.person(person_id)
        except AbsentError:
            return True
        return False

    def _instance(self, instance: str) -> Mapping[str, Any]:
        url = f"{self._source.api}/v1.0/workflow/processInstances"
        answer = self._call("GET", url, query={"processInstanceId": instance})
        result = mapping(answer.get("result"))
        if not result:
            raise self._caller.busy("NoResult")
        return result

    def _amended(self, found: Approval, given: Mapping[str, Any]) -> Approval:
        """Return an approval as it stands after what revoked or modified it."""
        attached = given.get("attachedProcessInstanceIds")
        for other in (attached if isinstance(attached, list) else [])[:_MOST_ATTACHED]:
            if not isinstance(other, str):
                continue
            amendment = self._instance(other)
            decided = self._read(other, "", amendment)
            if decided.verdict is not Verdict.APPROVED:
                continue
            if amendment.get("bizAction") == "REVOKE":
                return found._replace(verdict=Verdict.TAKEN_BACK, decided=decided.decided)
            found = found._replace(verdict=Verdict.DECLINED)
        return found

    def _belongs(self, given: Mapping[str, Any], instance: str, definition: str) -> bool:
        """Return whether an instance is of a definition, which its own answer does not say."""
        created = parse(given.get("createTime"))
        if not definition or created is None:
            return False
        near = (created - _MINUTE, created + 2 * _MINUTE)
        return any(found == instance for found in self.started(definition, *near))

    def _read(self, instance: str, definition: str, given: Mapping[str, Any]) -> Approval:
        status, result = given.get("status"), given.get("result")
        verdict = Verdict.OPEN if status in {"RUNNING", "NEW"} else Verdict.DECLINED
        decided = parse(given.get("finishTime"))
        if status == "COMPLETED" and result == "agree" and decided is not None:
            verdict = Verdict.APPROVED
        return Approval(
            instance=instance,
            definition=definition,
            verdict=verdict,
            decided=decided or 0.0,
            requester=text(given.get("originatorUserId")),
            approvers=_approvers(given),
            form=_form(given),
        )

    def _call(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        status, answer = self._with_token(
            lambda token: self._caller.call(
                method,
                url,
                query=query,
                body=body,
                headers={"x-acs-dingtalk-access-token": token},
            )
        )
        if status >= 300:
            raise self._problem(text(answer.get("code")) or f"Http{status}")
        return answer

    def _with_token(
        self, call: Callable[[str], tuple[int, dict[str, Any]]]
    ) -> tuple[int, dict[str, Any]]:
        status, answer = call(self._caller.token(self._fetch_token))
        if str(answer.get("code") or answer.get("errcode")) in _STALE_TOKENS:
            self._caller.forget_token()
            status, answer = call(self._caller.token(self._fetch_token))
        return status, answer

    def _fetch_token(self) -> tuple[str, float]:
        url = f"{self._source.api}/v1.0/oauth2/accessToken"
        body = {"appKey": self._source.app_id, "appSecret": self._source.app_secret}
        status, answer = self._caller.call("POST", url, body=body)
        token, seconds = text(answer.get("accessToken")), answer.get("expireIn")
        if status >= 300 or not token:
            raise self._problem(text(answer.get("code")) or f"Http{status}")
        return token, float(seconds) if isinstance(seconds, int | float) else 7200.0

    def _problem(self, code: str) -> Exception:
        is_later = any(word in code for word in _LATER[:-2]) or code in _LATER
        return self._caller.busy(code) if is_later else self._caller.refused(code)


def _approvers(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return who agreed: by the records of what was done, and by the tasks."""
    records = [
        record.get("userId")
        for record in mappings(given.get("operationRecords"))
        if text(record.get("type")).startswith("EXECUTE_TASK") and record.get("result") == "AGREE"
    ]
    tasks = [t.get("userId") for t in mappings(given.get("tasks")) if t.get("result") == "AGREE"]
    return tuple(dict.fromkeys(who for who in [*records, *tasks] if isinstance(who, str) and who))


def _form(given: Mapping[str, Any]) -> tuple[Component, ...]:
    values = map(form.component, mappings(given.get("formComponentValues")))
    return tuple(component for component in values if component)
