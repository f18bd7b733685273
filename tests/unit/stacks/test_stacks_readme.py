"""What ``stacks/README.md`` says is what the program does."""

import re

from stacks import reference
from tests.unit.stacks.conftest import ROOT, ran

TEXT = (ROOT / "stacks" / "README.md").read_text()


def test_the_table_lists_every_setting() -> None:
    """A setting that is added, removed or described anew must reach the README."""
    assert TEXT.endswith(reference.table() + "\n")


def test_every_output_is_explained() -> None:
    """Exported names are an interface: all are listed, and nothing that does not exist."""
    section = TEXT.partition("## Outputs")[2].partition("## ")[0]
    first_cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    listed = [name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(listed) == sorted(ran("local")[1])
