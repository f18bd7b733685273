"""Both platforms' APIs as far as this function asks them, answering as the documents show."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from functions.cloud.errors import UnreachableError
from functions.cloud.web import Answer


class FakePlatform:
    """Answers by path; remembers every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.instances: dict[str, dict[str, Any]] = {}
        self.listed: dict[str, list[str]] = {}
        """Definition -> its instances."""
        self.people: dict[str, dict[str, Any]] = {}
        self.failures: list[Answer | UnreachableError] = []
        """Answers that come before the right ones."""
        self.token = 0
        self.valid_for = 7200

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Answer:
        """Answer a request."""
        parts = urlsplit(url)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        self.calls.append((method, parts.path))
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, UnreachableError):
                raise failure
            return failure
        given = json.loads(body) if body else {}
        return self._answer(parts.path, query, headers, given)

    def count(self, end: str) -> int:
        """Return how many calls there were of paths that end so."""
        return sum(path.endswith(end) for _, path in self.calls)

    def _answer(
        self,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        given: Mapping[str, Any],
    ) -> Answer:
        shown = headers.get("x-acs-dingtalk-access-token") or query.get("access_token")
        shown = shown or headers.get("authorization", "").removeprefix("Bearer ")
        if path in {"/v1.0/oauth2/accessToken", "/open-apis/auth/v3/tenant_access_token/internal"}:
            self.token += 1
            token = f"token-{self.token}"
            dingtalk = {"accessToken": token, "expireIn": self.valid_for}
            return answer(
                {"code": 0, "tenant_access_token": token, "expire": self.valid_for}
                if "tenant" in path
                else dingtalk
            )
        if shown != f"token-{self.token}":
            if path.startswith("/open-apis"):
                return answer({"code": 99991663, "msg": "invalid access token"}, 400)
            return answer({"code": "InvalidAuthentication", "message": "expired"}, 401)
        if path == "/v1.0/workflow/processInstances":
            found = self.instances.get(query["processInstanceId"])
            return answer({"result": found, "success": "true"}) if found else _unknown()
        if path == "/v1.0/workflow/processes/instanceIds/query":
            listed = self.listed.get(given["processCode"], [])
            start = int(given["nextToken"])
            end = start + given["maxResults"]
            assert given["maxResults"] <= 20
            more = {"nextToken": end} if end < len(listed) else {}
            return answer({"result": {"list": listed[start:end], **more}})
        if path == "/topapi/v2/user/get":
            person = self.people.get(given["userid"])
            if person is None:
                return answer({"errcode": 60121, "errmsg": "not found"})
            return answer({"errcode": 0, "result": person})
        if path == "/open-apis/approval/v4/instances":
            return answer(
                {
                    "code": 0,
                    "data": {"instance_code_list": self.listed.get(query["approval_code"], [])},
                }
            )
        if path.startswith("/open-apis/approval/v4/instances/"):
            found = self.instances.get(path.rpartition("/")[2])
            return answer({"code": 0, "data": found} if found else {"code": 1390001})
        if path.startswith("/open-apis/contact/v3/users/"):
            person = self.people.get(path.rpartition("/")[2])
            return answer({"code": 0, "data": {"user": person}} if person else {"code": 41050})
        raise AssertionError(path)


def answer(body: Any, status: int = 200) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, json.dumps(body).encode())


def _unknown() -> Answer:
    return answer({"code": "processInstanceNotFound", "message": "?"}, 400)


def dingtalk_instance(**changes: Any) -> dict[str, Any]:
    """Return an instance as DingTalk shows it: li.lei asked, boss01 agreed."""
    return {
        "title": "Li Lei's request",
        "originatorUserId": "lilei",
        "status": "COMPLETED",
        "result": "agree",
        "bizAction": "NONE",
        "mainProcessInstanceId": "",
        "attachedProcessInstanceIds": [],
        "createTime": "2025-12-31T22:00Z",
        "finishTime": "2025-12-31T23:33Z",
        "formComponentValues": [
            dingtalk_component("TextField-1", "E123", alias="employee"),
            dingtalk_component("DDSelectField-1", "devops", alias="role", kind="DDSelectField"),
        ],
        "operationRecords": [
            {"userId": "lilei", "type": "START_PROCESS_INSTANCE", "result": "NONE"},
            {"userId": "boss01", "type": "EXECUTE_TASK_NORMAL", "result": "AGREE"},
        ],
        "tasks": [{"taskId": 1, "userId": "boss01", "status": "COMPLETED", "result": "AGREE"}],
        **changes,
    }


def dingtalk_component(
    name: str, value: Any, *, alias: str = "", kind: str = "TextField", extra: Any = ""
) -> dict[str, Any]:
    """Return a component of a form of DingTalk's, whose values are texts."""
    value = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    extra = extra if isinstance(extra, str) else json.dumps(extra, ensure_ascii=False)
    return {
        "id": name, "bizAlias": alias, "name": "any label", "componentType": kind,
        "value": value, "extValue": extra,
    }  # fmt: skip


def lark_instance(**changes: Any) -> dict[str, Any]:
    """Return an instance as Lark shows it: ou_lilei asked, ou_boss approved."""
    form = changes.pop("widgets", None) or [
        {"id": "widget1", "custom_id": "employee", "type": "input", "value": "E456"},
        {"id": "widget2", "custom_id": "role", "type": "radioV2", "value": "dba"},
    ]
    return {
        "approval_code": "CODE-1",
        "instance_code": "81D31358-EXAMPLE",
        "status": "APPROVED",
        "open_id": "ou_lilei",
        "user_id": "abcd1234",
        "start_time": "1767220000000",
        "end_time": "1767224000000",
        "reverted": False,
        "form": json.dumps(form),
        "timeline": [
            {"type": "START", "open_id": "ou_lilei", "create_time": "1767220000000"},
            {"type": "PASS", "open_id": "ou_boss", "create_time": "1767224000000"},
        ],
        **changes,
    }
