"""Lark: approvals, event subscription and API (approval/v4, contact/v3)."""

import base64
import hashlib
import os
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from demo.platforms.company import Company, Instance, respond
from demo.platforms.pushes import Push
from localcloud import strict_json
from localcloud.http import HttpRequest, HttpResponse

_API = "/open-apis/"
_INSTANCES = f"{_API}approval/v4/instances"
_PEOPLE = f"{_API}contact/v3/users/"


class Lark(Company):
    """An app of a tenant in Lark."""

    host: ClassVar[str] = "api.lark"  # type: ignore[misc]
    push_seconds = 3.0
    # "Push and retry": 15 seconds, 5 minutes, an hour, six hours.
    retries = (15.0, 300.0, 3600.0, 21_600.0)

    def handshake(self, url: str) -> Push:
        """Return the challenge, encrypted and, as Lark has it, without a signature."""
        challenge = self.new_id()
        payload = {"challenge": challenge, "token": self.token, "type": "url_verification"}

        def make() -> tuple[str, Mapping[str, str], bytes]:
            body = strict_json.write({"encrypt": self._seal(payload)}).encode()
            return url, {"content-type": "application/json"}, body

        def echoes(answer: httpx.Response) -> bool:
            return answer.status_code == 200 and answer.json() == {"challenge": challenge}

        return Push(make, 1.0, echoes, (), self.pushes, {"event": "url_verification"})

    def decided(self, instance: Instance) -> Push:
        """Return ``approval_instance`` in the first envelope."""
        return self._push_of(self._approval(instance, "APPROVED"), "approval_instance", instance.id)

    def taken_back(self, instance: Instance) -> Push:
        """Return the status ``REVERTED``."""
        return self._push_of(self._approval(instance, "REVERTED"), "approval_instance", instance.id)

    def forged(self, instance: Instance) -> Push:
        """Return a push that was sealed and signed with a guess."""
        payload = self._approval(instance, "APPROVED")
        return self._push_of(payload, "approval_instance", instance.id, key="guessed")

    def member(self, person: str, *, joined: bool) -> Push:
        """Return ``contact.user.created_v3`` or ``deleted_v3`` in the second envelope."""
        kind = f"contact.user.{'created' if joined else 'deleted'}_v3"
        header = {
            "event_id": self.new_id(),
            "event_type": kind,
            "create_time": str(int(self.now() * 1000)),
            "token": self.token,
            "app_id": self.app_id,
            "tenant_key": self.tenant,
        }
        about = {"open_id": person, "user_id": person.removeprefix("ou_")}
        return self._push_of({"schema": "2.0", "header": header, "event": {"object": about}}, kind)

    def call(self, request: HttpRequest, given: Mapping[str, Any]) -> HttpResponse:
        """Answer a call of the API."""
        if request.path == f"{_API}auth/v3/tenant_access_token/internal":
            if (given.get("app_id"), given.get("app_secret")) != (self.app_id, self.app_secret):
                return respond({"code": 10014, "msg": "app secret invalid"})
            token = self.issue_token()
            return respond({"code": 0, "tenant_access_token": token, "expire": 7200})
        if not self.knows(request.headers.get("authorization", "").removeprefix("Bearer ")):
            return respond({"code": 99991663, "msg": "invalid access token"}, 400)
        path = request.path
        if path == _INSTANCES:
            return self._listed(request)
        if path.startswith(_INSTANCES + "/"):
            return self._shown(path.rpartition("/")[2])
        return self._person(path.removeprefix(_PEOPLE), request.query.get("user_id_type", ""))

    def _listed(self, request: HttpRequest) -> HttpResponse:
        query = request.query
        span = (int(query["start_time"]), int(query["end_time"]))
        listed = [
            one.id
            for one in self.instances.values()
            if one.definition == query.get("approval_code")
            and span[0] <= one.started * 1000 <= span[1]
        ]
        return respond({"code": 0, "data": {"instance_code_list": listed, "has_more": False}})

    def _shown(self, instance: str) -> HttpResponse:
        found = self.instances.get(instance)
        if found is None:
            return respond({"code": 1390003, "msg": "instance code not found"}, 400)
        return respond({"code": 0, "data": self._instance_data(found)})

    def _person(self, person: str, kind: str) -> HttpResponse:
        person = f"ou_{person}" if kind == "user_id" else person
        if person not in self.people:
            return respond({"code": 41050, "msg": "no user authority error"}, 400)
        user = {
            "open_id": person,
            "user_id": person.removeprefix("ou_"),
            "name": self.people[person],
            "status": {"is_resigned": False},
        }
        return respond({"code": 0, "data": {"user": user}})

    def _instance_data(self, found: Instance) -> dict[str, Any]:
        decided = str(int(found.decided * 1000))
        timeline = [{"type": "START", "open_id": found.by}]
        timeline += [
            {"type": "PASS", "open_id": who, "create_time": decided} for who in found.approvers
        ]
        if found.revoked:
            stamp = str(int(found.revoked * 1000))
            timeline.append({"type": "REVERT", "open_id": found.by, "create_time": stamp})
        return {
            "approval_code": found.definition,
            "instance_code": found.id,
            "status": "APPROVED" if found.decided else "PENDING",
            "open_id": found.by,
            "start_time": str(int(found.started * 1000)),
            "end_time": decided,
            "reverted": bool(found.revoked),
            "form": strict_json.write([_widget(a, v) for a, v in found.form.items()]),
            "timeline": timeline,
        }

    def _approval(self, instance: Instance, status: str) -> dict[str, Any]:
        return {
            "ts": str(self.now()),
            "uuid": self.new_id(),
            "token": self.token,
            "type": "event_callback",
            "event": {
                "app_id": self.app_id,
                "tenant_key": self.tenant,
                "type": "approval_instance",
                "approval_code": instance.definition,
                "instance_code": instance.id,
                "status": status,
                "operate_time": str(int(self.now() * 1000)),
            },
        }

    def _push_of(
        self, payload: Mapping[str, Any], event: str, instance: str = "", key: str = ""
    ) -> Push:
        def make() -> tuple[str, Mapping[str, str], bytes]:
            body = strict_json.write({"encrypt": self._seal(payload, key)}).encode()
            stamp, nonce = str(int(self.now())), self.new_id()[:8]
            signed = f"{stamp}{nonce}{key or self.key}".encode() + body
            headers = {
                "content-type": "application/json",
                "x-lark-request-timestamp": stamp,
                "x-lark-request-nonce": nonce,
                "x-lark-signature": hashlib.sha256(signed).hexdigest(),
            }
            return self.url, headers, body

        def is_taken(answer: httpx.Response) -> bool:
            return answer.status_code == 200

        about = {"event": event, "instance": instance}
        return Push(make, self.push_seconds, is_taken, self.retries, self.pushes, about)

    def _seal(self, payload: Mapping[str, Any], key: str = "") -> str:
        secret, iv = hashlib.sha256((key or self.key).encode()).digest(), os.urandom(16)
        padder = padding.PKCS7(128).padder()
        padded = padder.update(strict_json.write(payload).encode()) + padder.finalize()
        encryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
        return base64.b64encode(iv + encryptor.update(padded) + encryptor.finalize()).decode()


def _widget(alias: str, value: Any) -> dict[str, Any]:
    """Return a widget of a form; a list of mappings is a table."""
    if isinstance(value, list):
        rows = [[_widget(a, v) for a, v in row.items()] for row in value]
        return {"id": f"w-{alias}", "custom_id": alias, "type": "fieldList", "value": rows}
    kind = "radioV2" if alias == "role" else "input"
    return {"id": f"w-{alias}", "custom_id": alias, "type": kind, "value": value}
