"""What the documents tell a reader to type exists, and what they link to is there."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import PurePosixPath

import pytest
import yaml

from demo.scenarios import SCENARIOS
from localcloud.products import PRODUCTS
from localcloud.ram.access.authorization import Policy
from provisioning_policies import rules
from stacks.secret_keys import secret_keys
from stacks.settings import Settings
from tests.documents import (
    ROOT,
    Command,
    anchors,
    commands,
    documents,
    json_blocks,
    links,
    text_of,
)

_COMMANDS = [command for document in documents() for command in commands(document)]
_OWN_KEY = "ecs-provisioning-loop:"
_PULUMI = {
    "install": set(),
    "package add": set(),
    "policy publish": set(),
    "import": {"--file", "--generate-code", "--protect", "--stack"},
    "preview": {"--import-file", "--policy-pack", "--policy-pack-config", "--stack"},
    "up": {"--plan", "--refresh", "--stack"},
    "config rm": {"--path", "--stack"},
    "config set": {"--path", "--secret", "--stack"},
    "stack": {"--show-urns"},
    "stack change-secrets-provider": {"--stack"},
    "stack output": {"--show-secrets", "--stack"},
    "state delete": set(),
    "state unprotect": set(),
}
_VARIABLES = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE",
}


def _make(command: Command) -> None:
    """Find the target, and each module of ours that it starts."""
    done = subprocess.run(
        ["make", "--dry-run", *command.words[1:]],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    for module in re.findall(r"python -m (\S+)", done.stdout):
        assert importlib.util.find_spec(module), f"there is no module {module}"


def _python(command: Command) -> None:
    """Find the module; run it where its arguments say what it shall do."""
    assert command.words[1] == "-m"
    module, *arguments = command.words[2:]
    assert importlib.util.find_spec(module), f"there is no module {module}"
    if module == "pytest":
        assert all((ROOT / argument).exists() for argument in arguments)
    elif arguments:
        _run([sys.executable, "-m", module, *arguments])


def _pulumi(command: Command) -> None:
    """Know the subcommand and its options; a key that is set is one that the stack reads."""
    words = [word for word in command.words[1:] if not word.startswith("-")]
    name = next(name for name in (" ".join(words[:2]), words[0]) if name in _PULUMI)
    options = {word.partition("=")[0] for word in command.words[1:] if word.startswith("--")}
    assert options <= _PULUMI[name], f"not known to take {options - _PULUMI[name]}"
    if name == "config set":
        stack = _after(command.words, "--stack") or "prod"
        keys = [word.removeprefix(_OWN_KEY) for word in words if word.startswith(_OWN_KEY)]
        assert keys or not command.is_shown
        for key in keys:
            if "--path" in options:
                _assert_setting(key)
            elif key != "<key>":
                assert "--secret" in options
                assert key in _keys(stack)


def _aliyun(command: Command) -> None:
    """Find the action among those that the local cloud answers."""
    assert command.words[2] in PRODUCTS[command.words[1]].actions


def _git(command: Command) -> None:
    """Only what undoes nothing is run."""
    if command.words[1] == "grep":
        _run(command.words)
    else:
        assert command.words[1:] in (["pull"], ["revert", "HEAD"])


def _export(command: Command) -> None:
    """Know the variables."""
    names = {word.partition("=")[0] for word in command.words[1:]}
    assert names <= _VARIABLES


def _openssl(command: Command) -> None:
    """Get a random text of 64 digits."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    assert re.fullmatch(r"[0-9a-f]{64}\n", _run(command.words))


def _pip(command: Command) -> None:
    """Know the folder of a package of this project, and the extras that are asked for."""
    assert command.words[1] == "install"
    folder, _, extras = command.words[2].rstrip("]").partition("[")
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    assert set(filter(None, extras.split(","))) <= set(project["optional-dependencies"])


def _elsewhere(command: Command) -> None:
    """Leave it to tests/e2e/test_documentation.py, which runs it against a local cloud."""


_CHECKS = {
    "aliyun": _aliyun,
    "curl": _elsewhere,
    "export": _export,
    "git": _git,
    "localcloud": _elsewhere,
    "make": _make,
    "openssl": _openssl,
    "pip": _pip,
    "pulumi": _pulumi,
    "python": _python,
}


@pytest.mark.parametrize("command", dict.fromkeys(_COMMANDS), ids=str)
def test_commands(command: Command) -> None:
    """A command of a document exists with its options; one unknown to this test fails it."""
    assert command.program in _CHECKS, "say in this test how such a command is checked"
    _CHECKS[command.program](command)


