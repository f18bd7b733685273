"""Functions run for real: handler, context, environment, limits, errors and logs."""

import asyncio
import json
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab import environment
from lab.fc import ROLE, FunctionLab
from lab.processes import processes_with, wait_until_gone
from lab.waiting import wait_for


def body(content: bytes) -> Any:
    """Return what a function answered, as JSON."""
    return json.loads(content)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("b'raw \\xff'", b"raw \xff", id="bytes as they are"),
        pytest.param("'文'", "文".encode(), id="text as UTF-8"),
        pytest.param("{'a': [1, None]}", b'{"a": [1, null]}', id="anything else as JSON"),
        pytest.param("None", b"null", id="nothing as null"),
        pytest.param("event", b"\x00\xffpayload", id="the event is bytes"),
    ],
)
async def test_a_result_becomes_bytes(lab: FunctionLab, expression: str, expected: bytes) -> None:
    """What a handler returns arrives as bytes, text, or JSON; the event comes in unchanged."""
    await lab.create("echo", f"def handler(event, context):\n    return {expression}\n")
    result = await lab.invoke("echo", b"\x00\xffpayload")
    assert (result.status, result.error_type, result.body) == (200, "", expected)


async def test_the_context_of_python_3_12_has_no_credentials(lab: FunctionLab) -> None:
    """Since Python 3.12 the role's key stands in the environment and the context has no key."""
    await lab.create(
        "shows",
        """
            import json, os
            def handler(event, context):
                shown = json.loads(context.to_json())
                names = [n for n in os.environ if n.startswith("ALIBABA_CLOUD_")]
                return {"context": shown, "keys": {n: os.environ[n] for n in sorted(names)},
                        "log": context.getLogger().name}
            """,
        logConfig={"project": "p", "logstore": "s"},
    )
    seen = body((await lab.invoke("shows")).body)
    endpoint = lab.settings.endpoint
    assert seen["context"] == {
        "request_id": "REQ-1",
        "account_id": "1234567890123456",
        "region": "cn-hangzhou",
        "logger": None,
        "log_project": "p",
        "log_store": "s",
        "function": {
            "name": "shows",
            "handler": "index.handler",
            "memory": 512,
            "timeout": 120,
            "version_id": "LATEST",
            "qualifier": "LATEST",
        },
    }
    assert seen["keys"] == {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": f"id of {ROLE}",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret for fc.aliyuncs.com",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "token of shows",
        "ALIBABA_CLOUD_ENDPOINT_ECS": endpoint,
        "ALIBABA_CLOUD_ENDPOINT_EVENTBRIDGE": endpoint,
        "ALIBABA_CLOUD_ENDPOINT_MNS": endpoint,
        "ALIBABA_CLOUD_ENDPOINT_SLS": endpoint,
    }


async def test_the_context_of_earlier_runtimes_has_credentials_and_service(
    lab: FunctionLab,
) -> None:
    """Before Python 3.12 the key is in the context, with a service that names the log."""
    await lab.create(
        "shows",
        "def handler(event, context):\n    return context.to_json()\n",
        runtime="python3.10",
    )
    seen = body((await lab.invoke("shows")).body)
    assert set(seen["function"]) == {"name", "handler", "memory", "timeout"}
    assert seen["service"]["qualifier"] == "LATEST"
    assert seen["credentials"] == {
        "access_key_id": f"id of {ROLE}",
        "access_key_secret": "secret for fc.aliyuncs.com",
        "security_token": "token of shows",
    }


