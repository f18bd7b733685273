"""The loop as a whole: that its parts are wired to each other."""

import json
from typing import Any

import pulumi
import pulumi_alicloud as alicloud
import pytest
from pulumi.runtime.rpc import UNKNOWN

from components import (
    ChatPlatform,
    Delivery,
    Language,
    ProvisioningLoop,
    ProvisioningLoopArgs,
    RetryStrategy,
)
from components.cloud_assistant_command import sha256
from tests.unit.components.declared import policy_of
from tests.unit.fake_engine import FakeEngine


def args(**changes: Any) -> ProvisioningLoopArgs:
    """Return the smallest loop; must be called while a program runs."""
    given: ProvisioningLoopArgs = {
        "region": "cn-hangzhou",
        "account_id": "1234567890123456",
        "name_prefix": "loop",
        "bus": {"description": "d"},
        "sources": [
            {"name": "dingtalk.approval", "platform": ChatPlatform.DINGTALK, "chat": "ops"}
        ],
        "chats": [
            {
                "name": "ops",
                "platform": ChatPlatform.DINGTALK,
                "delivery": Delivery.FUNCTION,
                "language": Language.ENGLISH,
                "webhook": pulumi.Output.secret("https://chat.example/ops"),
            }
        ],
        "default_chat": "ops",
        "roles": [{"role": "devops", "instance_ids": ["i-a"]}],
        "scripts": {
            "provision": "echo provision {{emp_id}} {{role}}",
            "deprovision": "echo deprovision {{emp_id}} {{role}}",
        },
        "command": {"timeout_seconds": 300, "working_directory": "/root"},
        "stale_after_seconds": 3600,
        "log_project": "loop-logs",
        "retention": {"dead_letters_seconds": 60},
        "retry": RetryStrategy.EXPONENTIAL_DECAY,
        "tags": {"app": "loop"},
    }
    given.update(changes)  # type: ignore[typeddict-item]  # whatever a test changes
    return given


ONBOARDING = {
    "source": "dingtalk.member",
    "endpoint": "https://hr.example.com",
    "method": "POST",
    "headers": {},
    "timeout_seconds": 10,
}


@pytest.fixture(scope="module")
def smallest() -> FakeEngine:
    """Run the smallest loop, once for the tests that only look at it."""
    engine = FakeEngine()
    engine.run(lambda: ProvisioningLoop("loop", args()))
    return engine


@pytest.fixture(scope="module")
def onboarding() -> FakeEngine:
    """Run a loop with onboarding, once for the tests that only look at it."""
    engine = FakeEngine()
    engine.run(lambda: ProvisioningLoop("loop", args(onboarding=ONBOARDING)))
    return engine


def test_every_target_has_the_loops_retry_and_queue(onboarding: FakeEngine) -> None:
    """No rule of the loop can lose an event."""
    queue = "acs:mns:cn-hangzhou:1234567890123456:/queues/loop-dead-letters"
    targets = [target for rule in onboarding.all("Rule") for target in rule.inputs["targets"]]
    assert len(targets) == 9
    assert {t["pushRetryStrategy"] for t in targets} == {"EXPONENTIAL_DECAY_RETRY"}
    assert {t["deadLetterQueue"]["arn"] for t in targets} == {queue}


def test_a_changed_command_is_allowed_by_a_policy_of_its_own() -> None:
    """Its name is another one, so that it is made before the old one goes; and known beforehand."""
    names = set()
    for changed in ({}, {"timeout_seconds": 77}, {"working_directory": "/tmp"}):
        made = FakeEngine()
        made.run(lambda made=made, changed=changed: ProvisioningLoop("loop", args(command=changed)))  # type: ignore[misc]
        name = policy_of(made, "loop-run-command").inputs["policyName"]
        assert name.startswith("loop-run-command-")
        names.add(name)
    assert len(names) == 3
    assert policy_of(made, "loop-publish-result").inputs["policyName"] == "loop-publish-result"


