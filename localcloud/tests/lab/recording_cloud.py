"""An HTTP server that checks signatures, remembers requests and answers as the cloud does."""

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from localcloud.access_key import AccessKey
from localcloud.gateway.request import Request
from localcloud.gateway.signature import ROA, RPC, read
from localcloud.gateway.styles.sls import LOG

KEY = AccessKey.random()


@dataclass(frozen=True)
class Seen:
    """One request: an RPC action, or method and path, with what it said."""

    name: str
    version: str
    said: dict[str, Any]
    host: str


Answer = tuple[int, dict[str, Any]]


class RecordingCloud:
    """Remembers what it is asked, and knows what exists."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.existing: set[str] = set()
        self.commands: list[dict[str, Any]] = []
        self.policies: dict[str, str] = {}
        self.fail: Callable[[Seen], Answer | None] = lambda seen: None
        self._lock = threading.Lock()
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                """Say nothing."""

            def _serve(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                status, answer = cloud._answer(self, body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = _serve  # noqa: N815 - named by the standard library

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def asked(self, name: str, **said: Any) -> list[Seen]:
        """Return the requests of a name that said at least this."""
        return [s for s in self.seen if s.name == name and said.items() <= s.said.items()]

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        parts = urlsplit(handler.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        is_form = headers.get("content-type", "").startswith("application/x-www-form")
        form = dict(parse_qsl(body.decode(), keep_blank_values=True)) if is_form else {}
        signed = read(
            Request(
                method=handler.command,
                path=parts.path,
                query=query,
                form=form,
                headers=headers,
                body=body,
            ),
            (RPC, ROA, LOG),
        )
        if not signed.is_signed_with(KEY.secret):
            return 403, {"Code": "SignatureDoesNotMatch", "Message": "wrong signature"}
        if is_form:
            seen = Seen(query["Action"], query["Version"], form, headers["host"])
        else:
            name = f"{handler.command} {parts.path}"
            seen = Seen(name, "", json.loads(body or b"{}"), headers["host"])
        with self._lock:
            self.seen.append(seen)
            failure = self.fail(seen)
            return failure or self._serve(seen)

    def _serve(self, seen: Seen) -> Answer:
        match seen.name:
            case "ListUserDefinedEventSources":
                return 200, {"Code": "Success", "Data": self._sources(seen)}
            case "GetCallerIdentity":
                account = "1234567890123456"
                return 200, {
                    "AccountId": account,
                    "Arn": f"acs:ram::{account}:root",
                    "IdentityType": "Account",
                    "UserId": account,
                }
            case "GetRole":
                role = seen.said["RoleName"]
                return 200, {"Role": {"Arn": f"acs:ram::1234567890123456:role/{role}"}}
            case "GetPolicy":
                document = self.policies[seen.said["PolicyName"]]
                return 200, {"DefaultPolicyVersion": {"PolicyDocument": document}}
            case "DescribeCommands":
                found = [c for c in self.commands if c["Name"] == seen.said["Name"]]
                return 200, {"Commands": {"Command": found}}
            case "CreateCommand":
                known = dict(seen.said)
                known |= {"Timeout": int(known["Timeout"]), "EnableParameter": True}
                self.commands.append({**known, "CommandId": f"c-{len(self.commands)}"})
                return 200, {"CommandId": self.commands[-1]["CommandId"]}
        conflict = self._conflict(seen)
        if conflict:
            return conflict
        if seen.name in {"CreatePolicy", "CreatePolicyVersion"}:
            self.policies[seen.said["PolicyName"]] = seen.said["PolicyDocument"]
        if "/functions" in seen.name:
            name = seen.said.get("functionName", "")
            arn = f"acs:fc:cn-hangzhou:1234567890123456:functions/{name}"
            return 200, {"functionName": name, "functionArn": arn}
        return 200, {"Code": "Success"} if seen.version else {}

    def _conflict(self, seen: Seen) -> Answer | None:
        """Refuse to make the same thing twice."""
        made = seen.name.startswith(("Create", "Attach")) or seen.name in {
            "POST /2023-03-30/functions",
            "POST /",
            "POST /logstores",
        }
        if not made or seen.name == "CreatePolicyVersion":
            return None
        volatile = ("ClientToken", "FilterPattern", "EventTargets", "PolicyDocument", "code")
        key = next(
            (v for k, v in seen.said.items() if k.endswith("Name") and k not in volatile), ""
        )
        names = [str(v) for k, v in sorted(seen.said.items()) if k.lower().endswith("name")]
        identity = " ".join([seen.name, seen.host, *names, str(key)])
        if identity in self.existing:
            code = "FunctionAlreadyExists" if "functions" in seen.name else "EntityAlreadyExists"
            return 409, {"Code": code, "Message": "it is there already"}
        self.existing.add(identity)
        return None

    def _sources(self, seen: Seen) -> dict[str, Any]:
        """List one source a page, so that a reader must ask for the next."""
        created = sorted({s.said["EventSourceName"] for s in self.asked("CreateEventSource")})
        page = int(seen.said.get("NextToken") or 0)
        sources = [
            {
                "Name": name,
                "SourceHttpEventParameters": {
                    "PublicWebHookUrl": [f"{self.endpoint}/webhook/putEvents?token={name}"]
                },
            }
            for name in created[page : page + 1]
        ]
        following = str(page + 1) if page + 1 < len(created) else ""
        return {"EventSourceList": sources, "NextToken": following}


def decoded(text: str) -> bytes:
    """Read base64."""
    return base64.b64decode(text)