async def test_the_environment_is_made_for_the_function(
    lab: FunctionLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function sees its own variables and the cloud's, and none of the local cloud's process."""
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "do not leak")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    await lab.create(
        "shows",
        "import os\ndef handler(event, context):\n    return dict(os.environ)\n",
        environmentVariables={"BUS": "provisioning", "no_proxy": "*"},
        role="",
    )
    seen = body((await lab.invoke("shows")).body)
    unpacked = {str(folder) for folder in (tmp_path / "functions").iterdir()}
    assert seen.pop("FC_FUNC_CODE_PATH") in {"/code", *unpacked}
    assert seen["HOME"] == seen.pop("TMPDIR", "/tmp")
    assert seen.pop("FC_INSTANCE_ID").startswith("c-")
    endpoint = lab.settings.endpoint
    assert seen == {
        "BUS": "provisioning",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": seen["HOME"],
        "LANG": "C.UTF-8",
        "FC_ACCOUNT_ID": "1234567890123456",
        "FC_FUNCTION_HANDLER": "index.handler",
        "FC_FUNCTION_MEMORY_SIZE": "512",
        "FC_FUNCTION_NAME": "shows",
        "FC_FUNCTION_VERSION": "LATEST",
        "FC_REGION": "cn-hangzhou",
        "ALIBABA_CLOUD_ENDPOINT_ECS": endpoint,
        "ALIBABA_CLOUD_ENDPOINT_EVENTBRIDGE": endpoint,
        "ALIBABA_CLOUD_ENDPOINT_MNS": endpoint,
        "ALIBABA_CLOUD_ENDPOINT_SLS": endpoint,
        "http_proxy": endpoint,
        "HTTP_PROXY": endpoint,
        "no_proxy": "",
    }


async def test_only_the_standard_library_is_there(lab: FunctionLab) -> None:
    """Packages of the local cloud's own environment cannot be imported by a function."""
    await lab.create("needs", "import pydantic\ndef handler(event, context):\n    return 1\n")
    result = await lab.invoke("needs")
    assert result.error_type == "FunctionUnhandledError"
    assert body(result.body)["errorType"] == "ImportModuleError"
    assert "No module named 'pydantic'" in body(result.body)["errorMessage"]


async def test_an_exception_is_described_with_the_clouds_paths(lab: FunctionLab) -> None:
    """A failing handler answers 200 with message, type and stack, and the log says it too."""
    await lab.create(
        "fails",
        {
            "index.py": "from lib.deep import handler\n",
            "lib/deep.py": "def handler(event, context):\n    raise ValueError('no 文')\n",
        },
    )
    result = await lab.invoke("fails")
    assert (result.status, result.error_type) == (200, "FunctionUnhandledError")
    assert not result.is_success
    assert body(result.body) == {
        "errorMessage": "no 文",
        "errorType": "ValueError",
        "stackTrace": [
            ['File "/code/lib/deep.py"', "line 2", "in handler", "raise ValueError('no 文')"]
        ],
    }
    assert "ValueError" in result.log
    assert lab.fc.pool.count("fails") == 1


@pytest.mark.parametrize(
    ("files", "error_type", "message"),
    [
        pytest.param({"other.py": ""}, "ModuleNotFound", "Module 'index' is missing.", id="file"),
        pytest.param(
            {"index.py": ""},
            "HandlerNotFound",
            "Handler 'handler' is missing on module 'index'",
            id="function",
        ),
        pytest.param(
            {"index.py": "def handler(:\n"},
            "ImportModuleError",
            "Unable to import module 'index': SyntaxError",
            id="syntax",
        ),
    ],
)
async def test_a_handler_that_cannot_be_loaded_is_an_answer(
    lab: FunctionLab, files: dict[str, str], error_type: str, message: str
) -> None:
    """A missing file, a missing function and a syntax error are told apart."""
    await lab.create("broken", files)
    seen = body((await lab.invoke("broken")).body)
    assert seen["errorType"] == error_type
    assert seen["errorMessage"].startswith(message)


LINGERS = """
import os, subprocess, time
def handler(event, context):
    print("waiting")
    for start in ([], ["setsid"]):
        subprocess.Popen([*start, "bash", "-c", "trap '' TERM HUP; sleep 600; :", event.decode()])
    time.sleep(600)
"""


async def test_a_function_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    """At the time limit all that it started ends, and what was printed until then is kept."""
    token = f"lingerer-{secrets.token_hex(6)}"
    limits: list[tuple[float, asyncio.Timeout]] = []

    def limit(seconds: float) -> asyncio.Timeout:
        limits.append((seconds, asyncio.timeout(None)))
        return limits[-1][1]

    async with FunctionLab(tmp_path, time_limit=limit) as lab:
        await lab.create("slow", LINGERS, timeout=2)
        call = asyncio.create_task(lab.invoke("slow", token.encode()))
        while len(processes_with(token)) < 2 and not call.done():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        ((seconds, time_limit),) = limits
        assert seconds == 2
        time_limit.reschedule(asyncio.get_running_loop().time())
        result = await call
        assert result.error_type == "FunctionTimeoutError"
        message = body(result.body)["errorMessage"]
        assert re.match(
            r"Function timed out after 2 seconds \(maxMemoryUsage: [1-9]\d*\.\d\dMB\)$", message
        )
        assert "waiting" in result.log
        assert lab.fc.pool.count() == 0
        assert processes_with(token) == []


async def test_memory_over_the_limit_ends_the_function(lab: FunctionLab) -> None:
    """A function that takes more than its memory fails; the next call is served anew."""
    await lab.create(
        "greedy",
        "def handler(event, context):\n    return len(bytearray(int(event)))\n",
        memorySize=128,
        cpu=0.1,
    )
    assert (await lab.invoke("greedy", str(32 << 20).encode())).body == b"33554432"
    result = await lab.invoke("greedy", str(512 << 20).encode())
    assert result.error_type == "FunctionOOMError"
    assert "Process exited unexpectedly" in body(result.body)["errorMessage"]
    assert (await lab.invoke("greedy", b"1024")).body == b"1024"


@pytest.mark.parametrize("how", ["os._exit(3)", "sys.exit(3)", "os.kill(os.getpid(), 11)"])
async def test_a_process_that_ends_is_an_error(lab: FunctionLab, how: str) -> None:
    """A function that ends its process fails with the cloud's sentence and keeps its output."""
    code = f"import os, sys\ndef handler(event, context):\n    print('last')\n    {how}\n"
    await lab.create("ends", code)
    result = await lab.invoke("ends")
    assert result.error_type == "FunctionUnhandledError"
    assert "Process exited unexpectedly before" in body(result.body)["errorMessage"]
    assert "last" in result.log
    assert lab.fc.pool.count() == 0


async def test_everything_printed_is_in_the_log_in_order(lab: FunctionLab) -> None:
    """Prints, loggers, standard error and child processes all show, in their order."""
    await lab.create(
        "talks",
        """
            import logging, os, subprocess, sys
            print("loading")
            def handler(event, context):
                print("one")
                context.getLogger().info("two %s", "x")
                logging.getLogger("lib").debug("not shown")
                print("three", file=sys.stderr)
                os.write(1, b"four\\n")
                subprocess.run(["echo", "five"])
                return "done"
            """,
        logConfig={"project": "p", "logstore": "s", "enableRequestMetrics": True},
    )
    await lab.invoke("talks")
    lines = await lab.log("talks")
    stamp, rest = lines[3].split(" ", 1)
    assert (len(stamp), rest) == (24, "REQ-1 [INFO] two x")
    assert lines[:3] + lines[4:] == [
        "FC Invoke Start RequestId: REQ-1", "loading", "one", "three", "four", "five",
        "FC Invoke End RequestId: REQ-1",
    ]  # fmt: skip
    stored = [entry["message"] for _, _, topic, entry in lab.logged if topic == "FCLogs:talks"]
    assert stored == lines
    (metrics,) = [e for _, _, topic, e in lab.logged if topic == "FCRequestMetrics:talks"]
    assert (
        metrics["hasFunctionError"], metrics["requestId"], metrics["memoryMB"],
    ) == ("false", "REQ-1", "512")  # fmt: skip
    assert lab.logged[0][:2] == ("p", "s")


async def test_endless_output_is_cut(lab: FunctionLab) -> None:
    """A function that prints without end neither hangs nor fills the memory."""
    code = "def handler(event, context):\n    [print('x' * 999) for _ in range(3000)]\n"
    await lab.create("floods", code)
    result = await lab.invoke("floods")
    assert (result.body, len(result.log.encode()) <= 4096) == (b"null", True)
    lines = await lab.log("floods")
    assert len("\n".join(lines)) < 1_100_000
    assert "bytes of output were dropped" in lines[-2]
    assert (await lab.invoke("floods")).body == b"null"


async def test_output_after_the_end_does_not_hang_the_call(lab: FunctionLab) -> None:
    """A child that goes on printing, or a closed standard output, does not block the answer."""
    code = (
        "import os, subprocess\ndef handler(event, context):\n"
        "    if event == b'child':\n"
        "        subprocess.Popen(['sh', '-c', 'while :; do echo tick; done'])\n"
        "    if event == b'closed':\n"
        "        os.dup2(os.open('/dev/null', os.O_WRONLY), 1)\n"
        "    return 'ok'\n"
    )
    await lab.create("chatty", code)
    for event in (b"child", b"", b"closed", b""):
        assert (await lab.invoke("chatty", event)).body == b"ok"


async def test_a_result_that_is_too_large_is_refused(lab: FunctionLab) -> None:
    """A result over 32 MB is an error of the function, not a flood."""
    await lab.create("big", "def handler(event, context):\n    return 'x' * (33 << 20)\n")
    seen = body((await lab.invoke("big")).body)
    assert seen["errorType"] == "ResponseSizeTooLarge"


def test_workers_end_with_the_server(tmp_path: Path) -> None:
    """When the local cloud is killed, functions that are running end too, with all they started."""
    token = f"lingerer-{secrets.token_hex(6)}"
    code = f"""
import asyncio, pathlib
from lab.fc import FunctionLab

async def main():
    lab = FunctionLab(pathlib.Path({str(tmp_path)!r}))
    await lab.create("long", {LINGERS!r}, timeout=600)
    await lab.invoke("long", {token.encode()!r})

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], env=environment()) as server:
        try:
            wait_for(lambda: processes_with(token), "a process of the function", 60)
        finally:
            server.kill()
    wait_until_gone(token, 60)


async def test_a_role_that_does_not_trust_the_service_stops_the_call(lab: FunctionLab) -> None:
    """When the role cannot be assumed, nothing runs and the answer is the cloud's error."""
    await lab.create("stopped", "def handler(event, context):\n    return 'ran'\n")
    lab.untrusted.add(ROLE)
    result = await lab.invoke("stopped")
    assert (result.status, result.error_type) == (403, "NoPermission")
    assert "sts:AssumeRole" in body(result.body)["Message"]
    lab.untrusted.clear()
    assert (await lab.invoke("stopped")).body == b"ran"


async def test_a_role_without_the_logs_permission_stops_the_call(lab: FunctionLab) -> None:
    """A role that may not write the function's log fails the call, naming action and resource."""
    resource = "acs:log:cn-hangzhou:1234567890123456:project/p/logstore/s"
    await lab.create(
        "silent",
        "def handler(event, context):\n    return 'ran'\n",
        logConfig={"project": "p", "logstore": "s"},
    )
    lab.denied.add(("log:PostLogStoreLogs", resource))
    result = await lab.invoke("silent")
    detail = body(result.body)["AccessDeniedDetail"]
    assert (result.status, result.error_type) == (403, "NoPermission")
    assert detail == {"AuthAction": "log:PostLogStoreLogs", "AuthResource": resource}


async def test_a_missing_log_store_does_not_stop_the_function(lab: FunctionLab) -> None:
    """A function runs when its log store is gone; its own log says that nothing was written."""
    lab.missing_stores.add("gone")
    code = "def handler(event, context):\n    return 'ran'\n"
    await lab.create("runs", code, logConfig={"project": "p", "logstore": "gone"})
    assert (await lab.invoke("runs")).body == b"ran"
    lines = await lab.log("runs")
    assert "logstore gone does not exist" in lines[-1]


async def test_the_log_gives_its_last_lines(lab: FunctionLab) -> None:
    """Asked for a few lines, the log gives the newest ones, the oldest of them first."""
    await lab.create("talks", "def handler(event, context):\n    print('said', event)\n")
    for event in (b"1", b"2"):
        await lab.invoke("talks", event)
    await lab.store.flush()
    assert [row["line"] for row in lab.fc.logs("talks", 4)] == [
        "FC Invoke End RequestId: REQ-1",
        "FC Invoke Start RequestId: REQ-1",
        "said b'2'",
        "FC Invoke End RequestId: REQ-1",
    ]


async def test_the_log_is_bounded(lab: FunctionLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newest invocations' output is kept."""
    monkeypatch.setattr("localcloud.fc.journal.KEPT_INVOCATIONS", 3)
    monkeypatch.setattr("localcloud.fc.journal._PRUNE_EVERY", 2)
    await lab.create("talks", "def handler(event, context):\n    print('said', event)\n")
    for number in range(8):
        await lab.invoke("talks", b"%d" % number)
    said = [line for line in await lab.log("talks") if line.startswith("said")]
    assert said == ["said b'5'", "said b'6'", "said b'7'"]
