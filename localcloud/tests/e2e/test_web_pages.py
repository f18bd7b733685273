"""A web page that a developer looks at can do nothing to the local cloud that runs meanwhile.

A page may post text or a form anywhere without asking (``no-cors``), but can't choose ``Origin``,
``Host`` and ``Sec-Fetch-Site``; it knows everything that is published, and no secret.
"""

import json
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import pytest

from lab.running_cloud import RunningCloud, running_cloud
from lab.sdks import archive
from localcloud.client import Inspector
from localcloud.deploy import client as deploy_client
from localcloud.deploy.client import Client

FUNCTION = json.dumps(
    {
        "functionName": "from-a-page",
        "handler": "index.handler",
        "runtime": "python3.12",
        "code": {"zipFile": archive("def handler(event, context): return 'run'")},
    }
)
EVENT = json.dumps([{"id": "1", "source": "s", "type": "t", "specversion": "1.0", "data": {}}])

CHANGES = {
    "ecs": ("POST", "/?Version=2014-05-26&Action=RunCommand", ""),
    "eventbridge": ("POST", "/?Version=2020-04-01&Action=CreateEventBus&EventBusName=page", ""),
    "ram": ("POST", "/?Version=2015-05-01&Action=CreateRole&RoleName=page", ""),
    "sts": ("GET", "/?Version=2015-04-01&Action=GetCallerIdentity", ""),
    "mns": ("POST", "/?Version=2022-01-19&Action=CreateQueue&QueueName=page", ""),
    "resourcemanager": ("POST", "/?Version=2020-03-31&Action=DeleteServiceLinkedRole", ""),
    "location": ("GET", "/?Version=2015-06-12&Action=DescribeEndpoints&Id=cn-hangzhou", ""),
    "fc create": ("POST", "/2023-03-30/functions", FUNCTION),
    "fc invoke": ("POST", "/2023-03-30/functions/from-a-page/invocations", "{}"),
    "events": ("POST", "/openapi/putEvents", EVENT),
    "queues": ("POST", "/queues/page/messages", "<Message><MessageBody>x</MessageBody></Message>"),
    "chat": ("POST", "/robot/send?access_token=ops-token", '{"msgtype": "text"}'),
    "lark": ("POST", "/open-apis/bot/v2/hook/people-hook", '{"msg_type": "text"}'),
    "hr": ("POST", "/api/employees", "{}"),
    "faults": ("POST", "/_localcloud/faults", '{"target": "chat:ops"}'),
    "event": ("POST", "/_localcloud/sources/hooks.source/events", '{"body": {}}'),
    "replay": ("POST", "/_localcloud/letters/dead/1/replay", "{}"),
}
READS = {
    "health": ("GET", "/_localcloud/health", ""),
    "trace": ("GET", "/_localcloud/trace", ""),
    "messages": ("GET", "/_localcloud/chats/ops/messages", ""),
    "files": ("GET", "/_localcloud/instances/i-local0001/files?path=/etc/passwd", ""),
    "requests": ("GET", "/_localcloud/requests", ""),
    "stream": ("GET", "/_localcloud/stream", ""),
    "accounts": ("GET", "/_localcloud/instances/i-local0001/accounts", ""),
    "page": ("GET", "/_localcloud/page/app.js", ""),
    "preflight": ("OPTIONS", "/_localcloud/faults", ""),
}
PAGES = {
    "foreign page": {"origin": "https://page.example", "sec-fetch-site": "cross-site"},
    "page of another port": {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-site"},
    "sandboxed page": {"origin": "null"},
    "image or script": {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    "name that leads here": {"host": "page.example:8642"},
}
Request = tuple[str, str, str]


def send(
    cloud: RunningCloud, request: Request, headers: Mapping[str, str]
) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    """Send a request as it is; give status, body and headers."""
    method, target, body = request
    connection = HTTPConnection(cloud.address, timeout=10)
    try:
        connection.request(method, target, body.encode(), dict(headers))
        response = connection.getresponse()
        content = response.read().decode()
        found = json.loads(content) if content.startswith("{") else {"text": content}
        return response.status, found, dict(response.headers)
    finally:
        connection.close()


def signed(cloud: RunningCloud, request: Request) -> Request:
    """Add a good signature of the old kind to the query, as if the page knew the key."""
    captured: list[str] = []

    class Recorder(Client):
        def _send(self, method: str, target: str, *_: Any) -> tuple[int, bytes]:
            captured.append(target)
            return 200, b"{}"

    method, target, body = request
    Recorder(cloud.endpoint, *cloud.key).rpc("2014-05-26", "DescribeRegions", {})
    joined = "&" if "?" in target else "?"
    return method, f"{target}{joined}{captured[0].partition('?')[2]}", body


def made(cloud: RunningCloud) -> tuple[Any, Any]:
    """Return what is in the cloud, and what was called."""
    inspector = Inspector(cloud.endpoint)
    return inspector.get("resources"), inspector.get("calls")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_page_changes_nothing(cloud: RunningCloud, page: str, content_type: str) -> None:
    """Not even with a good signature, whatever the product."""
    before = made(cloud)
    for request in CHANGES.values():
        for sent in (request, signed(cloud, request)):
            status, body, _ = send(cloud, sent, {"content-type": content_type, **PAGES[page]})
            assert (status, set(body)) == (403, {"error"}), sent
    assert made(cloud) == before


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_nothing(cloud: RunningCloud, page: str) -> None:
    """It gets neither an answer nor leave to look at one."""
    for request in READS.values():
        status, _, headers = send(cloud, request, PAGES[page])
        assert status == 403, request
        assert [name for name in headers if name.lower().startswith("access-control-")] == []


@pytest.mark.parametrize("name", [n for n in CHANGES if n.startswith(("fc", "events", "queues"))])
def test_a_signature_in_the_query_opens_no_path(cloud: RunningCloud, name: str) -> None:
    """It would cover neither path nor body: those products don't take it, from whomever."""
    before = made(cloud)
    status, body, _ = send(cloud, signed(cloud, CHANGES[name]), {"content-type": "text/plain"})
    assert status == 400
    assert "Missing" in body.get("Code", body.get("code", body.get("text", "")))
    assert made(cloud) == before


def test_the_page_is_for_browsers_of_this_machine_and_allows_itself_nothing(
    cloud: RunningCloud,
) -> None:
    """No script, style or picture but its own, in nobody's frame; other clients see the API."""
    html = {"accept": "text/html,*/*;q=0.8", "sec-fetch-site": "none"}
    for target in ("/", "/_localcloud/page/app.js"):
        status, _, headers = send(cloud, ("GET", target, ""), html)
        policy = headers["content-security-policy"]
        assert (status, headers["x-content-type-options"]) == (200, "nosniff")
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
    for page in PAGES.values():
        assert send(cloud, ("GET", "/", ""), {**html, **page})[0] == 403
    assert send(cloud, ("GET", "/", ""), {"accept": "*/*"})[1]["Code"] == "InvalidVersion"
    for name in ("__init__.py", "..%2Fapp.py", "nothing.js"):
        assert send(cloud, ("GET", f"/_localcloud/page/{name}", ""), html)[0] == 404


@pytest.mark.parametrize("path", ["faults", "sources/hooks.source/events", "letters/q/1/replay"])
def test_what_changes_something_is_json(cloud: RunningCloud, path: str) -> None:
    """A form of a page could post text, also to an address that it calls its own."""
    request = ("POST", f"/_localcloud/{path}", "{}")
    status, body, _ = send(cloud, request, {"content-type": "text/plain"})
    assert (status, "application/json" in body["error"]) == (404, True)


def test_a_signature_covers_the_action(cloud: RunningCloud) -> None:
    """What comes besides what was signed is neither action nor version."""
    _, target, _ = signed(cloud, ("POST", "/", ""))
    without = target.replace("Action=DescribeRegions&", "")
    assert target != without
    headers = {"x-acs-action": "RunCommand", "x-acs-version": "2014-05-26"}
    assert send(cloud, ("POST", without, ""), headers)[0] != 200
    form = urlencode({"Action": "RunCommand"})
    headers["content-type"] = "application/x-www-form-urlencoded"
    _, target, _ = signed(cloud, ("POST", "/", ""))
    assert send(cloud, ("POST", target, form), headers)[1]["Code"] == "SignatureDoesNotMatch"


def test_the_webhooks_are_reached_from_everywhere(cloud: RunningCloud) -> None:
    """As the real ones: the token in the URL keeps strangers out, the sender's address does not."""
    url = cloud.webhook().removeprefix(cloud.endpoint)
    for page in PAGES.values():
        headers = {"content-type": "text/plain", **page}
        assert send(cloud, ("POST", url, "hello"), headers)[0] == 200
        assert send(cloud, ("POST", f"{url}x", "hello"), headers)[0] == 403
        _, _, answered = send(cloud, ("OPTIONS", url, ""), headers)
        assert [name for name in answered if name.lower().startswith("access-control-")] == []


def by_rpc(client: Client) -> object:
    """Send a request whose signature is in the query."""
    return client.rpc("2014-05-26", "DescribeRegions", {})


def by_roa(client: Client) -> object:
    """Send a request whose signature is in a header."""
    return client.fc("GET", "/functions")


@pytest.mark.parametrize("call", [by_rpc, by_roa])
def test_a_request_is_good_once(
    tmp_path_factory: pytest.TempPathFactory, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has seen one can't send it again: not now, and not after a crash."""
    monkeypatch.setattr(deploy_client, "uuid4", lambda: type("Same", (), {"hex": "same"}))
    with running_cloud(tmp_path_factory.mktemp("replayed")) as cloud:
        client = cloud.client()
        call(client)
        assert refused(call, client) == "SignatureNonceUsed"
        cloud.kill()
        cloud.start()
        assert refused(call, cloud.client()) == "SignatureNonceUsed"


def refused(call: Any, client: Client) -> str:
    """Return the code with which a request is refused."""
    with pytest.raises(deploy_client.RefusedError) as failure:
        call(client)
    return failure.value.code
