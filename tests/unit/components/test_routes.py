"""Rules with their targets, retries and dead letters; functions with their roles."""

import base64
import io
import json
import zipfile
from typing import Any

import pulumi
import pytest

from components import Chat, ChatPlatform, Delivery, Language, RetryStrategy, Source, patterns
from components.chat_deliveries import ChatDeliveries, ChatDeliveriesArgs
from components.chat_delivery import ChatDelivery
from components.event_archive import EventArchive, EventArchiveArgs
from components.event_route import EventRoute
from components.loop_context import LoopContext
from components.loop_function import LoopFunction, LoopFunctionArgs
from components.onboarding_route import OnboardingRoute
from components.request_route import RequestRoute, RequestRouteArgs
from components.result_route import ResultRoute
from components.targets import TargetArgs
from tests.unit.components.conftest import QUEUE
from tests.unit.fake_engine import FakeEngine, Made

ARN = "acs:fc:cn-hangzhou:1234567890123456:functions/"
LOGS = "acs:log:cn-hangzhou:1234567890123456:project/loop-logs/logstore/"
BUS = "acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/loop"
ECS = "acs:ecs:cn-hangzhou:1234567890123456"
MNS = "acs:mns:cn-hangzhou:1234567890123456:/queues/"
RECEIVE = [
    "mns:ReceiveMessage",
    "mns:BatchReceiveMessage",
    "mns:DeleteMessage",
    "mns:BatchDeleteMessage",
    "mns:ChangeMessageVisibility",
]


def allowed(engine: FakeEngine, policy: str) -> list[tuple[list[str], list[str]]]:
    """Return actions and resources of each statement of a policy."""
    document = json.loads(engine.one("Policy", policyName=policy).inputs["policyDocument"])
    return [(s["Action"], s["Resource"]) for s in document["Statement"]]


def target(rule: Made) -> dict[str, Any]:
    """Return the only target of a rule."""
    (found,) = rule.inputs["targets"]
    return dict(found)


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


class TestEventRoute:
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
            lambda: EventRoute(
                "route",
                {
                    "context": {**context, "retry": retry},
                    "rule_name": "r",
                    "description": "d",
                    "pattern": "{}",
                    "targets": [given],
                },
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
        assert "provisioning:index:EventRoute$alicloud:eventbridge/rule:Rule" in rule.urn


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

    @pytest.mark.parametrize("size", [10, 4096])
    def test_a_secret_document_stays_secret(
        self, engine: FakeEngine, context: LoopContext, size: int
    ) -> None:
        """Whether as a variable or as a file, a secret is encrypted in the state."""
        engine.run(
            lambda: LoopFunction(
                "part",
                function_args(context, documents={"CHATS": pulumi.Output.secret("x" * size)}),
            )
        )
        made = engine.one("V3Function")
        assert made.is_secret("environmentVariables", "CHATS")
        assert made.is_secret("code", "zipFile")

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
            (["mns:SendMessage"], [f"{MNS}loop-dead-letters/messages"]),
            (["log:PostLogStoreLogs"], [f"{LOGS}functions"]),
        ]

    def test_run_command_looks_every_minute(self, engine: FakeEngine, context: LoopContext) -> None:
        """What was put off has a reader, also when no approval comes."""
        engine.run(lambda: RequestRoute("requests", self.args(context)))
        assert engine.one("V3Trigger").inputs["functionName"] == "loop-run-command"

    def test_what_is_put_off_waits_as_long_as_a_queue_keeps_it(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """A message is hidden for longer than the call that received it can take."""
        engine.run(lambda: RequestRoute("requests", self.args(context)))
        queue = engine.one("ServiceQueue").inputs
        assert queue == {
            "queueName": "loop-later",
            "messageRetentionPeriod": 604_800,
            "visibilityTimeout": 240,
            "tags": {"app": "loop"},
        }
        assert engine.one("V3Function").inputs["timeout"] < queue["visibilityTimeout"]


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
            "DEAD_LETTER_QUEUE": "loop-dead-letters",
        }
        assert allowed(engine, "loop-publish-result") == [
            (
                ["ecs:DescribeInvocations"],
                [f"{ECS}:command/*", f"{ECS}:instance/*"],
            ),
            (["ecs:DescribeInstances"], [f"{ECS}:instance/*"]),
            (["eventbridge:PutEvents"], [BUS]),
            (["mns:SendMessage"], [f"{MNS}loop-dead-letters/messages"]),
            (["log:PostLogStoreLogs"], [f"{LOGS}functions"]),
        ]


