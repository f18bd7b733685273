"""Good programs of other people are left in peace.

Each is written after a public example for the same products, which its docstring names, with what
that leaves open for brevity: where failures go, how long things are kept, to whom they belong.
"""

import shutil
from pathlib import Path

import pytest

from localcloud.dryrun import project
from ops.policy.judge import judge
from ops.policy.program import declared
from provisioning_policies import configuration, rules
from provisioning_policies.engine import policies_of

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


def test_there_are_ten() -> None:
    """Fewer would say little about crying wolf."""
    assert len(PROGRAMS) >= 10
    assert all("After the " in program.read_text() for program in PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_nothing_is_found(program: Path, tmp_path: Path) -> None:
    """Judged as production, with no exemption."""
    (tmp_path / "Pulumi.yaml").write_text("name: others\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {alicloud:region: cn-hangzhou}\n")
    shutil.copy(program, tmp_path / "__main__.py")
    resources = declared(project.read(tmp_path, "prod"))
    settings = configuration.settings(
        rules.ALL, True, configuration.parse({}, rules.ALL, "nothing")
    )
    found = list(judge(resources, policies_of(rules.ALL, settings)))
    assert resources
    assert not found, found
