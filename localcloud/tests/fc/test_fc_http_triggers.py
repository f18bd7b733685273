"""HTTP triggers: what a function gets of a request, and what its caller gets of the answer."""

import json
from typing import Any

import pytest

from lab.fc import FunctionLab
from localcloud.errors import ApiError
from localcloud.fc import http_trigger
from localcloud.http import HttpRequest, HttpResponse

ECHOES = """
import json

def handler(event, context):
    given = json.loads(event)
    if given["rawPath"] == "/raises":
        raise ValueError("secret")
    if given["rawPath"] == "/forgets":
        return {"body": "no status"}
    return {
        "statusCode": 201,
        "headers": {"Content-Type": "application/json", "X-Fc-Mine": "reserved"},
        "isBase64Encoded": False,
        "body": json.dumps(given),
    }
"""
CIPHERS = """
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

def handler(event, context):
    cipher = Cipher(algorithms.AES(b"k" * 32), modes.CBC(b"i" * 16)).encryptor()
    return (cipher.update(b"sixteen letters!") + cipher.finalize()).hex()
"""
CONFIG = {"authType": "anonymous", "methods": ["POST"], "disableURLInternet": False}
HERE = {"functionName": "echoes", "triggerName": "web"}


async def create(lab: FunctionLab, config: Any = None, name: str = "web") -> Any:
    """Make an HTTP trigger."""
    body = {
        "triggerName": name,
        "triggerType": "http",
        "triggerConfig": json.dumps(CONFIG if config is None else config),
        "qualifier": "LATEST",
    }
    return await lab.call("CreateTrigger", {"functionName": "echoes"}, body)


async def post(lab: FunctionLab, made: Any, path: str = "/x", **changes: Any) -> HttpResponse:
    """Call a trigger's URL."""
    url = made["httpTrigger"]["urlInternet"].removeprefix(lab.fc.settings.endpoint)
    given: dict[str, Any] = {
        "method": "POST",
        "host": "127.0.0.1",
        "path": url + path,
        "query": {"a": "1"},
        "headers": {"content-type": "application/json", "x-lark-signature": "s"},
        "body": b'{"encrypt": "x"}',
    }
    return await http_trigger.handle(lab.fc, HttpRequest(**(given | changes)))


async def test_a_request_reaches_the_function(lab: FunctionLab) -> None:
    """Header names have capitals, the path is below the URL, the answer is the function's."""
    await lab.create("echoes", ECHOES)
    made = await create(lab)
    answer = await post(lab, made)
    event = json.loads(answer.body)
    assert answer.status == 201
    assert answer.headers == {"content-type": "application/json"}
    assert event["headers"] == {"Content-Type": "application/json", "X-Lark-Signature": "s"}
    assert (event["rawPath"], event["queryParameters"]) == ("/x", {"a": "1"})
    assert (event["body"], event["isBase64Encoded"]) == ('{"encrypt": "x"}', False)
    assert event["requestContext"]["http"]["method"] == "POST"
    read = await lab.call("GetTrigger", HERE)
    assert read["httpTrigger"] == made["httpTrigger"]


async def test_what_a_caller_may_not_do(lab: FunctionLab) -> None:
    """Other methods, long headers and paths are refused; exceptions show nothing of themselves."""
    await lab.create("echoes", ECHOES)
    made = await create(lab)
    answers = [
        await post(lab, made, method="GET"),
        await post(lab, made, headers={"a": "x" * 9000}),
        await post(lab, made, "/" + "x" * 5000),
        await post(lab, made, "/raises"),
        await post(lab, made, "/forgets"),
        await post(lab, {"httpTrigger": {"urlInternet": "/fcapp/other"}}),
    ]
    assert [answer.status for answer in answers] == [405, 400, 400, 502, 502, 404]
    assert b"secret" not in answers[3].body


async def test_a_caller_may_ask_not_to_wait(lab: FunctionLab) -> None:
    """Then the answer is not the function's."""
    await lab.create("echoes", ECHOES)
    headers = {"x-fc-invocation-type": "Async"}
    answer = await post(lab, await create(lab), headers=headers)
    assert (answer.status, answer.body) == (202, b"")