def chat(
    platform: ChatPlatform, delivery: Delivery, secret: str | None = "s3cret", name: str = "ops"
) -> Chat:
    """Return a chat; must be called while a program runs."""
    made: Chat = {
        "name": name,
        "platform": platform,
        "delivery": delivery,
        "language": Language.ENGLISH,
        "webhook": pulumi.Output.secret(f"https://chat.example/{name}"),
    }
    if secret is not None:
        made["signing_secret"] = pulumi.Output.secret(secret)
    return made


class TestChats:
    """Messages."""

    @staticmethod
    def args(context: LoopContext, *chats: Chat) -> ChatDeliveriesArgs:
        """Return the arguments of the deliveries to these chats."""
        return {"context": context, "chats": list(chats), "document": "{}"}

    @pytest.mark.parametrize(
        ("platform", "secret", "kind"),
        [(ChatPlatform.DINGTALK, "s", "acs.dingtalk"), (ChatPlatform.LARK, None, "https")],
    )
    def test_a_chat_that_eventbridge_posts_to_has_two_rules(
        self,
        engine: FakeEngine,
        context: LoopContext,
        platform: ChatPlatform,
        secret: str | None,
        kind: str,
    ) -> None:
        """One for success and one for all else, each with the platform's target."""
        engine.run(
            lambda: ChatDeliveries(
                "chats", self.args(context, chat(platform, Delivery.WEBHOOK, secret))
            )
        )
        found = {r.inputs["ruleName"]: r for r in engine.all("Rule")}
        assert {name: rule.inputs["filterPattern"] for name, rule in found.items()} == {
            "completed-ops": patterns.completed("ops"),
            "failed-ops": patterns.failed("ops"),
        }
        assert {target(rule)["type"] for rule in found.values()} == {kind}

    def test_all_other_chats_share_one_rule(self, engine: FakeEngine, context: LoopContext) -> None:
        """Their results go into the queue, and the function is woken without being waited for."""
        engine.run(
            lambda: ChatDeliveries(
                "chats",
                self.args(
                    context,
                    chat(ChatPlatform.DINGTALK, Delivery.FUNCTION, name="ops"),
                    chat(ChatPlatform.LARK, Delivery.FUNCTION, name="people"),
                    chat(ChatPlatform.DINGTALK, Delivery.WEBHOOK, name="audit"),
                ),
            )
        )
        rule = engine.one("Rule", ruleName="results")
        assert rule.inputs["filterPattern"] == patterns.results(["audit"])
        queue, wake = rule.inputs["targets"]
        assert (queue["type"], queue["endpoint"]) == (
            "acs.mns.queue",
            "acs:mns:cn-hangzhou:1234567890123456:queues/loop-chats",
        )
        given = {p["resourceKey"]: p.get("value") for p in wake["paramLists"]}
        assert wake["endpoint"] == f"{ARN}loop-post-to-chat"
        assert (given["InvocationType"], given["Body"]) == ("Async", '{"wake": "chats"}')
        assert {t["deadLetterQueue"]["arn"] for t in (queue, wake)} == {QUEUE}

    def test_a_hundred_chats_need_no_rules_of_their_own(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """The number of chats is not limited by a bus's rules."""

        def program() -> ChatDeliveries:
            every = [
                chat(ChatPlatform.LARK, Delivery.FUNCTION, name=f"chat-{n}") for n in range(100)
            ]
            return ChatDeliveries("chats", self.args(context, *every))

        engine.run(program)
        assert len(engine.all("Rule")) == 1

    def test_one_call_at_a_time_posts(self, engine: FakeEngine, context: LoopContext) -> None:
        """The function runs alone, once a minute if nobody wakes it; old wakes are dropped."""
        engine.run(
            lambda: ChatDeliveries(
                "chats", self.args(context, chat(ChatPlatform.LARK, Delivery.FUNCTION))
            )
        )
        assert engine.one("V3ConcurrencyConfig").inputs["reservedConcurrency"] == 1
        assert engine.one("V3Trigger").inputs["functionName"] == "loop-post-to-chat"
        calls = engine.one("V3AsyncInvokeConfig").inputs
        assert (calls["maxAsyncRetryAttempts"], calls["maxAsyncEventAgeInSeconds"]) == (1, 300)
        queues = {q.inputs["queueName"]: q.inputs for q in engine.all("ServiceQueue")}
        kept = {
            name: (queue["messageRetentionPeriod"], queue["visibilityTimeout"])
            for name, queue in queues.items()
        }
        assert kept == {"loop-chats": (604_800, 120), "loop-sent": (600, 1)}

    @pytest.mark.parametrize(
        ("platform", "secret"), [(ChatPlatform.DINGTALK, "s3cret"), (ChatPlatform.LARK, None)]
    )
    def test_a_webhook_stays_secret_in_its_rule(
        self, engine: FakeEngine, context: LoopContext, platform: ChatPlatform, secret: str | None
    ) -> None:
        """Endpoint, URL and signing secret of a target are encrypted in the state."""
        engine.run(
            lambda: ChatDelivery(
                "chat", {"context": context, "chat": chat(platform, Delivery.WEBHOOK, secret)}
            )
        )
        for rule in engine.all("Rule"):
            keys = [p["resourceKey"] for p in target(rule)["paramLists"]]
            secret_keys = {
                key
                for place, key in enumerate(keys)
                if rule.is_secret("targets", 0, "paramLists", place, "value")
            }
            wanted = {"URL", "SecretKey"} if platform is ChatPlatform.DINGTALK else {"url"}
            assert wanted <= secret_keys
            assert rule.is_secret("targets", 0, "endpoint")

    @pytest.mark.parametrize(
        ("platform", "secret"), [(ChatPlatform.DINGTALK, "s3cret"), (ChatPlatform.LARK, None)]
    )
    def test_a_webhook_gets_the_finished_message(
        self, engine: FakeEngine, context: LoopContext, platform: ChatPlatform, secret: str | None
    ) -> None:
        """The rule hands over the body that publish-result made for the platform."""
        engine.run(
            lambda: ChatDelivery(
                "chat", {"context": context, "chat": chat(platform, Delivery.WEBHOOK, secret)}
            )
        )
        for rule in engine.all("Rule"):
            (body,) = [p for p in target(rule)["paramLists"] if p["resourceKey"] == "Body"]
            assert (body["form"], body["value"]) == ("JSONPATH", "$.data.message")

    def test_the_function_knows_only_the_chats_that_it_serves(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """One function for all chats with that delivery; their addresses are one secret."""
        engine.run(
            lambda: ChatDeliveries(
                "chats",
                self.args(
                    context,
                    chat(ChatPlatform.DINGTALK, Delivery.FUNCTION, name="ops"),
                    chat(ChatPlatform.LARK, Delivery.FUNCTION, None, name="people"),
                    chat(ChatPlatform.DINGTALK, Delivery.WEBHOOK, name="audit"),
                ),
            )
        )
        made = engine.one("V3Function")
        variables = dict(made.inputs["environmentVariables"])
        assert json.loads(variables.pop("CHATS")) == {
            "ops": {
                "platform": "dingtalk",
                "webhook": "https://chat.example/ops",
                "secret": "s3cret",
            },
            "people": {"platform": "lark", "webhook": "https://chat.example/people"},
        }
        assert variables == {
            "CHAT_QUEUE": "loop-chats",
            "SENT_QUEUE": "loop-sent",
            "DEAD_LETTER_QUEUE": "loop-dead-letters",
            "LOOP": "{}",
        }
        assert made.is_secret("environmentVariables", "CHATS")
        own = [f"{MNS}loop-chats/messages", f"{MNS}loop-sent/messages"]
        assert allowed(engine, "loop-post-to-chat") == [
            (["mns:SendMessage"], own),
            (RECEIVE, own[:1]),
            (RECEIVE[:2], own[1:]),
            (["mns:SendMessage"], [f"{MNS}loop-dead-letters/messages"]),
            (["log:PostLogStoreLogs"], [f"{LOGS}functions"]),
        ]

    def test_without_such_a_chat_there_is_no_function(
        self, engine: FakeEngine, context: LoopContext
    ) -> None:
        """A function that nobody would call is not made, nor its queues."""
        found = engine.run(
            lambda: {
                "functions": ChatDeliveries(
                    "chats", self.args(context, chat(ChatPlatform.LARK, Delivery.WEBHOOK, None))
                ).functions
            }
        )
        assert (engine.all("V3Function"), found["functions"][0]) == ([], {})
        assert engine.all("ServiceQueue") == []


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
        }
        assert made.is_secret("environmentVariables", "HEADERS")
        assert made.inputs["timeout"] == 15
        assert allowed(engine, "loop-call-http-api") == [
            (["log:PostLogStoreLogs"], [f"{LOGS}functions"])
        ]


def test_an_old_rule_goes_before_the_new_one_comes(
    engine: FakeEngine, context: LoopContext
) -> None:
    """Another target replaces a rule; beside the old one of its name no new one can be made."""
    to: TargetArgs = {"id": "t", "type": "acs.fc.function", "endpoint": ARN, "parameters": []}
    engine.run(
        lambda: EventRoute(
            "route",
            {
                "context": context,
                "rule_name": "r",
                "description": "d",
                "pattern": "{}",
                "targets": [to],
            },
        )
    )
    assert engine.one("Rule").replaced_by_delete_first
