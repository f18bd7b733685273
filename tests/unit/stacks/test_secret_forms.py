"""A secret that cannot be right is told before anything is deployed, without its value."""

from pathlib import Path

import pytest

from components.names import ChatPlatform
from stacks import remedies
from stacks.remedies import typed
from stacks.secret_forms import malformed_secrets
from stacks.settings import Settings
from tests.unit.stacks.conftest import settings_of

DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=" + "5f" * 32
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=8d9f5a3e-1111-2222-3333-44445555"
LARK = "https://open.feishu.cn/open-apis/bot/v2/hook/8d9f5a3e-1111-2222-3333-444455556666"


def settings() -> Settings:
    """Return settings with a chat of each platform and a source with a secret of its own."""
    data = settings_of("local").model_dump()
    data["chats"] = {
        "ding": {"platform": ChatPlatform.DINGTALK},
        "lark": {"platform": ChatPlatform.LARK},
        "wecom": {"platform": ChatPlatform.WECOM, "signed": False},
    }
    data["sources"]["dingtalk.approval"]["token_required"] = True
    return Settings.model_validate(data)


def reasons(key: str, value: str, *, local: bool = False) -> list[str]:
    """Return what is wrong with one secret."""
    found = list(malformed_secrets(settings(), {key: value}, local=local))
    assert all(problem.key == key for problem in found)
    assert all(f"config set --secret ecs-provisioning-loop:{key}" in p.commands[0] for p in found)
    return [problem.reason for problem in found]


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("chat-ding-webhook", DINGTALK.removeprefix("https://"), "does not begin with https://"),
        (
            "chat-wecom-webhook",
            WECOM.replace("send?", "get?"),
            "it lacks /cgi-bin/webhook/send?key=",
        ),
        ("chat-wecom-webhook", DINGTALK, "oapi.dingtalk.com is another platform's"),
        ("chat-ding-webhook", WECOM, "qyapi.weixin.qq.com is another platform's"),
        ("chat-ding-webhook", DINGTALK.replace("https", "http"), "does not begin with https://"),
        ("chat-ding-webhook", DINGTALK + "\n", "it holds spaces"),
        ("chat-ding-webhook", "https:///robot/send?access_token=a", "it has no host"),
        ("chat-ding-webhook", "https://h:port/robot/send?access_token=a", "its host or port"),
        ("chat-ding-webhook", DINGTALK.replace("oapi.dingtalk.com", "example.com"), "placeholder"),
        ("chat-ding-webhook", LARK, "open.feishu.cn is another platform's"),
        (
            "chat-ding-webhook",
            DINGTALK.replace("/robot/send", "/robot"),
            "lacks /robot/send?access_token=",
        ),
        ("chat-ding-webhook", DINGTALK.replace("5f" * 32, "<token>"), "token is a placeholder"),
        ("chat-ding-webhook", DINGTALK.replace("5f" * 32, "XXXX"), "token is a placeholder"),
        ("chat-ding-webhook", DINGTALK + "&timestamp=1&sign=a", "it holds a signature"),
        ("chat-lark-webhook", DINGTALK, "oapi.dingtalk.com is another platform's"),
        ("chat-lark-webhook", "https://open.feishu.cn/open-apis/bot/hook/a", "lacks /open-apis"),
        ("chat-ding-secret", "SEC...", "not a signing secret of dingtalk"),
        ("chat-ding-secret", "5f" * 32, "which is 'SEC' and 64 characters"),
        ("chat-lark-secret", "SEC" + "5f" * 30, "not a signing secret of lark"),
        ("chat-lark-secret", "short", "16 to 64 letters and digits"),
        ("source-dingtalk.approval-token", "changeme", "must be 16 or more"),
        ("source-dingtalk.approval-token", "with spaces in it, long", "must be 16 or more"),
        ("onboarding-header-Authorization", "Bearer <token>", "no placeholder"),
        ("onboarding-header-Authorization", "Bearer a\nX-Other: b", "one line of ASCII"),
        ("onboarding-header-Authorization", " Bearer abc", "one line of ASCII"),
    ],
)
def test_a_malformed_secret_is_refused_without_its_value(key: str, value: str, reason: str) -> None:
    """What is wrong is said, how a right one looks, and the command that sets it."""
    (said,) = reasons(key, value)
    assert reason in said
    assert value not in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("chat-ding-webhook", DINGTALK),
        ("chat-ding-webhook", DINGTALK.replace("dingtalk.com", "dingtalk.io")),
        ("chat-ding-webhook", DINGTALK.replace("oapi.dingtalk.com", "ding.corp.cn:8443")),
        ("chat-lark-webhook", LARK),
        ("chat-lark-webhook", LARK.replace("feishu.cn", "larksuite.com")),
        ("chat-ding-secret", "SEC" + "5f" * 32),
        ("chat-lark-secret", "a1B2c3D4e5F6g7H8i9J0kk"),
        ("source-dingtalk.approval-token", "kZ8-0aB_3~x.Y/9+w="),
        ("onboarding-header-Authorization", "Bearer abc.def"),
        ("chat-ding-webhook", "https://placeholder.invalid/chat-ding-webhook"),
    ],
    ids=lambda value: value[-24:],
)
def test_a_good_secret_is_taken(key: str, value: str) -> None:
    """Also behind a company's own relay, and where a dry run cannot read it."""
    assert reasons(key, value) == []