def test_both_commands_are_known_to_the_function_and_its_policy(engine: FakeEngine) -> None:
    """run-command gets the ids that the cloud gave, and may run exactly these."""
    found = engine.run(
        lambda: {
            "ids": pulumi.Output.all(
                (loop := ProvisioningLoop("loop", args())).command_id, loop.deprovision_command_id
            )
        }
    )
    ids = found["ids"][0]
    run_command = engine.one("V3Function", functionName="loop-run-command")
    variables = run_command.inputs["environmentVariables"]
    assert [variables["CommandId"], variables["DeprovisionCommandId"]] == ids
    policy = json.loads(policy_of(engine, "loop-run-command").inputs["policyDocument"])
    commands = [r for r in policy["Statement"][0]["Resource"] if "command/" in r]
    assert [r.rpartition("/")[2] for r in commands] == ids


def test_the_end_of_both_commands_is_heard(smallest: FakeEngine) -> None:
    """The rule on bus ``default`` matches the prefix of either command's name."""
    rule = smallest.one("Rule", eventBusName="default")
    prefixes = [
        c["prefix"] for c in json.loads(rule.inputs["filterPattern"])["data"]["commandName"]
    ]
    names = [command.inputs["name"] for command in smallest.all("Command")]
    assert len(names) == 2
    for name in names:
        assert [name.startswith(prefix) for prefix in prefixes].count(True) == 1


def test_the_functions_know_the_same_stack(smallest: FakeEngine) -> None:
    """run-command and publish-result read the same document, with the script's hash in it."""
    documents = {
        smallest.one("V3Function", functionName=f"loop-{name}").inputs["environmentVariables"][
            "LOOP"
        ]
        for name in ("run-command", "publish-result")
    }
    (document,) = documents
    assert json.loads(document) == {
        "bus": "loop",
        "sources": {
            "dingtalk.approval": {"platform": "dingtalk", "chat": "ops", "token_required": False}
        },
        "chats": {"ops": {"platform": "dingtalk", "language": "en", "delivery": "function"}},
        "default_chat": "ops",
        "roles": {"devops": {"instances": ["i-a"]}},
        "stale_after_seconds": 3600,
        "script_sha256": sha256("echo provision {{emp_id}} {{role}}"),
    }


def test_a_source_with_a_secret_asks_for_it(engine: FakeEngine) -> None:
    """The document says that a token is required; the token itself is elsewhere."""

    def program() -> ProvisioningLoop:
        source = {**args()["sources"][0], "token": pulumi.Output.secret("s3cret")}
        return ProvisioningLoop("loop", args(sources=[source]))

    engine.run(program)
    run_command = engine.one("V3Function", functionName="loop-run-command")
    document = run_command.inputs["environmentVariables"]["LOOP"]
    assert json.loads(document)["sources"]["dingtalk.approval"]["token_required"] is True
    assert "s3cret" not in document


def test_what_others_need_are_outputs(engine: FakeEngine) -> None:
    """Names and ids are outputs; webhook URLs are secret ones."""

    def program() -> dict[str, Any]:
        loop = ProvisioningLoop("loop", args(onboarding=ONBOARDING))
        return {
            "webhooks": loop.webhooks,
            "bus_name": loop.bus_name,
            "functions": loop.functions,
            "dead_letter_queue": loop.dead_letter_queue,
            "log_project": loop.log_project,
        }

    assert engine.run(program) == {
        "webhooks": (
            {
                "dingtalk.approval": "https://bus.example/putEvents?token=dingtalk.approval",
                "dingtalk.member": "https://bus.example/putEvents?token=dingtalk.member",
            },
            True,
        ),
        "bus_name": ("loop", False),
        "functions": (
            {
                "run-command": "loop-run-command",
                "publish-result": "loop-publish-result",
                "call-http-api": "loop-call-http-api",
                "post-to-chat": "loop-post-to-chat",
            },
            False,
        ),
        "dead_letter_queue": ("loop-dead-letters", False),
        "log_project": ("loop-logs", False),
    }


