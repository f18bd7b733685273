"""The three stacks, each run whole: what they ask for, and that they keep their secrets."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from components import RetryStrategy
from demo.play import CONFIGURATION
from functions.call_http_api import decide as call_http_api
from functions.post_to_chat import chats as post_to_chat
from functions.request import deployment
from functions.run_command import settings as run_command
from localcloud.configuration import read
from localcloud.settings import CloudSettings
from scripts.provision import catalogue, render
from scripts.provision.render import MAX_BASE64_BYTES
from stacks.problems import REGIONS
from stacks.secret_keys import secret_keys
from tests.unit.fake_engine import FakeEngine, Made
from tests.unit.stacks.conftest import PROJECT, fake_secrets, ran, settings_of, stack_file

STACKS = ["dev", "local", "prod"]
_SECRET_MARK = "4dabf18193072939515e22adb298388d"

Stack = tuple[str, FakeEngine, dict[str, tuple[Any, bool]]]


@pytest.fixture(scope="module", params=STACKS)
def stack(request: pytest.FixtureRequest) -> Stack:
    """Run a stack's program once for all tests of this module."""
    return (request.param, *ran(request.param))


@pytest.fixture(scope="module")
def prod() -> FakeEngine:
    """Run the production stack."""
    return ran("prod")[0]


def environment(engine: FakeEngine, function: str) -> dict[str, str]:
    """Return a function's environment."""
    (made,) = [f for f in engine.all("V3Function") if f.inputs["functionName"].endswith(function)]
    return dict(made.inputs["environmentVariables"])


def shown(value: Any) -> Iterator[str]:
    """Return every text of a request that is not marked as a secret."""
    if isinstance(value, dict):
        if _SECRET_MARK in value:
            return
        for inner in value.values():
            yield from shown(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from shown(inner)
    elif isinstance(value, str):
        yield value


def kinds(engine: FakeEngine) -> dict[str, int]:
    """Count the resources by kind."""
    counted: dict[str, int] = {}
    for made in engine.resources:
        counted[made.kind] = counted.get(made.kind, 0) + 1
    return dict(sorted(counted.items()))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "local",
            # Native approvals: a bus, a function with role and queue, four rules, three triggers.
            {"Command": 2, "EventBus": 2, "EventSourceV2": 3, "Index": 2, "Policy": 7, "Project": 1}
            | {"Role": 7, "RolePolicyAttachment": 7, "Rule": 13, "ServiceQueue": 9, "Store": 2}
            | {"V3AsyncInvokeConfig": 6, "V3ConcurrencyConfig": 2, "V3Function": 6}
            | {"V3ProvisionConfig": 1, "V3Trigger": 8},
        ),
        (
            "dev",
            {"Alarm": 2, "AlarmContact": 1, "AlarmContactGroup": 1}
            | {
                "Command": 2,
                "EventBus": 1,
                "EventSourceV2": 3,
                "Index": 2,
                "Policy": 6,
                "Project": 1,
            }
            | {"Role": 6, "RolePolicyAttachment": 6, "Rule": 5, "ServiceQueue": 8, "Store": 2}
            | {"V3AsyncInvokeConfig": 5, "V3ConcurrencyConfig": 2, "V3Function": 5, "V3Trigger": 5},
        ),
        (
            "prod",
            {"Alarm": 2, "AlarmContact": 1, "AlarmContactGroup": 1}
            | {
                "Command": 2,
                "EventBus": 1,
                "EventSourceV2": 3,
                "Index": 2,
                "Policy": 6,
                "Project": 1,
            }
            | {"Role": 6, "RolePolicyAttachment": 6, "Rule": 5, "ServiceQueue": 8, "Store": 2}
            | {"V3AsyncInvokeConfig": 5, "V3ConcurrencyConfig": 3, "V3Function": 5, "V3Trigger": 5},
        ),
    ],
)
def test_a_stack_is_so_many_resources(name: str, expected: dict[str, int]) -> None:
    """Whoever adds a resource sees it here."""
    assert kinds(ran(name)[0]) == dict(sorted(expected.items()))


def test_no_secret_is_shown(stack: Stack) -> None:
    """No secret of the configuration stands in clear in anything that the engine gets."""
    name, engine, _ = stack
    values = {**stack_file(name), **fake_secrets(name)}
    secrets = [values[f"{PROJECT}:{key}"] for key, _ in secret_keys(settings_of(name))]
    assert secrets
    for made in engine.made:
        for text in shown(made.wire):
            assert [secret for secret in secrets if secret in text] == [], made.urn


