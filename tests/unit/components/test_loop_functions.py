"""Functions with their roles, variables, documents and limits."""

import base64
import io
import json
import zipfile
from typing import Any

import pulumi
import pytest

from components.loop_context import LoopContext
from components.loop_function import LoopFunction, LoopFunctionArgs
from tests.unit.components.declared import LOGS, MNS, allowed
from tests.unit.fake_engine import FakeEngine


def function_args(context: LoopContext, **changes: Any) -> LoopFunctionArgs:
    """Return the arguments of a function."""
    args: LoopFunctionArgs = {
        "context": context,
        "function": "publish-result",
        "description": "d",
        "environment": {},
        "documents": {},
        "permissions": [],
    }
    args.update(changes)  # type: ignore[typeddict-item]  # whatever a test changes
    return args


class TestLoopFunction:
    """A function."""

    def test_a_function_runs_under_its_own_role(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """Runtime, handler, role, limits, log and tags are what Function Compute is told."""
        engine.run(lambda: LoopFunction("part", function_args(context, timeout_seconds=30)))
        made = engine.one("V3Function")
        shown = {key: made.inputs[key] for key in made.inputs if key != "code"}
        assert shown == {
            "functionName": "loop-publish-result",
            "description": "d",
            "runtime": "python3.12",
            "handler": "index.handler",
            "role": "acs:ram::1234567890123456:role/loop-publish-result",
            "environmentVariables": {},
            "timeout": 30,
            "memorySize": 256,
            "cpu": 0.2,
            "diskSize": 512,
            "logConfig": {
                "project": "loop-logs",
                "logstore": "functions",
                "enableRequestMetrics": True,
                "enableInstanceMetrics": False,
                "logBeginRule": "None",
            },
            "tags": {"app": "loop"},
        }
        assert "provisioning:index:LoopFunction$alicloud:fc/v3Function:V3Function" in made.urn
        assert engine.all("V3ConcurrencyConfig") == []

    def test_a_function_may_write_its_log_and_nothing_else(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """Without permissions of its own, a function's policy has one statement."""
        engine.run(lambda: LoopFunction("part", function_args(context)))
        assert allowed(engine, "loop-publish-result") == [
            (["log:PostLogStoreLogs"], [f"{LOGS}functions"])
        ]
        trust = json.loads(engine.one("Role").inputs["assumeRolePolicyDocument"])
        assert trust["Statement"][0]["Principal"] == {"Service": ["fc.aliyuncs.com"]}

    def test_a_short_document_is_a_variable(self, engine: FakeEngine, context: LoopContext) -> None:
        """What fits travels as an environment variable."""
        args = function_args(context, environment={"A": "1"}, documents={"LOOP": '{"a":1}'})
        engine.run(lambda: LoopFunction("part", args))
        variables = engine.one("V3Function").inputs["environmentVariables"]
        assert variables == {"A": "1", "LOOP": '{"a":1}'}

    def test_a_long_document_is_a_file(self, engine: FakeEngine, context: LoopContext) -> None:
        """What would not fit into Function Compute's 4 KB travels in the archive."""
        long = json.dumps({"a": "x" * 2048})
        engine.run(lambda: LoopFunction("part", function_args(context, documents={"LOOP": long})))
        made = engine.one("V3Function").inputs
        assert made["environmentVariables"] == {"LOOP": "@loop.json"}
        archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(made["code"]["zipFile"])))
        assert archive.read("loop.json").decode() == long

    @pytest.mark.parametrize(("size", "in_the_archive"), [(10, False), (4096, True)])
    def test_a_secret_document_stays_secret(
        self, engine: FakeEngine, context: LoopContext, size: int, in_the_archive: bool
    ) -> None:
        """Whether as a variable or as a file, a secret is encrypted in the state.

        An archive without a secret is none: a preview can name the files that change.
        """

        def program() -> None:
            documents = {"CHATS": pulumi.Output.secret("x" * size), "LOOP": "y" * 4096}
            LoopFunction("part", function_args(context, documents=documents))

        engine.run(program)
        made = engine.one("V3Function")
        assert made.is_secret("environmentVariables", "CHATS")
        assert made.is_secret("code", "zipFile") is in_the_archive

    def test_what_is_no_secret_is_shown(self, engine: FakeEngine, context: LoopContext) -> None:
        """Settings without secrets can be read in a preview."""
        engine.run(lambda: LoopFunction("part", function_args(context, documents={"LOOP": "{}"})))
        made = engine.one("V3Function")
        assert [
            made.is_secret("environmentVariables", "LOOP"),
            made.is_secret("code", "zipFile"),
        ] == [False, False]

    def test_parallel_calls_can_be_limited(self, engine: FakeEngine, context: LoopContext) -> None:
        """A limit reserves that much concurrency for the function."""
        engine.run(lambda: LoopFunction("part", function_args(context, max_parallel_requests=10)))
        assert engine.one("V3ConcurrencyConfig").inputs == {
            "functionName": "loop-publish-result",
            "reservedConcurrency": 10,
        }

    def test_a_function_can_be_called_every_minute(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """A time trigger calls the function as it is now, with a payload that says what it is."""
        engine.run(lambda: LoopFunction("part", function_args(context, every_minute=True)))
        made = engine.one("V3Trigger").inputs
        assert json.loads(made.pop("triggerConfig")) == {
            "cronExpression": "@every 1m",
            "enable": True,
            "payload": "timer",
        }
        assert made == {
            "functionName": "loop-publish-result",
            "triggerName": "every-minute",
            "triggerType": "timer",
            "qualifier": "LATEST",
        }

    def test_asynchronous_calls_can_be_limited(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """Retries and age are set; destinations are left out, as one half is refused."""
        limits = {"retries": 1, "age_seconds": 300}
        engine.run(lambda: LoopFunction("part", function_args(context, asynchronous=limits)))
        assert engine.one("V3AsyncInvokeConfig").inputs == {
            "functionName": "loop-publish-result",
            "maxAsyncRetryAttempts": 1,
            "maxAsyncEventAgeInSeconds": 300,
        }

    def test_a_function_can_bury_what_it_gives_up(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """It knows the dead-letter queue and may write to it, and may not read it."""
        engine.run(lambda: LoopFunction("part", function_args(context, buries=True)))
        variables = engine.one("V3Function").inputs["environmentVariables"]
        assert variables == {"DEAD_LETTER_QUEUE": "loop-dead-letters"}
        assert (["mns:SendMessage"], [f"{MNS}loop-dead-letters/messages"]) in allowed(
            engine, "loop-publish-result"
        )