def test_onboarding_is_optional(smallest: FakeEngine) -> None:
    """Without it there is neither source nor rule nor function for new members."""
    assert len(smallest.all("EventSourceV2")) == 1
    assert "onboarding" not in [rule.inputs["ruleName"] for rule in smallest.all("Rule")]
    assert "loop-call-http-api" not in [
        f.inputs["functionName"] for f in smallest.all("V3Function")
    ]


@pytest.mark.parametrize("wanted", [True, False])
def test_service_linked_roles_come_first_if_at_all(engine: FakeEngine, wanted: bool) -> None:
    """A rule waits for them, since EventBridge refuses a target that it may not call."""
    engine.run(lambda: ProvisioningLoop("loop", args(service_linked_roles=wanted)))
    kinds = [made.kind for made in engine.made]
    assert kinds.count("ServiceLinkedRole") == (2 if wanted else 0)
    if wanted:
        last_role = len(kinds) - 1 - kinds[::-1].index("ServiceLinkedRole")
        assert last_role < kinds.index("Rule")
        # A part of the loop depends on the roles, so that they also go last.
        roles = {role.urn for role in engine.all("ServiceLinkedRole")}
        assert roles <= set(engine.one("RequestRoute").depends_on)


def test_protection_reaches_bus_sources_and_what_is_kept(engine: FakeEngine) -> None:
    """What the caller protects is what is known outside and what is kept, and nothing else."""
    engine.run(lambda: ProvisioningLoop("loop", args(bus={"protect": True})))
    protected = sorted(made.kind for made in engine.made if made.protected)
    kept = ["Project", "ServiceQueue", "Store", "Store"]
    assert protected == ["EventBus", "EventSourceV2", *kept]


def test_everything_is_a_descendant_of_the_loop(onboarding: FakeEngine) -> None:
    """So a caller's provider, protection and aliases reach all of it."""
    parents = {made.urn: made.parent for made in onboarding.made}
    root = onboarding.one("ProvisioningLoop").urn
    for urn in parents:
        above = urn
        while above != root:
            above = parents[above]
        assert above == root


def test_every_tag_reaches_what_takes_tags(smallest: FakeEngine) -> None:
    """Functions, roles, queue and log project carry the stack's tags."""
    for kind in ("V3Function", "Role", "ServiceQueue", "Project"):
        assert [{"app": "loop"}] * len(smallest.all(kind)) == [
            made.inputs["tags"] for made in smallest.all(kind)
        ]


def test_protection_of_the_loop_reaches_everything(engine: FakeEngine) -> None:
    """Whoever protects the component protects all that it makes; no part opts out."""
    engine.run(
        lambda: ProvisioningLoop(
            "loop", args(onboarding=ONBOARDING), pulumi.ResourceOptions(protect=True)
        )
    )
    assert [made.urn for made in engine.made if not made.protected] == []


def test_a_preview_knows_what_does_not_depend_on_the_cloud() -> None:
    """Before anything exists, ids and URLs are unknown, and names, patterns and scripts are not."""
    engine = FakeEngine(preview=True)
    found = engine.run(
        lambda: {
            "bus": (loop := ProvisioningLoop("loop", args(onboarding=ONBOARDING))).bus_name,
            "webhooks": loop.webhooks,
            "command": loop.command_id,
            "functions": loop.functions,
        }
    )
    functions = {
        "run-command": "loop-run-command",
        "publish-result": "loop-publish-result",
        "call-http-api": "loop-call-http-api",
        "post-to-chat": "loop-post-to-chat",
    }
    assert ("loop", functions) == (found["bus"][0], found["functions"][0])
    assert [found["webhooks"][0], found["command"][0]] == [UNKNOWN, UNKNOWN]
    assert found["webhooks"][1], "what is unknown is a secret already"
    applied = FakeEngine()
    applied.run(lambda: ProvisioningLoop("loop", args(onboarding=ONBOARDING)))
    assert {made.urn for made in applied.made} == {made.urn for made in engine.made}
    (waiting,) = [
        made for made in engine.all("V3Function") if made.inputs["functionName"].endswith("command")
    ]
    variables = waiting.inputs["environmentVariables"]
    unknown = sorted(name for name, value in variables.items() if value == UNKNOWN)
    assert unknown == ["CommandId", "DeprovisionCommandId"], "all others can be compared"