@pytest.mark.parametrize("document", documents())
def test_links(document: str) -> None:
    """A link into the project leads to a file, and to a heading in it if it names one."""
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), f"{link}: no such file"
        if anchor:
            name = target.resolve().relative_to(ROOT).as_posix()
            assert anchor in anchors(name), f"{link}: no such heading"


@pytest.mark.parametrize("document", documents())
def test_json(document: str) -> None:
    """What a document shows as JSON is JSON."""
    for block in json_blocks(document):
        json.loads(block)


def test_deployers_policy() -> None:
    """The policy for whoever deploys can be parsed and names no action that does not exist."""
    document = next(b for b in json_blocks("docs/operating.md") if '"Statement"' in b)
    Policy.parse(document)
    named = {a for s in json.loads(document)["Statement"] for a in s["Action"]}
    permissions = {a.permission for p in PRODUCTS.values() for a in p.actions.values()}
    # Two are asked for by other actions, one needs no permission in the local cloud.
    asked_for = {"ram:CreateServiceLinkedRole", "ram:PassRole", "sts:GetCallerIdentity"}
    known = permissions | asked_for
    services = {f"{permission.partition(':')[0]}:*" for permission in permissions}
    assert named <= known | services


@pytest.mark.parametrize(
    "english", [d.replace(".zh-CN", "") for d in documents() if d.endswith(".zh-CN.md")]
)
def test_two_languages(english: str) -> None:
    """The Chinese document has the commands, links, tables and headings of the English one."""
    chinese = english.replace(".md", ".zh-CN.md")
    assert [c.text for c in commands(english)] == [c.text for c in commands(chinese)]
    assert _files(english, chinese) == _files(chinese, english)
    # The levels of the headings, the cells of each row, what a block is of: all in their order.
    for mark in (r"^(#+) ", r"^(\| .*)$", r"^ *```(\w+)$", r"^ *(\d+)\. ", r"^ *(-) "):
        shapes = [
            [
                found.count(" | ") or found[:3]
                for found in re.findall(mark, text_of(d), re.MULTILINE)
            ]
            for d in (english, chinese)
        ]
        assert shapes[0] == shapes[1], mark


def _files(document: str, other: str) -> list[str]:
    """Return what a document links to; its own other language is the same as itself."""
    names = {PurePosixPath(document).name: "", PurePosixPath(other).name: ""}
    paths = [link.partition("#")[0] for link in links(document)]
    return [names.get(path, path).replace(".zh-CN", "") for path in paths]


@pytest.mark.parametrize("chinese", [d for d in documents() if d.endswith(".zh-CN.md")])
def test_json_of_two_languages(chinese: str) -> None:
    """A block of JSON has the same keys in both; in one of them people stand for its values."""
    blocks = [json_blocks(d) for d in (chinese, chinese.replace(".zh-CN", ""))]
    assert [_keys_of(b) for b in blocks[0]] == [_keys_of(b) for b in blocks[1]]


def _keys_of(block: str) -> list[str]:
    return re.findall(r'"([^"]+)": ', block)


def test_figures() -> None:
    """The numbers that documents state are those of the project; each stands in one place."""
    stated = {
        name: re.findall(r"\b(\d+) rules about|(\d+) 条策略", text_of(name)) for name in documents()
    }
    assert {k: v for k, v in stated.items() if v} == {
        "docs/policies.md": [(f"{len(rules.ALL)}", "")]
    }
    for document in ("README.md", "README.zh-CN.md"):
        last = f"{len(SCENARIOS)} of {len(SCENARIOS)} as they should be"
        assert last in text_of(document)


def test_every_target_is_helped() -> None:
    """``make help`` tells what each target does that a document names."""
    named = {c.words[1] for c in _COMMANDS if c.program == "make" and c.words[1].isalpha()}
    helped = set(re.findall(r"^  make (\S+)", _run(["make", "help"]), re.MULTILINE))
    assert named <= helped


def test_folders_of_the_map() -> None:
    """Each folder that the README's map names is there."""
    for folder in re.findall(r"^\| \[?`?([a-z/]+/)`?\]?", text_of("README.md"), re.MULTILINE):
        assert (ROOT / PurePosixPath(folder)).is_dir()


@cache
def _keys(stack: str) -> set[str]:
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    settings = Settings.model_validate(config[f"{_OWN_KEY}settings"])
    return {key for key, _ in secret_keys(settings)}


def _assert_setting(path: str) -> None:
    config = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]
    value = config[f"{_OWN_KEY}settings"]
    steps = re.findall(r'\["([^"]+)"\]|([^.\[\]"]+)', path)
    assert steps.pop(0)[1] == "settings"
    for quoted, plain in steps:
        value = value[quoted or plain]


def _after(words: list[str], option: str) -> str:
    return words[words.index(option) + 1] if option in words else ""


def _run(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout
