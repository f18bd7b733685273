"""``make init`` writes a stack file that only lacks its secrets."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from localcloud.commandline import files
from localcloud.dryrun.project import read
from ops.init.command import Answers, InitError, asked, run, written
from ops.policy.judge import judge
from ops.policy.program import declared
from provisioning_policies import rules
from provisioning_policies.engine import policies_of
from tests.unit.policies.test_policy_stacks import settings_for
from tests.unit.stacks.conftest import PROJECT as NAME
from tests.unit.stacks.conftest import ROOT

ACCOUNT = "5555666677778888"
ANSWERS = Answers(
    account=ACCOUNT,
    region="cn-hangzhou",
    chats=["ops=dingtalk", "people=lark"],
    instances=[],
    tags=["environment=dev", "role=db"],
    roles=[],
    endpoint="https://hr.corp.cn/api",
    language="zh",
)


def write(folder: Path, stack: str = "dev", answers: Answers = ANSWERS, **options: bool) -> Path:
    """Write a stack file without a terminal."""
    run(stack, answers, force=options.get("force", False), project=folder)
    return folder / f"Pulumi.{stack}.yaml"


@pytest.mark.parametrize("stack", ["dev", "prod", "qa2"])
def test_what_is_written_breaks_no_policy(stack: str, tmp_path: Path) -> None:
    """The program takes the file as it is, and no rule finds anything."""
    (tmp_path / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    write(tmp_path, stack)
    resources = declared(replace(read(tmp_path, stack), program=ROOT / "stacks"))
    assert len(resources) > 30
    assert not list(judge(resources, policies_of(rules.ALL, settings_for(stack))))


def test_the_secrets_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the file and on the terminal, each as the command that sets it."""
    text = write(tmp_path).read_text()
    shown = capsys.readouterr().out
    for key in ("chat-ops-webhook", "chat-people-secret", "source-lark.approval.dev-token"):
        command = f"pulumi config set --stack dev --secret {NAME}:{key}"
        assert command in shown
        assert command in text


def test_native_approvals_are_written_with_their_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A source for each, told in a chat of its platform; the form's aliases are to be looked at."""
    natives = ["dingtalk=dingkey,dingcorp,PROC-1", "lark=cli_1,tenant1,7C46-A1"]
    (tmp_path / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    file = write(tmp_path, "qa2", replace(ANSWERS, natives=natives))
    shown = capsys.readouterr().out
    assert f"--secret {NAME}:native-lark.native.qa2-app-secret" in shown
    config = files.parse_yaml(file.read_text(), file.name)["config"]
    sources = config[f"{NAME}:settings"]["native"]["sources"]
    assert [(name, one["chat"], one["app_id"]) for name, one in sources.items()] == [
        ("dingtalk.native.qa2", "ops", "dingkey"),
        ("lark.native.qa2", "people", "cli_1"),
    ]
    resources = declared(replace(read(tmp_path, "qa2"), program=ROOT / "stacks"))
    assert not list(judge(resources, policies_of(rules.ALL, settings_for("qa2"))))


def test_an_example_is_overwritten_and_a_file_of_ones_own_is_not(tmp_path: Path) -> None:
    """What comes with the project is nobody's work; what a team wrote is."""
    example = tmp_path / "Pulumi.prod.yaml"
    example.write_text((ROOT / "Pulumi.prod.yaml").read_text())
    mine = write(tmp_path, "prod").read_text()
    assert ACCOUNT in mine
    with pytest.raises(InitError, match=f"with the settings of account {ACCOUNT}"):
        write(tmp_path, "prod", replace(ANSWERS, language="en"))
    assert example.read_text() == mine
    write(tmp_path, "prod", replace(ANSWERS, language="en"), force=True)
    assert example.read_text() != mine


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (Answers("", "cn-hangzhou", [], [], [], [], "", "en"), "say --account, --chat, --instance"),
        (replace(ANSWERS, account="12"), "settings.account_id: must be 16 digits"),
        (replace(ANSWERS, region="cn-x"), "'cn-x' is not a region"),
        (replace(ANSWERS, chats=["ops"]), "'ops' is not a chat; accepted: name=dingtalk"),
        (replace(ANSWERS, tags=["x"]), "'x' is not a tag; accepted: key=value"),
        (replace(ANSWERS, instances=["i-1f00ba"]), "either --instance or --tag"),
        (replace(ANSWERS, natives=["wecom=a,b,c"]), "'wecom=a,b,c' is not a native approval"),
        (replace(ANSWERS, natives=["lark=a,b"]), "accepted: dingtalk=<AppKey>,<CorpId>"),
        (replace(ANSWERS, natives=["lark=a,b,c", "lark=d,b,c"]), "these answers make no YAML"),
        (replace(ANSWERS, roles=["king"]), "role 'king' is not in the catalogue"),
        (replace(ANSWERS, endpoint="https://hr.example.com"), "is an example"),
        (replace(ANSWERS, region="x: y: z"), "these answers make no YAML"),
        (replace(ANSWERS, chats=["ops=dingtalk", "ops=lark"]), "these answers make no YAML"),
        (replace(ANSWERS, tags=["role=db", "role=web"]), "these answers make no YAML"),
        (replace(ANSWERS, language="fr"), "settings.chats.ops.language"),
    ],
)
def test_answers_that_make_no_stack_write_nothing(
    answers: Answers, said: str, tmp_path: Path
) -> None:
    """Each mistake is a line, and there is no file."""
    with pytest.raises(InitError, match=said.replace("(", r"\(")):
        write(tmp_path, "dev", answers)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stack", ["local", "Prod", "my-stack", "a" * 13, "../x"])
def test_a_name_that_is_none_is_refused(stack: str, tmp_path: Path) -> None:
    """It becomes part of every physical name."""
    with pytest.raises(InitError, match=r"stack|name"):
        write(tmp_path, stack)
    assert not list(tmp_path.iterdir())


def test_what_was_not_said_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three questions at most; instances and tags are told apart by their form."""
    replies: Sequence[str] = iter([ACCOUNT, "ops=lark, people=dingtalk", "i-1f00ba i-2f00ba"])  # type: ignore[assignment]
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: next(replies))  # type: ignore[call-overload]
    found = asked(Answers("", "cn-hangzhou", [], [], [], [], "", "en"))
    assert (found.account, found.chats) == (ACCOUNT, ["ops=lark", "people=dingtalk"])
    assert (found.instances, found.tags) == (["i-1f00ba", "i-2f00ba"], [])
    assert "i-2f00ba" in written("dev", found)
