"""``make up`` and its like: what the engine is told, for stack ``local`` and for the others.

The engine is a script that writes down how it was called.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lab.waiting import wait_for
from localcloud.commandline import endpoints
from localcloud.commandline.command import run as run_command
from ops.cli import main
from ops.project import PROJECT
from ops.stack import command
from ops.stack.retained import COMMAND

ENGINE = """#!{python}
import json, os, signal, sys, time
if sys.argv[1:] == ["version"]:
    sys.exit(print("v3.259.0"))
def note(record):
    # An exit that the trap asks for while an unclosed file is finalized would be lost.
    with open({log!r}, "a") as file:
        file.write(json.dumps(record) + "\\n")
def stop(*_):
    time.sleep(0.3)
    note({{"ended": "in order"}})
    sys.exit(0)
signal.signal(signal.SIGINT, stop)
note({{"arguments": sys.argv[1:], "environment": dict(os.environ)}})
if "--event-log" in sys.argv:
    with open(sys.argv[sys.argv.index("--event-log") + 1], "w") as file:
        file.write(os.environ.get("EVENTS", ""))
if "export" in sys.argv:
    print(os.environ.get("STATE", "{{}}"))
if "import" in sys.argv:
    with open(sys.argv[sys.argv.index("--file") + 1]) as file:
        note({{"imported": json.load(file)}})
if "output" in sys.argv:
    print('{{"bus_name": "b"}}')
if "wait" in sys.argv:
    time.sleep(60)
