"""What a stack file may say, and what is said when it says something else."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pytest
from pydantic import BaseModel

from stacks.remedies import dotted, remove_command, secret_command, set_command, typed
from stacks.settings import Settings
from tests.unit.stacks.conftest import PROJECT, fake_secrets, run_stack, settings_of, stack_file

SETTINGS = f"{PROJECT}:settings"

Refuse = Callable[[Callable[[dict[str, Any]], None]], str]
Change = Callable[[dict[str, Any]], None]


def models(model: type[BaseModel] = Settings) -> Iterator[type[BaseModel]]:
    """Return a model and all models inside it."""
    yield model
    for field in model.model_fields.values():
        annotation = field.annotation
        for inner in (annotation, *getattr(annotation, "__args__", ())):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from models(inner)


MODELS = sorted(set(models()), key=lambda model: model.__name__)


def settings_change(**changes: Any) -> Change:
    """Change settings: ``chats__ops__platform`` is the platform of chat ops; None removes."""

    def change(values: dict[str, Any]) -> None:
        for name, value in changes.items():
            *way, last = name.split("__")
            here = values[SETTINGS]
            for step in way:
                here = here[step]
            if value is None:
                del here[last]
            else:
                here[last] = value

    return change


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_setting_is_described_with_its_unit(model: type[BaseModel]) -> None:
    """A reader needs no source code; a number says what it counts."""
    units = ("seconds", "days", "how many")
    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name}"
        if field.annotation is int:
            assert any(unit in field.description.lower() for unit in units), name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_settings_are_strict_and_frozen(model: type[BaseModel]) -> None:
    """No model takes unknown keys, changes later, or shows values in its errors."""
    shown = {
        key: model.model_config.get(key) for key in ("extra", "frozen", "hide_input_in_errors")
    }
    assert shown == {"extra": "forbid", "frozen": True, "hide_input_in_errors": True}


@pytest.mark.parametrize(
    ("change", "said", "command"),
    [
        pytest.param(
            settings_change(retri="x"),
            "settings.retri: unknown key; did you mean 'retry'?",
            set_command(("retry",), "<value>"),
            id="misspelt key",
        ),
        pytest.param(
            settings_change(chats__ops__platfrom="x"),
            "settings.chats.ops.platfrom: unknown key; did you mean 'platform'?",
            set_command(("chats", "ops", "platform"), "<value>"),
            id="misspelt key deep inside",
        ),
        pytest.param(
            settings_change(command={"zzz": 1}),
            "settings.command.zzz: unknown key; accepted here: max_parallel_requests, "
            "timeout_seconds, working_directory",
            remove_command(("command", "zzz")),
            id="key that resembles none",
        ),
        pytest.param(
            settings_change(onboarding={"source": "s", "endpoint": "http://x", "heders": []}),
            "settings.onboarding.heders: unknown key; did you mean 'headers'?",
            set_command(("onboarding", "headers"), "<value>"),
            id="misspelt key in an optional part",
        ),
        pytest.param(
            settings_change(default_chat=None),
            "settings.default_chat: missing",
            set_command(("default_chat",), "<value>"),
            id="missing key",
        ),
        pytest.param(
            settings_change(command={"timeout_seconds": 5}),
            "settings.command.timeout_seconds: must be at least 10",
            set_command(("command", "timeout_seconds"), "<value>"),
            id="number out of range",
        ),
        pytest.param(
            settings_change(chats={"Ops!": {"platform": "dingtalk"}}),
            'settings.chats["Ops!"]: not accepted as a name',
            remove_command(("chats", "Ops!")),
            id="name with wrong characters",
        ),
        pytest.param(
            settings_change(default_chat="opps"),
            "settings.default_chat: chat 'opps' is not defined; defined: audit, board, dev, oncall",
            set_command(("default_chat",), "ops"),
            id="default chat that nobody defined",
        ),
        pytest.param(
            lambda v: v[SETTINGS]["sources"]["lark.approval"].update(chat="poeple"),
            "chat 'poeple' is not defined",
            set_command(("sources", "lark.approval", "chat"), "people"),
            id="chat of a source that nobody defined",
        ),
        pytest.param(
            lambda v: v[SETTINGS]["sources"]["lark.approval"].update(chats=["people", "opps"]),
            "chat 'opps' is not defined",
            set_command(("sources", "lark.approval", "chats", 1), "ops"),
            id="chat that a source may name and nobody defined",
        ),
        pytest.param(
            lambda v: v[SETTINGS]["sources"]["lark.approval"].update(roles=["root"]),
            "'root' is not a key of roles; accepted: ",
            set_command(("sources", "lark.approval", "roles", 0), "<role>"),
            id="role that a source may ask for and nobody defined",
        ),
        pytest.param(
            lambda v: v[SETTINGS]["sources"]["lark.approval"].update(actions=["remove"]),
            'settings.sources["lark.approval"].actions[0]: ',
            set_command(("sources", "lark.approval", "actions", 0), "<value>"),
            id="action that there is not",
        ),
        pytest.param(
            settings_change(roles__juggler="app"),
            "settings.roles.juggler: role 'juggler' is not in the catalogue; it has:",
            remove_command(("roles", "juggler")),
            id="role that the catalogue lacks",
        ),
        pytest.param(
            settings_change(roles__dba="dbs"),
            "settings.roles.dba: 'dbs' is not a group of instances; defined: app, db",
            set_command(("roles", "dba"), "db"),
            id="group of instances that nobody defined",
        ),
        pytest.param(
            settings_change(instances__app={"ids": ["i-local0001"], "tags": {"a": "b"}}),
            "settings.instances.app: has both ids and tags",
            remove_command(("instances", "app", "tags")),
            id="instances by ids and tags",
        ),
        pytest.param(
            settings_change(instances__app={}),
            "settings.instances.app: has neither ids nor tags",
            set_command(("instances", "app", "ids", 0), "<i-...>"),
            id="instances by nothing",
        ),
        pytest.param(
            settings_change(
                chats={
                    f"chat-{n}": {"platform": "dingtalk", "delivery": "webhook"} for n in range(24)
                },
                default_chat="chat-0",
            ),
            "settings.chats: 24 chats with delivery: webhook are too many: each takes two rules, a "
            "bus holds 50, the loop itself takes 4; at most 23",
            set_command(("chats", "chat-9", "delivery"), "function"),
            id="more chats than a bus has rules for",
        ),
        pytest.param(
            settings_change(chats__board={"platform": "lark", "delivery": "webhook"}),
            "settings.chats.board.signed: EventBridge cannot sign for Lark",
            set_command(("chats", "board", "signed"), "false"),
            id="signed Lark chat without the function",
        ),
        pytest.param(
            settings_change(chats__audit={"platform": "wecom", "delivery": "function"}),
            "settings.chats.audit.signed: a robot of wecom checks no signature",
            set_command(("chats", "audit", "signed"), "false"),
            id="signed WeCom chat",
        ),
        pytest.param(
            settings_change(
                chats__audit={"platform": "dingtalk", "delivery": "webhook", "signed": False}
            ),
            "settings.chats.audit.signed: EventBridge's DingTalk target needs",
            set_command(("chats", "audit", "signed"), "true"),
            id="unsigned DingTalk chat without the function",
        ),
        pytest.param(
            settings_change(
                onboarding={
                    "source": "x.y",
                    "endpoint": "http://x",
                    "allowed_ips": ["1.2.3.4"],
                    "allowed_referers": ["a.b"],
                }
            ),
            "settings.onboarding.allowed_referers: a source checks either IP addresses or referers",
            remove_command(("onboarding", "allowed_referers")),
            id="addresses and referers",
        ),
        pytest.param(
            lambda v: v[SETTINGS]["sources"].update(
                {"ecs.provisioning": {"platform": "lark", "chat": "ops"}}
            ),
            "is the source of the loop's own results",
            remove_command(("sources", "ecs.provisioning")),
            id="a source with the loop's own name",
        ),
        pytest.param(
            settings_change(onboarding={"source": "ACS.ecs", "endpoint": "http://x"}),
            "settings.onboarding.source: 'ACS.ecs' is a name of Alibaba Cloud's own sources",
            set_command(("onboarding", "source"), "<name>"),
            id="a source with a name of the cloud's",
        ),
        pytest.param(
            settings_change(account_id="123"),
            "settings.account_id: must be 16 digits, in quotes",
            set_command(("account_id",), "<value>"),
            id="not an account",
        ),
        pytest.param(
            settings_change(instances__app={"tags": {f"k{n}": "v" for n in range(11)}}),
            "settings.instances.app.tags: must have at most 10 entries",
            set_command(("instances", "app", "tags"), "<value>"),
            id="more tags than a run takes",
        ),
        pytest.param(
            settings_change(instances__app={"tags": {"ACS:role": "v"}}),
            'settings.instances.app.tags["ACS:role"]: a tag by which instances are found',
            remove_command(("instances", "app", "tags", "ACS:role")),
            id="a tag that no run takes",
        ),
        pytest.param(
            settings_change(chats=["ops"]),
            "settings.chats: must hold 'name: value' lines",
            set_command(("chats",), "<value>"),
            id="a list where names belong",
        ),
        pytest.param(
            lambda v: v.update({f"{PROJECT}:chat-ops-webhook": "oapi.dingtalk.com/robot/send"}),
            "chat-ops-webhook: not a webhook of dingtalk: it does not begin with https://",
            secret_command("chat-ops-webhook"),
            id="webhook without a scheme",
        ),
        pytest.param(
            settings_change(onboarding={"source": "lark.approval", "endpoint": "http://x"}),
            "settings.onboarding.source: 'lark.approval' is already a source of approvals",
            set_command(("onboarding", "source"), "<name>"),
            id="one source for two purposes",
        ),
        pytest.param(
            settings_change(region="cn-hangzhou"),
            "settings.region: not accepted; the region is set once, by alicloud:region",
            remove_command(("region",)),
            id="region in a second place",
        ),
        pytest.param(
            lambda v: v.update({"alicloud:region": "cn-hangzho"}),
            "alicloud:region: 'cn-hangzho' is not a region that has all services of the loop",
            "pulumi config set alicloud:region cn-hangzhou",
            id="unsupported region",
        ),
        pytest.param(
            lambda v: v.pop("alicloud:region"),
            "alicloud:region: missing",
            "pulumi config set alicloud:region <region>",
            id="provider without a region",
        ),
        pytest.param(
            lambda v: v.update({"alicloud:accountId": "1000000000000009"}),
            "alicloud:accountId: '1000000000000009' differs from settings.account_id",
            "pulumi config rm alicloud:accountId",
            id="provider in another account",
        ),
        pytest.param(
            lambda v: v.pop(f"{PROJECT}:chat-ops-webhook"),
            "chat-ops-webhook: missing; it is the webhook URL of chat 'ops'",
            secret_command("chat-ops-webhook"),
            id="missing webhook",
        ),
        pytest.param(
            lambda v: v.pop(f"{PROJECT}:chat-people-secret"),
            "chat-people-secret: missing; it is the signing secret of chat 'people'",
            secret_command("chat-people-secret"),
            id="missing signing secret",
        ),
        pytest.param(
            lambda v: v[SETTINGS]["sources"]["dingtalk.approval"].update(token_required=True),
            "source-dingtalk.approval-token: missing",
            secret_command("source-dingtalk.approval-token"),
            id="missing secret of a source",
        ),
        pytest.param(
            lambda v: v.pop(f"{PROJECT}:onboarding-header-Authorization"),
            "onboarding-header-Authorization: missing",
            secret_command("onboarding-header-Authorization"),
            id="missing header",
        ),
        pytest.param(
            lambda v: v.pop(SETTINGS),
            "settings: missing",
            set_command(("environment",), "<name>"),
            id="no settings at all",
        ),
        pytest.param(
            settings_change(roles_file="no/such/file.yaml"),
            "settings.roles_file: there is no file",
            set_command(("roles_file",), "<path>"),
            id="catalogue that is not there",
        ),
    ],
)
def test_a_wrong_setting_names_its_key_and_the_command_that_mends_it(
    load_with: Refuse, change: Change, said: str, command: str
) -> None:
    """The program stops before the first resource, in words that can be acted on."""
    message = load_with(change)
    assert said in message
    assert f"\n      {typed(command, 'local')}" in message


def test_all_problems_are_said_at_once(load_with: Refuse) -> None:
    """Nobody has to run the program five times to find five mistakes."""

    def change(values: dict[str, Any]) -> None:
        values[SETTINGS]["default_chat"] = "nobody"
        values["alicloud:region"] = "mars-1"
        del values[f"{PROJECT}:chat-ops-webhook"]

    message = load_with(change)
    for key in ("settings.default_chat", "alicloud:region", "chat-ops-webhook"):
        assert f"\n  {key}: " in message


def test_a_secret_in_the_wrong_place_is_not_shown(load_with: Refuse) -> None:
    """A webhook written into the settings is refused without its value."""
    url = "https://oapi.dingtalk.com/robot/send?access_token=very-secret"
    message = load_with(settings_change(chats__ops__webhook=url))
    assert "settings.chats.ops.webhook: unknown key" in message
    assert "very-secret" not in message


@pytest.mark.parametrize("given", ["https://robot.example/?key=very-secret", "5", ["very-secret"]])
def test_settings_that_are_no_mapping_are_not_shown(load_with: Refuse, given: object) -> None:
    """A value in the place of the settings is refused in one line that does not repeat it."""
    message = load_with(lambda values: values.update({SETTINGS: given}))
    assert "settings: must be a mapping of keys to values" in message
    assert "very-secret" not in message


def test_dead_letters_wait_as_long_as_the_queue_service_keeps_them() -> None:
    """Seven days are accepted, one second more is not: MNS would refuse it halfway."""
    data = settings_of("local").model_dump()
    data["retention"]["dead_letters_seconds"] = 604_800
    assert Settings.model_validate(data).retention.dead_letters_seconds == 604_800
    data["retention"]["dead_letters_seconds"] += 1
    with pytest.raises(ValueError, match="less than or equal to 604800"):
        Settings.model_validate(data)


def test_an_account_id_may_be_a_number() -> None:
    """``pulumi config set --path`` stores digits as a number."""
    data = settings_of("local").model_dump()
    data["account_id"] = 1_234_567_890_123_456
    assert Settings.model_validate(data).account_id == "1234567890123456"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("chats", "ops", "signed"), "settings.chats.ops.signed"),
        (("sources", "lark.approval", "chat"), 'settings.sources["lark.approval"].chat'),
        (("instances", "app", "ids", 0), "settings.instances.app.ids[0]"),
    ],
)
def test_a_path_is_written_as_pulumi_reads_it(path: tuple[str | int, ...], text: str) -> None:
    """Dots inside a name are quoted, as ``pulumi config set --path`` wants it."""
    assert dotted(path) == text


def test_a_command_can_be_pasted_into_a_shell() -> None:
    """It names the stack, and brackets and quotes of a path are quoted for the shell."""
    expected = (
        "pulumi config set --stack prod --path "
        "'ecs-provisioning-loop:settings.sources[\"lark.approval\"].chat' people"
    )
    assert typed(set_command(("sources", "lark.approval", "chat"), "people"), "prod") == expected


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_secret_in_plain_text_is_refused(stack: str) -> None:
    """Whatever was set without --secret stands in the file; the message shows no value of it."""
    secrets = fake_secrets(stack)
    plain = min(secrets)
    values = {**stack_file(stack), **secrets}
    with pytest.raises(pulumi.RunError) as caught:
        run_stack(stack, values, encrypted=secrets.keys() - {plain})
    message = str(caught.value)
    key = plain.removeprefix(f"{PROJECT}:")
    assert f"  {key}: stands in Pulumi.{stack}.yaml in plain text" in message
    assert f"pulumi config set --stack {stack} --secret {plain}" in message
    assert message.count("in plain text") == 1, "the others are encrypted"
    assert secrets[plain] not in message


def test_stack_local_keeps_its_secrets_in_plain_text() -> None:
    """They guard nothing, and without the engine nothing could decrypt them."""
    assert run_stack("local", encrypted=())[0].resources


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_settings_that_hide_an_encrypted_value_are_refused(stack: str) -> None:
    """The engine hands structured values to the program decrypted, and as no secret."""
    with pytest.raises(pulumi.RunError, match="settings: holds an encrypted value"):
        run_stack(stack, encrypted=[*fake_secrets(stack), SETTINGS])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (settings_change(), "sources[\"dingtalk.approval\"].allowed_ips[0]: '203.0.113.10' is an"),
        (settings_change(), "allowed_ips[0]: '203.0.113.16/28' is an address of documentation"),
        (settings_change(), "settings.onboarding.endpoint: 'https://hr.example.com/api/employees'"),
        (settings_change(), "settings.instances.bastions.ids[1]: 'i-bp1prod0bastion0b' is the"),
        (settings_change(), "settings.log_project: 'provisioning-prod-logs-1000000000000002' is"),
        (settings_change(onboarding__allowed_ips=["2001:db8::1"]), "allowed_ips[0]: '2001:db8::1'"),
        (settings_change(onboarding__endpoint="http://HR.test:80"), "'http://HR.test:80' is an"),
    ],
)
def test_examples_are_refused_with_an_account_of_ones_own(change: Change, said: str) -> None:
    """The file of prod is an example; its account replaced, all else in it is named at once."""
    values = {**stack_file("prod"), **fake_secrets("prod")}
    values = json.loads(json.dumps(values))
    change(values)
    own = json.loads(json.dumps(values))
    own[SETTINGS]["account_id"] = "5555666677778888"
    with pytest.raises(pulumi.RunError) as caught:
        run_stack("prod", own, account_id="5555666677778888")
    assert said in str(caught.value)
    with pytest.raises(pulumi.RunError) as caught:
        run_stack("prod", values, account_id="5555666677778888")
    assert said in str(caught.value)
    assert "credentials" in str(caught.value)


def test_another_accounts_credentials_are_refused() -> None:
    """Both accounts are named in one line, with what to do; a preview is no different."""
    with pytest.raises(pulumi.RunError) as caught:
        run_stack("dev", account_id="1000000000000009")
    (line,) = [line for line in str(caught.value).splitlines() if "credentials" in line]
    assert "1000000000000001" in line
    assert "1000000000000009" in line
    assert "use credentials of 1000000000000001" in line