class TestOutputs:
    """What other resources of the same program give."""

    @staticmethod
    def program() -> dict[str, Any]:
        """Make an instance and a loop that provisions it."""
        jump = alicloud.ecs.Instance("jump", instance_type="ecs.t6-c1m1.large")
        loop = ProvisioningLoop(
            "loop",
            args(
                roles=[
                    {"role": "devops", "instance_ids": [jump.id, "i-b"]},
                    {"role": "auditor", "instance_ids": [jump.id]},
                    {"role": "dba", "instance_tags": {"made-with": jump.id}},
                ],
                tags={"beside": jump.id},
            ),
        )
        return {"instances": loop.instance_ids}

    def test_an_instance_of_the_same_program_is_provisioned(self, engine: FakeEngine) -> None:
        """Its id reaches the function, its policy and the document, once each."""
        found = engine.run(self.program)
        assert found["instances"] == (["jump-id", "i-b"], False)
        variables = engine.one("V3Function", functionName="loop-run-command").inputs[
            "environmentVariables"
        ]
        assert json.loads(variables["InstanceIds"]) == ["jump-id", "i-b"]
        assert json.loads(variables["LOOP"])["roles"] == {
            "devops": {"instances": ["jump-id", "i-b"]},
            "auditor": {"instances": ["jump-id"]},
            "dba": {"tags": {"made-with": "jump-id"}},
        }
        policy = policy_of(engine, "loop-run-command").inputs["policyDocument"]
        named, by_tags, *_ = json.loads(policy)["Statement"]
        assert [r.rpartition("/")[2] for r in named["Resource"] if "instance" in r] == [
            "jump-id",
            "i-b",
        ]
        assert by_tags["Condition"] == {"StringEquals": {"acs:ResourceTag/made-with": "jump-id"}}

    def test_a_preview_knows_every_name(self) -> None:
        """An id that is not known yet hides no physical name, nor that a resource is made."""
        engine = FakeEngine(preview=True)
        engine.run(self.program)
        names = {
            made.inputs[key]
            for kind, key in {"Command": "name", "V3Function": "functionName"}.items()
            for made in engine.all(kind)
        }
        assert len(names) == 5
        assert UNKNOWN not in names
        policy = policy_of(engine, "loop-run-command")
        assert policy.inputs["policyDocument"] == UNKNOWN

    def test_a_catalogue_of_the_same_program_names_its_command_later(self) -> None:
        """The command's name ends in the script's hash: in a preview it is not known yet."""

        def program() -> None:
            jump = alicloud.ecs.Instance("jump")
            text = jump.id.apply(lambda id_: f"roles: {{devops: {{groups: [{id_}]}}}}")
            given = {key: value for key, value in args().items() if key != "scripts"}
            ProvisioningLoop("loop", {**given, "catalogue": text})  # type: ignore[typeddict-item]

        for preview in (True, False):
            engine = FakeEngine(preview=preview)
            engine.run(program)
            names = [command.inputs["name"] for command in engine.all("Command")]
            assert [UNKNOWN in name for name in names] == [preview, preview]
            # The rule that waits for their end matches the prefix, which is always known.
            pattern = engine.one("Rule", eventBusName="default").inputs["filterPattern"]
            assert "loop-deprovision-" in pattern


def test_two_loops_live_under_two_providers(engine: FakeEngine) -> None:
    """One program, two accounts: everything of a loop is made by the provider it was given."""

    def program() -> None:
        for name in ("east", "west"):
            provider = alicloud.Provider(name, region="cn-hangzhou")
            opts = pulumi.ResourceOptions(providers=[provider])
            ProvisioningLoop(name, args(name_prefix=name), opts)

    engine.run(program)
    for name in ("east", "west"):
        own = [made for made in engine.resources if f"::{name}::" in made.provider]
        assert len(own) == 41
        assert all(made.name.startswith(f"{name}-") for made in own)
