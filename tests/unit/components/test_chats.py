"""The rules, queues and function that tell the chats."""

import json

import pulumi
import pytest

from components import Chat, ChatPlatform, Delivery, Language, patterns
from components.chat_deliveries import ChatDeliveries, ChatDeliveriesArgs
from components.chat_delivery import ChatDelivery
from components.loop_context import LoopContext
from tests.unit.components.conftest import QUEUE
from tests.unit.components.declared import ARN, LOGS, MNS, RECEIVE, allowed, target
from tests.unit.fake_engine import FakeEngine


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
        assert (given["InvocationType"], given["Body"]) == ("Async", '{"wake": "queue"}')
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