def test_local_chats_exist_on_stack_local_only() -> None:
    """Their names never resolve: on any other stack they would silence the chat."""
    url = "http://oapi.dingtalk.localcloud.invalid/robot/send?access_token=ops-token"
    assert reasons("chat-ding-webhook", url, local=True) == []
    assert ["does not begin with https://" in said for said in reasons("chat-ding-webhook", url)]


def test_one_chat_says_nothing_of_another() -> None:
    """Every secret is judged for itself, and all of them at once."""
    values = {"chat-ding-webhook": "x", "chat-lark-webhook": LARK, "chat-lark-secret": "y"}
    found = malformed_secrets(settings(), values, local=False)
    assert [problem.key for problem in found] == ["chat-ding-webhook", "chat-lark-secret"]


@pytest.mark.parametrize(
    "spelling",
    [
        DINGTALK,
        DINGTALK.replace("oapi.dingtalk.com", "OAPI.DingTalk.com"),
        DINGTALK.replace("/send?", "/send/?"),
        DINGTALK.replace("?", "?lang=&"),
    ],
    ids=["same", "host in capitals", "slash", "empty parameter"],
)
def test_a_robot_belongs_to_one_chat(spelling: str) -> None:
    """Two chats with one robot use up each other's limit; how the URL is spelt does not matter."""
    two = settings().model_copy(
        update={"chats": {name: settings().chats["ding"] for name in ("ops", "audit")}}
    )
    values = {"chat-ops-webhook": DINGTALK, "chat-audit-webhook": spelling}
    found = [p for p in malformed_secrets(two, values, local=False) if "'ops', too" in p.reason]
    assert [problem.key for problem in found] == ["chat-audit-webhook"]
    assert "5f5f" not in found[0].reason


def test_unknown_webhooks_are_not_compared() -> None:
    """A dry run that reads no secret does not take all robots for one."""
    two = settings().model_copy(
        update={"chats": {name: settings().chats["ding"] for name in ("ops", "audit")}}
    )
    values = dict.fromkeys(
        ["chat-ops-webhook", "chat-audit-webhook"], "https://placeholder.invalid/"
    )
    assert list(malformed_secrets(two, values, local=False)) == []


def test_the_command_names_a_pulumi_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the project has one, `make up` included, its path is written."""
    own = tmp_path / ".engine" / "bin" / "pulumi"
    own.parent.mkdir(parents=True)
    own.touch(mode=0o755)
    monkeypatch.setattr(remedies, "_ROOT", tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    expected = ".engine/bin/pulumi config rm --stack dev x"
    assert typed("pulumi config rm x", "dev") == expected
    monkeypatch.setenv("PATH", str(own.parent))
    assert typed("pulumi config rm x", "dev") == expected
    theirs = tmp_path / "usr" / "pulumi"
    theirs.parent.mkdir()
    theirs.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(theirs.parent))
    assert typed("pulumi config rm x", "dev") == "pulumi config rm --stack dev x"
