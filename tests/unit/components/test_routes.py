"""Rules with their targets, retries and dead letters."""

import json

import pulumi
import pytest

from components import Chat, ChatPlatform, FunctionDelivery, RetryStrategy, Source, patterns
from components.chat_deliveries import ChatDeliveries
from components.event_archive import EventArchive, EventArchiveArgs
from components.event_rule import event_rule
from components.loop_context import LoopContext
from components.onboarding_route import OnboardingRoute
from components.request_route import RequestRoute, RequestRouteArgs
from components.result_route import ResultRoute
from components.targets import TargetArgs
from functions.request.events import is_wake
from tests.unit.components.conftest import QUEUE
from tests.unit.components.declared import ARN, BUS, ECS, LOGS, MNS, RECEIVE, allowed, target
from tests.unit.fake_engine import FakeEngine


class TestEventRule:
    """A rule."""

    @pytest.mark.parametrize("retry", list(RetryStrategy))
    def test_a_target_is_tried_again_and_then_the_queue_gets_it(
        self, engine: FakeEngine, context: LoopContext, retry: RetryStrategy
    ) -> None:
        """The rule says what to send where, how to try again, and where dead letters go."""
        given: TargetArgs = {
            "id": "t",
            "type": "https",
            "endpoint": "https://example.com",
            "parameters": [
                {"key": "url", "form": "CONSTANT", "value": "https://example.com"},
                {"key": "Body", "form": "ORIGINAL"},
            ],
        }
        engine.run(
            lambda: event_rule(
                "route",
                {
                    "context": {**context, "retry": retry},
                    "rule_name": "r",
                    "description": "d",
                    "pattern": "{}",
                    "targets": [given],
                },
                pulumi.ComponentResource("provisioning:index:RequestRoute", "above"),
            )
        )
        rule = engine.one("Rule")
        assert rule.inputs == {
            "eventBusName": "loop",
            "ruleName": "r",
            "description": "d",
            "filterPattern": "{}",
            "targets": [
                {
                    "targetId": "t",
                    "type": "https",
                    "endpoint": "https://example.com",
                    # The complete event has neither value nor template: the provider drops them.
                    "paramLists": [
                        {"resourceKey": "url", "form": "CONSTANT", "value": "https://example.com"},
                        {"resourceKey": "Body", "form": "ORIGINAL"},
                    ],
                    "pushRetryStrategy": retry.value,
                    "deadLetterQueue": {"arn": QUEUE},
                }
            ],
        }
        assert "provisioning:index:RequestRoute$alicloud:eventbridge/rule:Rule" in rule.urn