@pytest.mark.parametrize(
    "config",
    [
        {**CONFIG, "authType": "function"},
        {"methods": ["POST"]},
        {**CONFIG, "authType": "nobody"},
        {**CONFIG, "methods": []},
        {**CONFIG, "methods": ["BREW"]},
        {**CONFIG, "disableURLInternet": "no"},
        {**CONFIG, "cors": {}},
        "text",
    ],
)
async def test_configurations_that_are_refused(lab: FunctionLab, config: Any) -> None:
    """Left out, authType means signed calls, which are not here."""
    await lab.create("echoes", ECHOES)
    with pytest.raises(ApiError) as refused:
        await create(lab, config)
    assert refused.value.code == "InvalidArgument"


async def test_one_trigger_for_each_qualifier(lab: FunctionLab) -> None:
    """A second HTTP trigger of the same version is refused; a disabled URL answers nobody."""
    await lab.create("echoes", ECHOES)
    made = await create(lab)
    with pytest.raises(ApiError) as refused:
        await create(lab, name="other")
    assert refused.value.code == "TriggerAlreadyExists"
    off = json.dumps({**CONFIG, "disableURLInternet": True})
    await lab.call("UpdateTrigger", HERE, {"triggerConfig": off})
    assert (await post(lab, made)).status == 403
    await lab.call("DeleteTrigger", HERE)
    assert (await post(lab, made)).status == 404


async def test_a_function_has_the_runtimes_cipher(lab: FunctionLab) -> None:
    """``cryptography`` is part of the runtime, so no archive brings it along."""
    await lab.create("ciphers", CIPHERS)
    assert len(bytes.fromhex((await lab.invoke("ciphers")).body.decode())) == 16


@pytest.mark.parametrize("calls_before", [0, 1])
async def test_instances_are_kept_ready(lab: FunctionLab, calls_before: int) -> None:
    """They are started with their code loaded, beside those that are free, and stay."""
    await lab.create("echoes", 'print("loaded")\n' + ECHOES)
    for _ in range(calls_before):
        await lab.invoke("echoes", b"{}")
    path = {"functionName": "echoes"}
    made = await lab.call("PutProvisionConfig", path, {"target": 2})
    assert (made["target"], made["current"]) == (2, calls_before)
    await lab.fc.drain()
    assert lab.fc.pool.count("echoes") == 2
    lab.clock.advance(3600)
    await lab.fc.drain()
    assert (await lab.call("GetProvisionConfig", path))["current"] == 2
    await lab.call("DeleteProvisionConfig", path)
    lab.clock.advance(3600)
    await lab.fc.drain()
    assert lab.fc.pool.count("echoes") == 0


async def test_each_version_has_its_own_instances_ready(lab: FunctionLab) -> None:
    """Those of one do not stand in for another's; two qualifiers of one version add up."""
    await lab.create("echoes", ECHOES)
    path = {"functionName": "echoes"}
    await lab.call("PublishFunctionVersion", path, {})
    await lab.call("CreateAlias", path, {"aliasName": "live", "versionId": "1"})
    for qualifier in ("LATEST", "1", "live"):
        await lab.call("PutProvisionConfig", path, {"target": 1}, params={"qualifier": qualifier})
    await lab.fc.drain()
    lab.clock.advance(3600)
    await lab.fc.drain()
    assert lab.fc.pool.count("echoes") == 3
    assert lab.fc.pool.count("echoes", "1") == 2


async def test_a_qualifier_that_is_gone_keeps_nothing_ready(lab: FunctionLab) -> None:
    """The function's other instances stay, and the local cloud goes on."""
    await lab.create("echoes", ECHOES)
    path = {"functionName": "echoes"}
    await lab.call("PublishFunctionVersion", path, {})
    await lab.call("CreateAlias", path, {"aliasName": "live", "versionId": "1"})
    for qualifier, target in (("LATEST", 1), ("live", 2)):
        body = {"target": target}
        await lab.call("PutProvisionConfig", path, body, params={"qualifier": qualifier})
    await lab.call("DeleteAlias", {**path, "aliasName": "live"})
    await lab.fc.drain()
    assert lab.fc.pool.count("echoes") == 1
