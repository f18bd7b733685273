"""A program that is run without the engine."""

import gc
import os
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from localcloud.dryrun.program import run_stack
from localcloud.dryrun.project import read


class _Nothing(Mocks):
    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, object]]:
        return args.name, {}

    def call(self, args: MockCallArgs) -> dict[str, object]:  # type: ignore[override]
        return {}


def test_the_stack_file_alone_says_what_the_program_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configuration that the shell exports for another program is not taken, and stays there."""
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nmain: program/\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {tiny:a: of the file}\n")
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").write_text(
        "import pulumi\n"
        "config = pulumi.Config()\n"
        "pulumi.export('found', [config.get('a'), config.get('b'), config.get('c')])\n"
    )
    monkeypatch.setenv("PULUMI_CONFIG", '{"tiny:a": "of the shell", "tiny:b": "of the shell"}')
    monkeypatch.setenv("PULUMI_CONFIG_TINY_C", "of the shell")
    before = dict(os.environ)
    found = run_stack(read(tmp_path, "dev"), _Nothing())
    assert found == {"found": ["of the file", None, None]}
    assert dict(os.environ) == before


@pytest.mark.parametrize("end", ["", "raise KeyError"])
def test_what_a_program_tells_the_interpreter_holds_for_itself(end: str, tmp_path: Path) -> None:
    """A program that the engine runs ends soon; the process that runs it here does not."""
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nmain: program/\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").write_text(
        f"import gc, sys\ngc.disable()\nsys.setswitchinterval(0.001)\n{end}\n"
    )
    before = sys.getswitchinterval()
    with pytest.raises(KeyError) if end else nullcontext():
        run_stack(read(tmp_path, "dev"), _Nothing())
    assert (gc.isenabled(), sys.getswitchinterval()) == (True, before)