def test_no_secret_is_hidden_in_an_archive(stack: Stack) -> None:
    """No archive holds one, so none is a secret, and a preview can name the files that change."""
    name, engine, _ = stack
    values = {**stack_file(name), **fake_secrets(name)}
    secrets = [values[f"{PROJECT}:{key}"].encode() for key, _ in secret_keys(settings_of(name))]
    for made in engine.all("V3Function"):
        assert not made.is_secret("code", "zipFile")
        packed = base64.b64decode(made.inputs["code"]["zipFile"])
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            for file in archive.namelist():
                content = archive.read(file)
                assert [secret for secret in secrets if secret in content] == [], file


def test_outputs_are_what_the_stack_promises(stack: Stack) -> None:
    """Webhooks by source, secret; ids and names that other tools ask for."""
    name, _, outputs = stack
    settings = settings_of(name)
    assert sorted(outputs) == [
        "account_id",
        *(["approval_urls"] if settings.native else []),
        "bus_name",
        "command_id",
        "dead_letter_queue",
        "deprovision_command_id",
        "functions",
        "instance_ids",
        "log_project",
        "region",
        "webhooks",
    ]
    sources = [*settings.sources, settings.onboarding.source if settings.onboarding else ""]
    assert sorted(outputs["webhooks"][0]) == sorted(sources)
    assert {key for key, (_, is_secret) in outputs.items() if is_secret} == {"webhooks"}
    ids = [i for group in settings.instances.values() for i in group.ids]
    assert outputs["instance_ids"][0] == ids


def test_the_functions_accept_what_the_stack_tells_them(stack: Stack) -> None:
    """Each function reads its environment without complaint, and finds the same stack in it."""
    name, engine, _ = stack
    settings = settings_of(name)
    told = run_command.read(environment(engine, "run-command"))
    assert told.timeout_seconds == settings.command.timeout_seconds
    assert sorted(told.deployment.roles) == sorted(settings.roles)
    assert sorted(told.tokens) == sorted(
        source for source, given in settings.sources.items() if given.token_required
    )
    assert deployment.read(environment(engine, "publish-result")) == told.deployment
    assert sorted(told.deployment.chats) == sorted(settings.chats)
    for source, given in settings.sources.items():
        asked = {"action": given.actions, "role": given.roles, "chat": given.chats}
        limits = {field: listed for field, listed in asked.items() if listed}
        assert told.deployment.sources[source].limits == limits
    chats = post_to_chat.read(environment(engine, "post-to-chat"))
    by_function = [c for c, given in settings.chats.items() if given.delivery.value == "function"]
    assert sorted(chats) == sorted(by_function)
    api = call_http_api.settings(environment(engine, "call-http-api"))
    assert settings.onboarding
    assert api.endpoint == settings.onboarding.endpoint


def test_the_script_fits_into_a_command(stack: Stack) -> None:
    """Both commands hold the rendered script of the stack's roles, within the size limit."""
    name, engine, _ = stack
    contents = [command.inputs["commandContent"] for command in engine.all("Command")]
    assert all(len(content) <= MAX_BASE64_BYTES for content in contents)
    roles = settings_of(name).roles
    scripts = [
        render.render(catalogue.load(), action, roles=roles).text
        for action in ("provision", "deprovision")
    ]
    assert {base64.b64decode(content).decode() for content in contents} == set(scripts)
    assert [role for role in roles if role not in scripts[0]] == []


def test_physical_names_begin_with_the_prefix(stack: Stack) -> None:
    """Everything that has a name of its own in the account carries the stack's prefix."""
    name, engine, _ = stack
    prefix = settings_of(name).prefix
    for kind, key in {
        "EventBus": "eventBusName",
        "ServiceQueue": "queueName",
        "Project": "projectName",
        "Command": "name",
        "V3Function": "functionName",
        "Role": "roleName",
        "Policy": "policyName",
    }.items():
        for made in engine.all(kind):
            assert made.inputs[key].startswith(prefix), made.urn


def test_a_stack_can_be_deployed_where_it_says(stack: Stack) -> None:
    """Its region has all services, and everything is made there, by the stack's account."""
    name, _, outputs = stack
    assert stack_file(name)["alicloud:region"] in REGIONS
    assert stack_file(name)["alicloud:region"] == outputs["region"][0]
    assert settings_of(name).account_id == outputs["account_id"][0]


