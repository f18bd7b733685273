"""Wrong input to a command that asks a running local cloud: one line, and what is accepted."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.running_cloud import RunningCloud
from localcloud.cli import main
from localcloud.commandline.command import run

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["logs", "provisioning-local-run-comand"], 1, "no function 'provisioning-local-run-co"),
        (["chat", "opps"], 1, "no chat 'opps'; there are ops, people, dev, audit, board, oncall"),
        (["chat", "a/b"], 1, "there is nothing to GET at /_localcloud/chats/a/b/messages"),
        (["chat", "ops", "--limit", "0"], 2, "invalid value '0' for '--limit': must be greater"),
        (["trace", "4711"], 1, "nothing has the name '4711': no event, no run, no label"),
        (["post", "x", "{}"], 1, "no source 'x' takes posts; there are none yet"),
        (["fault", "chat:opps"], 1, "there is no chat 'opps'; did you mean ops?"),
        (["fault", "chat:ops", "--error", "banana"], 1, "accepted: a code of the platform"),
        (["fault", "chat:ops", "--delay-seconds", "inf"], 2, "invalid value 'inf' for"),
        (["deploy", "--stack", "lcoal"], 1, "there is no stack 'lcoal'; there are dev, local"),
    ],
)
def test_a_slip_is_answered_with_what_there_is(
    cloud: RunningCloud,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """Exit code, nothing on stdout, one line on stderr."""
    assert run(main, [*arguments, "--endpoint", cloud.endpoint], "localcloud") == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1), err
    assert err.startswith("localcloud: ")
    assert message in err


@pytest.mark.parametrize("command", ["deploy", "invocations", "trace"])
@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("localhost:8642", "'localhost:8642' is not the endpoint of a local cloud"),
        ("https://127.0.0.1:8642", "write it as in http://127.0.0.1:8642"),
        ("http://127.0.0.1:99999", "is not the endpoint of a local cloud"),
        ("http://user:word@127.0.0.1:1", "is not the endpoint of a local cloud"),
        ("http://127.0.0.1:1", "no local cloud answers at http://127.0.0.1:1 (Connection refused)"),
    ],
)
def test_an_endpoint_at_which_nobody_answers(
    capsys: pytest.CaptureFixture[str], command: str, endpoint: str, message: str
) -> None:
    """It is named, with how one is written and how a local cloud is started."""
    assert run(main, [command, "--endpoint", endpoint], "localcloud") == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1, err
    assert message in err


@pytest.fixture(params=["a web server", "another protocol", "other JSON"])
def stranger(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the endpoint of something that is not a local cloud."""
    answers = {
        "a web server": b"HTTP/1.0 404 Not Found\r\ncontent-type: text/html\r\n\r\n<p>none",
        "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
        "other JSON": b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n[1, 2]",
    }
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answers[request.param])

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_somebody_else_answers(capsys: pytest.CaptureFixture[str], stranger: str) -> None:
    """A program that is not a local cloud is told apart from one."""
    assert run(main, ["deploy", "--endpoint", stranger], "localcloud") == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1, err
    assert "not a local cloud" in err or "no local cloud answers" in err


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_json_is_json_in_every_encoding(cloud: RunningCloud, encoding: str) -> None:
    """What the encoding lacks is escaped, so that no character of the data is lost."""
    done = subprocess.run(
        [sys.executable, "-m", "localcloud", "invocations", "--json", "--endpoint", cloud.endpoint],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
