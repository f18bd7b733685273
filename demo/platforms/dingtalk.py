"""DingTalk: OA approval, its callback and its API ("HTTP callback overview", workflow 1.0)."""

import base64
import hashlib
import os
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

import httpx
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from demo.platforms.company import Company, Instance, respond
from demo.platforms.pushes import Push
from localcloud import strict_json
from localcloud.http import HttpRequest, HttpResponse

_BLOCK_BITS = 256


class DingTalk(Company):
    """An app of an organization in DingTalk."""

    host: ClassVar[str] = "api.dingtalk"  # type: ignore[misc]
    push_seconds = 1.5
    # Whether DingTalk pushes again is not documented, so it does not.
    retries = ()

    def handshake(self, url: str) -> Push:
        """Return the push ``check_url``."""
        return self._push_of({"EventType": "check_url"}, url=url)

    def decided(self, instance: Instance) -> Push:
        """Return ``bpms_instance_change`` of the type ``finish``."""
        return self._push_of(self._finished(instance.id, instance.definition))

    def taken_back(self, instance: Instance) -> Push:
        """Return the end of the instance that revokes another one."""
        return self._push_of(self._finished(f"revocation-{instance.id}", instance.definition))

    def forged(self, instance: Instance) -> Push:
        """Return a push that was signed with a guess."""
        return self._push_of(self._finished(instance.id, instance.definition), token="guessed")  # noqa: S106 - a guess

    def member(self, person: str, *, joined: bool) -> Push:
        """Return ``user_add_org`` or ``user_leave_org``."""
        kind = "user_add_org" if joined else "user_leave_org"
        return self._push_of(self._event(kind) | {"userId": [person]})

    def call(self, request: HttpRequest, given: Mapping[str, Any]) -> HttpResponse:
        """Answer a call of the API."""
        if request.path == "/v1.0/oauth2/accessToken":
            if (given.get("appKey"), given.get("appSecret")) != (self.app_id, self.app_secret):
                return respond({"code": "invalidClientIdOrSecret"}, 400)
            return respond({"accessToken": self.issue_token(), "expireIn": 7200})
        shown = request.headers.get("x-acs-dingtalk-access-token", "")
        if not self.knows(shown or request.query.get("access_token", "")):
            return respond({"code": "InvalidAuthentication", "message": "token"}, 401)
        answers: dict[str, Callable[[HttpRequest, Mapping[str, Any]], HttpResponse]] = {
            "/v1.0/workflow/processInstances": self._show,
            "/v1.0/workflow/processes/instanceIds/query": self._list,
            "/topapi/v2/user/get": self._person,
        }
        answer = answers.get(request.path)
        return answer(request, given) if answer else respond({"code": "NotFound"}, 404)

    def _show(self, request: HttpRequest, _given: Mapping[str, Any]) -> HttpResponse:
        name = request.query.get("processInstanceId", "")
        found = self.instances.get(name.removeprefix("revocation-"))
        if found is None:
            return respond({"code": "processInstanceNotFound", "message": "?"}, 400)
        revokes = name != found.id
        decided = found.revoked if revokes else found.decided
        result = {
            "title": f"{self.people.get(found.by, found.by)}'s request",
            "originatorUserId": found.by,
            "status": "COMPLETED" if decided else "RUNNING",
            "result": "agree" if decided else "",
            "bizAction": "REVOKE" if revokes else "NONE",
            "mainProcessInstanceId": found.id if revokes else "",
            "attachedProcessInstanceIds": (
                [f"revocation-{found.id}"] if found.revoked and not revokes else []
            ),
            "createTime": _minute(found.started),
            "formComponentValues": [
                {"id": f"TextField-{alias}", "bizAlias": alias, "name": alias}
                | _value(alias, value)
                for alias, value in found.form.items()
            ],
            "operationRecords": [
                {"userId": found.by, "type": "START_PROCESS_INSTANCE", "result": "NONE"},
                *(
                    {"userId": who, "type": "EXECUTE_TASK_NORMAL", "result": "AGREE"}
                    for who in found.approvers
                ),
            ],
            "tasks": [{"userId": who, "result": "AGREE"} for who in found.approvers],
        }
        if decided:
            result["finishTime"] = _minute(decided)
        return respond({"result": result, "success": "true"})

    def _list(self, _request: HttpRequest, given: Mapping[str, Any]) -> HttpResponse:
        if not 1 <= given.get("maxResults", 0) <= 20:
            return respond({"code": "param.error", "message": "maxResults"}, 400)
        span = given["endTime"] - given["startTime"]
        if not 0 <= span <= 120 * 86_400_000:
            return respond({"code": "param.error", "message": "120 days at most"}, 400)
        listed = [
            one.id
            for one in self.instances.values()
            if one.definition == given["processCode"]
            and given["startTime"] <= one.started * 1000 <= given["endTime"]
        ]
        start = int(given.get("nextToken") or 0)
        end = start + given["maxResults"]
        more = {"nextToken": end} if end < len(listed) else {}
        return respond({"result": {"list": listed[start:end], **more}, "success": True})

    def _person(self, _request: HttpRequest, given: Mapping[str, Any]) -> HttpResponse:
        person = str(given.get("userid"))
        if person not in self.people:
            return respond({"errcode": 60121, "errmsg": "user not found"})
        result = {"userid": person, "name": self.people[person], "dept_id_list": [1]}
        return respond({"errcode": 0, "errmsg": "ok", "result": result})

    def _event(self, kind: str) -> dict[str, Any]:
        stamp = int(self.now() * 1000)
        return {
            "EventType": kind,
            "EventTime": stamp,
            "CorpId": self.tenant,
            "BizId": str(stamp),
            "eventId": self.new_id(),
        }

    def _finished(self, instance: str, definition: str) -> dict[str, Any]:
        return self._event("bpms_instance_change") | {
            "processInstanceId": instance,
            "processCode": definition,
            "type": "finish",
            "result": "agree",
        }

    def _push_of(self, event: Mapping[str, Any], token: str = "", url: str = "") -> Push:
        def make() -> tuple[str, Mapping[str, str], bytes]:
            stamp, nonce = str(int(self.now() * 1000)), self.new_id()[:8]
            sealed = self._seal(strict_json.write(event))
            signature = _signature(token or self.token, stamp, nonce, sealed)
            query = urlencode({"signature": signature, "timestamp": stamp, "nonce": nonce})
            body = strict_json.write({"encrypt": sealed}).encode()
            return f"{url or self.url}?{query}", {"content-type": "application/json"}, body

        about = {"event": event["EventType"], "instance": event.get("processInstanceId", "")}
        return Push(make, self.push_seconds, self._is_taken, self.retries, self.pushes, about)

    def _is_taken(self, answer: httpx.Response) -> bool:
        """Return whether an answer is the word ``success``, encrypted and signed."""
        if answer.status_code != 200:
            return False
        given = answer.json()
        parts = [str(given.get(name)) for name in ("timeStamp", "nonce", "encrypt")]
        if _signature(self.token, *parts) != given.get("msg_signature"):
            return False
        return self._open(parts[2]) == ("success", self.app_id)

    def _cipher(self) -> Cipher[modes.CBC]:
        key = base64.b64decode(self.key + "=")
        return Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def _seal(self, text: str) -> str:
        raw = text.encode()
        plain = os.urandom(16) + struct.pack(">I", len(raw)) + raw + self.app_id.encode()
        padder, encryptor = padding.PKCS7(_BLOCK_BITS).padder(), self._cipher().encryptor()
        padded = padder.update(plain) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def _open(self, sealed: str) -> tuple[str, str]:
        unpadder, decryptor = padding.PKCS7(_BLOCK_BITS).unpadder(), self._cipher().decryptor()
        padded = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
        plain = unpadder.update(padded) + unpadder.finalize()
        (length,) = struct.unpack(">I", plain[16:20])
        return plain[20 : 20 + length].decode(), plain[20 + length :].decode()


def _signature(token: str, stamp: str, nonce: str, sealed: str) -> str:
    parts = "".join(sorted([token, stamp, nonce, sealed]))
    return hashlib.sha1(parts.encode(), usedforsecurity=False).hexdigest()


def _minute(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%MZ")


def _value(alias: str, value: Any) -> dict[str, Any]:
    """Return how a component shows a value; a list of mappings is a table."""
    if isinstance(value, list):
        rows = [
            {
                "rowValue": [
                    {"key": f"TextField-{a}", "bizAlias": a, "value": v} for a, v in r.items()
                ]
            }
            for r in value
        ]
        return {"componentType": "TableField", "value": strict_json.write(rows), "extValue": ""}
    kind = "DDSelectField" if alias == "role" else "TextField"
    return {"componentType": kind, "value": str(value), "extValue": ""}