@pytest.mark.parametrize("name", STACKS)
def test_only_the_local_stack_holds_its_secrets(name: str) -> None:
    """The files of real stacks hold no secret and no key; the local one's open nothing."""
    keys = sorted(key for key in stack_file(name) if key != f"{PROJECT}:settings")
    if name != "local":
        assert keys == ["alicloud:region"]


def test_dev_and_prod_can_share_an_account() -> None:
    """They share no source name, which the provider looks up over all buses, and no prefix."""
    dev, prod = settings_of("dev"), settings_of("prod")
    assert dev.onboarding
    assert prod.onboarding
    names = [{*s.sources, s.onboarding.source} for s in (dev, prod) if s.onboarding]
    assert names[0] & names[1] == set()
    assert dev.prefix != prod.prefix
    assert dev.log_project != prod.log_project


class TestProd:
    """What production asks for beyond development."""

    def test_every_source_asks_for_its_secret(self, prod: FakeEngine) -> None:
        """The URL's token alone is not enough."""
        told = run_command.read(environment(prod, "run-command"))
        assert all(source.token_required for source in told.deployment.sources.values())

    def test_every_source_takes_listed_addresses_only(self, prod: FakeEngine) -> None:
        """Whoever posts from elsewhere is refused by EventBridge itself."""
        doors = [s.inputs["sourceHttpEventParameters"] for s in prod.all("EventSourceV2")]
        assert {door["securityConfig"] for door in doors} == {"ip"}
        assert all(1 <= len(door["ips"]) <= 5 for door in doors)

    def test_a_source_is_limited(self, prod: FakeEngine) -> None:
        """Whoever writes in Lark's table cannot ask for the databases."""
        loop = json.loads(environment(prod, "run-command")["LOOP"])
        assert (loop["sources"]["lark.approval"]["roles"]) == ["devops"]
        assert "roles" not in loop["sources"]["dingtalk.approval"]

    def test_bus_and_sources_are_protected(self, prod: FakeEngine) -> None:
        """Their webhook URLs are known outside and would change; so are archive and letters."""
        protected = [m.kind for m in prod.made if m.protected]
        kept = ["Project", "ServiceQueue", "Store", "Store"]
        assert sorted(protected) == ["EventBus", *["EventSourceV2"] * 3, *kept]

    def test_a_target_is_tried_for_a_day(self, prod: FakeEngine) -> None:
        """Every rule retries with the stricter policy."""
        used = {t["pushRetryStrategy"] for r in prod.all("Rule") for t in r.inputs["targets"]}
        assert used == {RetryStrategy.EXPONENTIAL_DECAY.value}

    def test_things_are_kept_longer(self, prod: FakeEngine) -> None:
        """Dead letters as long as a queue can, events and logs for months."""
        letters = prod.one("ServiceQueue", queueName="provisioning-prod-dead-letters")
        assert letters.inputs["messageRetentionPeriod"] == 604_800
        kept = {s.inputs["logstoreName"]: s.inputs["retentionPeriod"] for s in prod.all("Store")}
        assert kept == {"events": 180, "functions": 90}

    def test_requests_are_started_a_few_at_a_time(self, prod: FakeEngine) -> None:
        """A Monday morning does not run into Cloud Assistant's limits."""
        name = "provisioning-prod-run-command"
        made: Made = prod.one("V3ConcurrencyConfig", functionName=name)
        assert made.inputs["reservedConcurrency"] == 10


def test_local_is_what_the_local_cloud_knows() -> None:
    """Account and chats are the demo's, reached through the local cloud's proxy names."""
    values, cloud = stack_file("local"), CloudSettings()
    chats = read(CONFIGURATION).chats
    assert {"alicloud:accessKey", "alicloud:secretKey"} & set(values) == set()
    assert settings_of("local").account_id == cloud.account_id
    assert values["alicloud:region"] == cloud.region
    for name, chat in settings_of("local").chats.items():
        assert chats[name].platform == chat.platform.value
        assert values[f"{PROJECT}:chat-{name}-webhook"] == chats[name].webhook
        assert values.get(f"{PROJECT}:chat-{name}-secret", "") == chats[name].secret
    for name in values["alicloud:endpoints"][0].values():
        assert name.endswith(".localcloud.invalid")
    assert json.dumps(values).count("127.0.0.1") == 0
