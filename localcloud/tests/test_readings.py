"""Where the documentation leaves two readings, a configuration file chooses one of them."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

from localcloud.configuration import read
from localcloud.readings import Readings

README = Path(__file__).parents[1] / "README.md"
VALUES = {one.name: get_args(get_type_hints(Readings)[one.name]) for one in fields(Readings)}


def test_the_readme_lists_them() -> None:
    """Each with its values, the default first."""
    table = README.read_text(encoding="utf-8").partition("| `readings` |")[2]
    rows = re.findall(r"^\| `(\w+)` \| ((?:`[\w-]+`(?:, )?)+) \|", table, re.MULTILINE)
    listed = {name: tuple(re.findall(r"`([\w-]+)`", values)) for name, values in rows}
    assert listed == VALUES
    assert {name: getattr(Readings(), name) for name in VALUES} == {
        n: v[0] for n, v in listed.items()
    }


def test_a_file_chooses(tmp_path: Path) -> None:
    """What it does not name stays the harder one."""
    file = tmp_path / "c.yaml"
    file.write_text("readings: {event_ids: any}")
    assert read(file).readings == Readings(event_ids="any")