sys.exit(3 if "fail" in sys.argv else 0)
"""
KEY = {"access_key_id": "LTAIlocalOfThisTest", "access_key_secret": "its-secret"}


class Engine:
    """The calls of an engine that does nothing, and a local cloud that only says who it is."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.endpoint = endpoint
        self.project = folder / "project"
        self._log = folder / "calls"
        self.path = folder / "bin" / "pulumi"
        self.path.parent.mkdir()
        self.path.write_text(ENGINE.format(python=sys.executable, log=str(self._log)))
        self.path.chmod(0o755)

    @property
    def log(self) -> list[dict[str, Any]]:
        """Everything that was written down so far, in whole lines."""
        lines = self._log.read_text().split("\n")[:-1] if self._log.exists() else []
        return [json.loads(line) for line in lines]

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call, without the folder and the name of a temporary file."""
        calls = [call["arguments"][2:] for call in self.log if "arguments" in call]
        for call in calls:
            if "--event-log" in call:
                call[call.index("--event-log") + 1] = "FILE"
        return calls

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the last call."""
        found: dict[str, str] = self.log[-1]["environment"]
        return found

    def run(
        self, action: str, stack: str = "local", endpoint: str | None = None, **more: Any
    ) -> int:
        """Run the command; give its exit code."""
        where = self.endpoint if endpoint is None else endpoint
        return command.run(action, stack, endpoint=where, **more)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of what answers as a local cloud with a key of its own."""
    key = tmp_path_factory.mktemp("data") / "access-key.json"
    key.write_text(json.dumps(KEY))
    health = json.dumps({"status": "ok", "access_key_file": str(key)}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(health)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def engine(tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Return the engine on PATH, and a project with stacks local and dev."""
    engine = Engine(tmp_path, endpoint)
    project = engine.project
    project.mkdir()
    (project / "Pulumi.yaml").write_text('requiredPulumiVersion: ">=3.259.0"\n')
    for stack in ("local", "dev"):
        (project / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    monkeypatch.setattr(command, "PROJECT", project)
    monkeypatch.setenv("PATH", f"{engine.path.parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return engine


PACK = ["--policy-pack", str(PROJECT / "policies")]
SELECT = ["stack", "select", "--create", "--stack"]
EXPORT = ["stack", "export", "--stack"]
AT_ONCE = ["--yes", "--skip-preview"]
LOG = ["--event-log", "FILE"]


@pytest.mark.parametrize(
    ("action", "stack", "arguments"),
    [
        pytest.param("up", "local", [*PACK, *AT_ONCE, "--refresh"], id="a new cloud forgot all"),
        pytest.param("preview", "local", [*PACK, *LOG], id="a preview is not confirmed"),
        pytest.param("refresh", "local", ["--yes"], id="refresh local"),
        pytest.param(
            "destroy", "local", ["--yes", "--refresh"], id="nor is it there to be deleted"
        ),
        pytest.param("up", "dev", PACK, id="real clouds ask first"),
        pytest.param("destroy", "dev", [], id="above all before they destroy"),
    ],
)
def test_the_engine_is_told_what_to_do(
    engine: Engine, action: str, stack: str, arguments: list[str]
) -> None:
    """The stack is made if it is new; only stack local goes on without a question."""
    assert engine.run(action, stack) == 0
    state = [[*EXPORT, stack]] if action in {"up", "destroy"} else []
    assert engine.calls == [[*SELECT, stack], *state, [action, "--stack", stack, *arguments]]


@pytest.mark.parametrize("action", ["up", "destroy"])
def test_commands_of_an_old_state_are_marked_to_stay(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """What is being run could not be deleted; nothing else of the state is changed, and nothing
    at all where each is marked.
    """
    old = {"type": COMMAND, "id": "c-1", "urn": "urn:a"}
    done = {**old, "id": "c-2", "retainOnDelete": True}
    gone = {**old, "id": "c-3", "delete": True}
    bus = {"type": "alicloud:eventbridge/eventBus:EventBus", "id": "b", "urn": "urn:b"}

    def state(*resources: dict[str, Any]) -> dict[str, Any]:
        return {"version": 3, "deployment": {"resources": [bus, *resources]}}

    monkeypatch.setenv("STATE", json.dumps(state(old, done, gone)))
    assert engine.run(action, "dev") == 0
    kept = [{**command, "retainOnDelete": True} for command in (old, done, gone)]
    assert [line["imported"] for line in engine.log if "imported" in line] == [state(*kept)]
    assert engine.calls[-2][:4] == ["stack", "import", "--stack", "dev"]

    monkeypatch.setenv("STATE", json.dumps(state(*kept)))
    assert engine.run(action, "dev") == 0
    assert len([line for line in engine.log if "imported" in line]) == 1


def test_an_option_of_the_engine_needs_no_dashes_before_it(engine: Engine) -> None:
    """``make preview ARGS=--expect-no-changes`` works as it reads."""
    more = ["--expect-no-changes", "--target", "urn:a"]
    assert run_command(main, ["preview", "--stack", "dev", *more], "ops") == 0
    assert engine.calls[-1] == ["preview", "--stack", "dev", *PACK, *LOG, *more]


def test_more_arguments_reach_the_engine(engine: Engine) -> None:
    """What the command does not know itself is handed on."""
    engine.run("preview", more=["--diff"])
    assert engine.calls[-1] == ["preview", "--stack", "local", *PACK, *LOG, "--diff"]


def test_a_preview_ends_with_what_changes_key_by_key(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The engine shows a document as a whole; after it each key that changes is a line."""
    documents = [
        json.dumps({"roles": {"dba": group}, "bus": "b"}) for group in ("app", "db\x1b[2J")
    ]
    old, new = ({"inputs": {"environmentVariables": {"LOOP": text}}} for text in documents)
    planned = {"logical": True, "op": "update", "urn": "urn:pulumi:dev::p::t::run", "old": old}
    events = [
        {"preludeEvent": {}},
        {"resourcePreEvent": {"metadata": {**planned, "op": "same", "new": old}}},
        {"resourcePreEvent": {"metadata": {**planned, "logical": False, "new": new}}},
        {"resourcePreEvent": {"metadata": {**planned, "op": "create", "old": None, "new": new}}},
        {"resourcePreEvent": {"metadata": {**planned, "new": new}}},
    ]
    cut = '\n{"resourcePreEvent": '
    monkeypatch.setenv("EVENTS", "\n".join(map(json.dumps, events)) + cut)
    engine.run("preview", "dev")
    shown = capfd.readouterr().err
    assert shown.endswith(
        "What changes:\n  run (update)\n    ! environmentVariables.LOOP.roles.dba: app → db[2J\n"
    )
    assert engine.environment["PULUMI_DEBUG_COMMANDS"] == "true"


def test_a_cloud_that_is_known_is_not_compared_again(engine: Engine, tmp_path: Path) -> None:
    """A second `up` takes the state for what it is, until a run fails or the cloud is another."""

    def flags(*more: str) -> list[str]:
        engine.run("up", state=tmp_path / "state", more=more)
        return engine.calls[-1][3 + len(PACK) :]

    afresh = [*AT_ONCE, "--refresh"]
    assert [flags(), flags(), flags("fail"), flags(), flags()] == [
        afresh,
        AT_ONCE,
        [*AT_ONCE, "fail"],
        afresh,
        AT_ONCE,
    ]
    (tmp_path / "state" / "local-cloud").write_text("the key of another")
    assert flags() == afresh


def test_the_engine_decides_the_exit_code(engine: Engine) -> None:
    """What the engine ends with, make ends with; nothing is done after a failure."""
    assert engine.run("up", more=["fail"]) == 3
    assert len(engine.calls) == 3


def test_stack_local_reaches_the_local_cloud_and_nothing_else(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's proxy is the local cloud, the state is this project's, nothing is a team's."""
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "localhost,.invalid")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "the user's own")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    engine.run("up")
    given = engine.environment
    assert given["PULUMI_BACKEND_URL"] == (engine.project / ".pulumi").as_uri()
    assert (given["HTTP_PROXY"], given["PULUMI_CONFIG_PASSPHRASE"]) == (engine.endpoint, "")
    assert [name for name in given if name.lower() in {"no_proxy", "https_proxy"}] == []
    assert "http_proxy" not in given


def test_stack_local_gets_the_key_of_its_cloud_and_no_other(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both families of variables hold it; nothing of the developer's real account is left."""
    real = {
        "ALICLOUD_ACCESS_KEY": "LTAI5tReal",
        "ALICLOUD_SECURITY_TOKEN": "real",
        "ALICLOUD_PROFILE": "work",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "real",
        "ALIBABA_CLOUD_ECS_METADATA": "real",
        "ALIBABACLOUD_ACCESS_KEY_ID": "LTAI5tReal",
    }
    for name, value in real.items():
        monkeypatch.setenv(name, value)
    engine.run("up")
    given = {n: v for n, v in engine.environment.items() if n.startswith(("ALI", "ALICLOUD"))}
    assert given == {
        "ALICLOUD_ACCESS_KEY": KEY["access_key_id"],
        "ALICLOUD_SECRET_KEY": KEY["access_key_secret"],
        "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY["access_key_secret"],
    }
    engine.run("up", "dev", endpoint="")
    assert {name: engine.environment[name] for name in real} == real


def test_other_stacks_keep_what_the_user_has_set(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxy, passphrase and backend are the user's business there."""
    monkeypatch.setenv("no_proxy", "localhost")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "the user's own")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    engine.run("up", "dev", endpoint="")
    given = engine.environment
    assert (
        given["no_proxy"],
        given["PULUMI_CONFIG_PASSPHRASE"],
        given["PULUMI_BACKEND_URL"],
    ) == ("localhost", "the user's own", "s3://states")
    assert "HTTP_PROXY" not in given


def test_state_is_kept_below_the_project(engine: Engine) -> None:
    """Without a backend of the user's, state needs no service and no account."""
    engine.run("preview", "dev")
    folder = engine.project / ".pulumi"
    assert (engine.environment["PULUMI_BACKEND_URL"], folder.is_dir()) == (folder.as_uri(), True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("file://states", "file://{project}/states", id="a folder of the project"),
        pytest.param("file:///srv/states", "file:///srv/states", id="a folder of the machine"),
        pytest.param("file://~", "file://~", id="a folder of the user"),
        pytest.param("oss://states", "oss://states", id="a bucket"),
    ],
)
def test_a_team_may_keep_its_state_elsewhere(engine: Engine, url: str, expected: str) -> None:
    """What Pulumi.yaml says holds for every stack but local."""
    with (engine.project / "Pulumi.yaml").open("a") as file:
        file.write(f"backend: {{url: '{url}'}}\n")
    engine.run("preview", "dev", endpoint="")
    assert engine.environment["PULUMI_BACKEND_URL"] == expected.format(project=engine.project)
    engine.run("preview")
    assert engine.environment["PULUMI_BACKEND_URL"] == (engine.project / ".pulumi").as_uri()


def test_outputs_are_json_and_nothing_else(
    engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    """With --json standard output is for programs."""
    assert command.run("up", endpoint=engine.endpoint, as_json=True) == 0
    assert json.loads(capfd.readouterr().out) == {"bus_name": "b"}
    assert engine.calls[-1][:2] == ["stack", "output"]


def test_a_local_cloud_is_started_when_none_runs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is said where it is and how to stop it; one that runs is used."""
    running = [False]
    monkeypatch.setattr(command, "is_running", lambda _endpoint: running[0])
    monkeypatch.setattr(command, "start", lambda *_: 4711)
    monkeypatch.setattr(endpoints, "DEFAULT", engine.endpoint)
    engine.run("up", endpoint="")
    assert "kill 4711" in capfd.readouterr().err
    running[0] = True
    engine.run("up", endpoint="")
    assert "kill" not in capfd.readouterr().err
    assert engine.environment["HTTP_PROXY"] == engine.endpoint


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["deploy"], "no such command 'deploy'. Did you mean"),
        (["up", "--stack", "staging"], "there is no stack 'staging'; there are dev, local, prod"),
        (["up", "--stack", "locl"], "did you mean 'local'?"),
        (["up", "--endpoint", "localhost:1"], "'localhost:1' is not the endpoint"),
    ],
)
def test_a_mistake_is_answered_with_what_there_is(
    engine: Engine, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    """An action or a stack that does not exist is named beside those that do."""
    assert run_command(main, arguments, "ops") > 0
    assert told in capsys.readouterr().err
    assert engine.calls == []


def test_an_interrupted_engine_may_put_its_state_in_order(engine: Engine) -> None:
    """Ctrl-C reaches the engine, and the command waits for it instead of killing it."""
    program = (
        "from pathlib import Path; from ops.stack import command; "
        f"command.PROJECT = Path({str(engine.project)!r}); "
        f"command.run('up', endpoint={engine.endpoint!r}, more=['wait'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], start_new_session=True, stderr=subprocess.PIPE
    ) as process:
        wait_for(lambda: len(engine.calls) == 3, "the third call of the engine")
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)
    assert engine.log[-1] == {"ended": "in order"}
