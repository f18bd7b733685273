"""The cloud is asked whose the credentials are before the program's modules are loaded."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_alicloud as alicloud
import pytest

from stacks import identity

_ROOT = Path(__file__).parents[3]


def test_what_asks_needs_none_of_the_modules_that_load_meanwhile() -> None:
    """Else the question would come after them."""
    heavy = {"components", "jinja2", "pulumi_alicloud", "pydantic", "stacks.settings"}
    code = f"import stacks.identity, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_program_asks_first() -> None:
    """Nothing else of ours is imported before."""
    program = (_ROOT / "stacks/__main__.py").read_text()
    before = program[: program.index("with asked() as identity")]
    ours = ("components", "functions", "policies", "scripts", "stacks")
    imported = [line for line in before.splitlines() if line.startswith(("from ", "import "))]
    assert [line for line in imported if line.split()[1].partition(".")[0] in ours] == [
        "from stacks.identity import asked"
    ]


def test_the_provider_of_the_resources_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for as the SDK does; another version would start a second provider."""
    asked = []

    def invoke(token: str, _: Any, opts: pulumi.InvokeOptions, typ: Any = dict) -> Any:
        asked.append((token, opts.version, opts.plugin_download_url))
        if typ is dict:
            return SimpleNamespace(value={"accountId": "1", "arn": "acs:ram::1:root"})
        return SimpleNamespace(value=typ("1", "acs:ram::1:root", "1", "Account"))

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    with identity.asked() as answer:
        pass
    assert answer.result() == ("1", "acs:ram::1:root")
    alicloud.get_caller_identity()
    ours, theirs = asked
    assert ours == theirs