class TestEventArchive:
    """The archive."""

    def test_every_event_goes_to_the_log_store(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """Rule ``archive`` takes everything and writes under a role that may write there only."""
        args: EventArchiveArgs = {"context": context, "sources": ["dingtalk.approval"]}
        engine.run(lambda: EventArchive("archive", args))
        rule = engine.one("Rule")
        assert rule.inputs["ruleName"] == "archive"
        pattern = '{"source":["dingtalk.approval","ecs.provisioning"]}'
        assert rule.inputs["filterPattern"] == pattern
        assert target(rule)["type"] == "acs.sls"
        assert target(rule)["endpoint"].endswith("project/loop-logs/logstore/events")
        given = {p["resourceKey"]: p.get("value") for p in target(rule)["paramLists"]}
        assert given["RoleName"] == "loop-archive"
        assert allowed(engine, "loop-archive") == [(["log:PostLogStoreLogs"], [f"{LOGS}events"])]
        trust = json.loads(engine.one("Role").inputs["assumeRolePolicyDocument"])
        assert trust["Statement"][0]["Principal"] == {"Service": ["eventbridge.aliyuncs.com"]}


class TestRequestRoute:
    """Approvals."""

    @staticmethod
    def args(context: LoopContext, *sources: Source) -> RequestRouteArgs:
        """Return the arguments of a route with one role by ids and one by tags."""
        return {
            "context": context,
            "sources": list(sources) or [TestRequestRoute.source("dingtalk.approval")],
            "roles": [
                {"role": "devops", "instance_ids": ["i-a", "i-b"]},
                {"role": "auditor", "instance_ids": ["i-b"]},
                {"role": "dba", "instance_tags": {"role": "db"}},
            ],
            "command_id": "c-1",
            "deprovision_command_id": "c-2",
            "timeout_seconds": 300,
            "document": "{}",
        }

    @staticmethod
    def source(name: str) -> Source:
        """Return a source that asks for no secret."""
        return {"name": name, "platform": ChatPlatform.DINGTALK, "chat": "ops"}

    def test_approvals_run_the_command(self, engine: FakeEngine, context: LoopContext) -> None:
        """Rule ``provision`` takes the sources' events to run-command."""
        two = (self.source("dingtalk.approval"), self.source("lark.approval"))
        engine.run(lambda: RequestRoute("requests", self.args(context, *two)))
        rule = engine.one("Rule", ruleName="provision")
        assert rule.inputs["eventBusName"] == "loop"
        assert rule.inputs["filterPattern"] == '{"source":["dingtalk.approval","lark.approval"]}'
        assert target(rule)["endpoint"] == f"{ARN}loop-run-command"

    def test_the_environment_is_the_seeds_three_and_the_loops_own(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """CommandId, InstanceIds (each once) and Timeout, then what the loop adds."""
        engine.run(lambda: RequestRoute("requests", self.args(context)))
        assert engine.one("V3Function").inputs["environmentVariables"] == {
            "CommandId": "c-1",
            "InstanceIds": '["i-a", "i-b"]',
            "Timeout": "300",
            "DeprovisionCommandId": "c-2",
            "LATER_QUEUE": "loop-later",
            "EVENT_QUEUE": "loop-requests",
            "DEAD_LETTER_QUEUE": "loop-dead-letters",
            "LOOP": "{}",
        }

    def test_a_secret_of_a_source_stays_secret(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """The secrets of the sources that have one are one secret variable."""
        guarded = self.source("lark.approval")

        def program() -> RequestRoute:
            guarded["token"] = pulumi.Output.secret("s3cret")
            args = self.args(context, self.source("dingtalk.approval"), guarded)
            return RequestRoute("requests", args)

        engine.run(program)
        made = engine.one("V3Function")
        tokens = made.inputs["environmentVariables"]["SOURCE_TOKENS"]
        assert json.loads(tokens) == {"lark.approval": "s3cret"}
        assert not made.is_secret("environmentVariables", "LOOP"), "so a preview can show it"
        assert made.is_secret("environmentVariables", "SOURCE_TOKENS")

    def test_run_command_may_run_these_commands_and_report(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """By statement: run on the named and the tagged, look, report, put off, bury, log."""
        engine.run(lambda: RequestRoute("requests", self.args(context)))
        run = ["ecs:InvokeCommand"]
        commands = [f"{ECS}:command/c-1", f"{ECS}:command/c-2"]
        assert allowed(engine, "loop-run-command") == [
            (run, [*commands, f"{ECS}:instance/i-a", f"{ECS}:instance/i-b"]),
            (run, [f"{ECS}:instance/*"]),
            (["ecs:DescribeCommands"], [f"{ECS}:command/*"]),
            (
                ["ecs:DescribeInstances", "ecs:DescribeCloudAssistantStatus"],
                [f"{ECS}:instance/*"],
            ),
            (
                ["ecs:DescribeInvocations"],
                [f"{ECS}:command/*", f"{ECS}:instance/*"],
            ),
            (["eventbridge:PutEvents"], [BUS]),
            (["mns:SendMessage"], [f"{MNS}loop-later/messages"]),
            (RECEIVE, [f"{MNS}loop-later/messages"]),
            (["mns:SendMessage"], [f"{MNS}loop-requests/messages"]),
            (RECEIVE, [f"{MNS}loop-requests/messages"]),
            (["mns:SendMessage"], [f"{MNS}loop-dead-letters/messages"]),
            (["log:PostLogStoreLogs"], [f"{LOGS}functions"]),
        ]

    def test_run_command_looks_every_minute(self, engine: FakeEngine, context: LoopContext) -> None:
        """What was put off has a reader, also when no approval comes."""
        engine.run(lambda: RequestRoute("requests", self.args(context)))
        timer = engine.one("V3Trigger", triggerType="timer")
        assert timer.inputs["functionName"] == "loop-run-command"

    def test_what_is_put_off_waits_as_long_as_a_queue_keeps_it(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """A message is hidden for longer than the call that received it can take."""
        engine.run(lambda: RequestRoute("requests", self.args(context)))
        for name in ("loop-later", "loop-requests"):
            assert engine.one("ServiceQueue", queueName=name).inputs == {
                "queueName": name,
                "messageRetentionPeriod": 604_800,
                "visibilityTimeout": 300,
                "tags": {"app": "loop"},
            }
        assert engine.one("V3Function").inputs["timeout"] < 300

    def test_a_call_that_died_is_repeated_as_often_as_it_can_be(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """The function itself returns whatever becomes of a request."""
        engine.run(lambda: RequestRoute("requests", self.args(context)))
        assert engine.one("V3AsyncInvokeConfig").inputs == {
            "functionName": "loop-run-command",
            "maxAsyncRetryAttempts": 8,
            "maxAsyncEventAgeInSeconds": 86_400,
        }


class TestResultRoute:
    """Finished runs."""

    def test_finished_runs_become_results(self, engine: FakeEngine, context: LoopContext) -> None:
        """The rule on bus ``default`` takes the ends of our commands to publish-result."""
        prefixes = ["loop-provision-", "loop-deprovision-"]
        engine.run(
            lambda: ResultRoute(
                "results", {"context": context, "command_name_prefixes": prefixes, "document": "{}"}
            )
        )
        rule = engine.one("Rule", ruleName="loop-invocation-finished")
        assert rule.inputs["eventBusName"] == "default"
        assert rule.inputs["filterPattern"] == patterns.task_completed(prefixes)
        assert target(rule)["endpoint"] == f"{ARN}loop-publish-result"
        assert engine.one("V3Function").inputs["environmentVariables"] == {
            "LOOP": "{}",
            "EVENT_QUEUE": "loop-completions",
            "DEAD_LETTER_QUEUE": "loop-dead-letters",
        }
        assert allowed(engine, "loop-publish-result") == [
            (
                ["ecs:DescribeInvocations"],
                [f"{ECS}:command/*", f"{ECS}:instance/*"],
            ),
            (["ecs:DescribeInstances"], [f"{ECS}:instance/*"]),
            (["eventbridge:PutEvents"], [BUS]),
            (["mns:SendMessage"], [f"{MNS}loop-completions/messages"]),
            (RECEIVE, [f"{MNS}loop-completions/messages"]),
            (["mns:SendMessage"], [f"{MNS}loop-dead-letters/messages"]),
            (["log:PostLogStoreLogs"], [f"{LOGS}functions"]),
        ]


class TestOnboardingRoute:
    """New members."""

    def test_a_new_member_reaches_the_api(self, engine: FakeEngine, context: LoopContext) -> None:
        """Rule ``onboarding`` takes the source's complete event to call-http-api and waits."""
        engine.run(
            lambda: OnboardingRoute(
                "onboarding",
                {
                    "context": context,
                    "onboarding": {
                        "source": "dingtalk.member",
                        "endpoint": "https://hr.example.com/api",
                        "method": "POST",
                        "headers": {"Authorization": pulumi.Output.secret("Bearer x")},
                        "timeout_seconds": 10,
                    },
                },
            )
        )
        rule = engine.one("Rule", ruleName="onboarding")
        assert rule.inputs["filterPattern"] == '{"source":["dingtalk.member"]}'
        assert target(rule)["endpoint"] == f"{ARN}loop-call-http-api"
        given = {p["resourceKey"]: p.get("value") for p in target(rule)["paramLists"]}
        assert (given["InvocationType"], given["Body"]) == ("Sync", None)
        made = engine.one("V3Function")
        assert made.inputs["environmentVariables"] == {
            "ENDPOINT": "https://hr.example.com/api",
            "METHOD": "POST",
            "HEADERS": '{"Authorization": "Bearer x"}',
            "TIMEOUT_SECONDS": "10",
            "EVENT_QUEUE": "loop-members",
            "DEAD_LETTER_QUEUE": "loop-dead-letters",
        }
        assert made.is_secret("environmentVariables", "HEADERS")
        assert made.inputs["timeout"] == 260
        assert allowed(engine, "loop-call-http-api") == [
            (["mns:SendMessage"], [f"{MNS}loop-members/messages"]),
            (RECEIVE, [f"{MNS}loop-members/messages"]),
            (["mns:SendMessage"], [f"{MNS}loop-dead-letters/messages"]),
            (["log:PostLogStoreLogs"], [f"{LOGS}functions"]),
        ]


class TestFunctionDelivery:
    """The forms in which events reach a function."""

    def test_directly_a_rule_calls_it_with_the_event(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """Asynchronously: what is repeated is a call that died."""
        engine.run(lambda: RequestRoute("requests", TestRequestRoute.args(context)))
        rule = engine.one("Rule")
        given = {p["resourceKey"]: p for p in target(rule)["paramLists"]}
        assert given["InvocationType"]["value"] == "Async"
        assert given["Body"] == {"resourceKey": "Body", "form": "ORIGINAL"}
        assert rule.inputs["ruleName"] == "provision"
        assert [t.inputs["triggerType"] for t in engine.all("V3Trigger")] == ["timer"]

    def test_by_a_queue_a_rule_fills_it_and_calls_the_function(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """The queue gets the complete event; the call says only that there is one."""
        by_queue: LoopContext = {**context, "function_delivery": FunctionDelivery.QUEUE}
        engine.run(lambda: RequestRoute("requests", TestRequestRoute.args(by_queue)))
        events, wake = engine.one("Rule").inputs["targets"]
        assert (events["targetId"], events["type"]) == ("events", "acs.mns.queue")
        assert events["endpoint"].endswith("queues/loop-requests")
        assert {"resourceKey": "Body", "form": "ORIGINAL"} in events["paramLists"]
        assert (wake["targetId"], wake["type"]) == ("wake", "acs.fc.function")
        given = {p["resourceKey"]: p.get("value") for p in wake["paramLists"]}
        assert (given["InvocationType"], given["functionName"]) == ("Async", "loop-run-command")
        assert is_wake(given["Body"])
        assert [t.inputs["triggerType"] for t in engine.all("V3Trigger")] == ["timer"]

    def test_by_a_stream_two_queues_get_the_event(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """The one that is read, and the one whose stream calls."""
        by_stream: LoopContext = {**context, "function_delivery": FunctionDelivery.STREAM}
        engine.run(lambda: RequestRoute("requests", TestRequestRoute.args(by_stream)))
        found = engine.one("Rule").inputs["targets"]
        assert [(t["targetId"], t["type"]) for t in found] == [
            ("events", "acs.mns.queue"),
            ("wake", "acs.mns.queue"),
        ]
        bodies = [p for t in found for p in t["paramLists"] if p["resourceKey"] == "Body"]
        assert bodies == [{"resourceKey": "Body", "form": "ORIGINAL"}] * 2
        queues = [t["endpoint"].rpartition("/")[2] for t in found]
        assert queues == ["loop-requests", "loop-wake-run-command"]
        stream = engine.one("V3Trigger", triggerType="eventbridge").inputs
        config = json.loads(stream["triggerConfig"])
        source = config["eventSourceConfig"]["eventSourceParameters"]["sourceMNSParameters"]
        assert source["QueueName"] == "loop-wake-run-command"
        assert (stream["functionName"], config["triggerEnable"]) == ("loop-run-command", True)

    @pytest.mark.parametrize(
        ("form", "woken"),
        [
            (FunctionDelivery.DIRECT, "loop-post-to-chat"),
            (FunctionDelivery.QUEUE, "loop-post-to-chat"),
            (FunctionDelivery.STREAM, "loop-wake-post-to-chat"),
        ],
    )
    def test_the_chats_are_woken_in_the_same_form(
        self, engine: FakeEngine, context: LoopContext, form: FunctionDelivery, woken: str
    ) -> None:
        """Their queue is the rule's target in each."""
        chat: Chat = {
            "name": "ops",
            "platform": ChatPlatform.DINGTALK,
            "webhook": "https://oapi.dingtalk.com/robot/send?access_token=t",
        }
        of: LoopContext = {**context, "function_delivery": form}
        engine.run(
            lambda: ChatDeliveries("chats", {"context": of, "chats": [chat], "document": "{}"})
        )
        found = engine.one("Rule").inputs["targets"]
        assert [t["endpoint"].rpartition("/")[2] for t in found] == ["loop-chats", woken]

    def test_a_rule_with_other_targets_comes_before_the_old_one_goes(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """It has another name exactly if a target has another id, which replaces it."""
        rules = []
        for form in FunctionDelivery:
            of: LoopContext = {**context, "function_delivery": form}
            made = FakeEngine()
            made.run(lambda of=of: RequestRoute("requests", TestRequestRoute.args(of)))  # type: ignore[misc]
            rules.append(made.one("Rule"))
        assert not any(rule.replaced_by_delete_first for rule in rules)
        ids = {
            (rule.inputs["ruleName"], *(t["targetId"] for t in rule.inputs["targets"]))
            for rule in rules
        }
        assert ids == {("provision", "run-command"), ("provision-queued", "events", "wake")}


def test_an_old_rule_goes_before_the_new_one_comes(
    engine: FakeEngine, context: LoopContext
) -> None:
    """Another target replaces a rule; beside the old one of its name no new one can be made."""
    to: TargetArgs = {"id": "t", "type": "acs.fc.function", "endpoint": ARN, "parameters": []}
    engine.run(
        lambda: event_rule(
            "route",
            {
                "context": context,
                "rule_name": "r",
                "description": "d",
                "pattern": "{}",
                "targets": [to],
            },
            pulumi.ComponentResource("provisioning:index:RequestRoute", "above"),
        )
    )
    assert engine.one("Rule").replaced_by_delete_first
