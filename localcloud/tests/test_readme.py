"""What the README teaches is true: a configuration file, and event patterns."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab import SOURCES
from localcloud import configuration
from localcloud.eventbridge.matching.operators import OPERATORS
from localcloud.eventbridge.matching.pattern import Pattern

README = (SOURCES.parent / "README.md").read_text()
EVENT: dict[str, Any] = json.loads(
    README.split("<!-- sample -->\n```json\n")[1].split("\n```")[0],
)
ROWS = [
    [cell.strip().strip("`") for cell in row.strip("|").split(" | ")]
    for row in README.split("<!-- patterns -->\n")[1]
    .split("<!-- /patterns -->")[0]
    .splitlines()[2:]
]


@pytest.mark.parametrize(
    ("operator", "match", "miss", "_meaning"), ROWS, ids=lambda cell: cell[:20]
)
def test_an_operator_does_what_the_table_says(
    operator: str, match: str, miss: str, _meaning: str
) -> None:
    """One pattern matches the sample event, the other does not, and both use the operator."""
    assert Pattern.compile(match).matches(EVENT)
    assert not Pattern.compile(miss).matches(EVENT)
    used = set(re.findall(r'\[\{"([a-z-]+)"', match + miss))
    assert used == ({operator} if operator in OPERATORS else set())


def test_every_operator_is_taught() -> None:
    """A new operator gets a row."""
    assert set(OPERATORS) <= {operator for operator, *_ in ROWS}


def test_the_sample_configuration_is_one(tmp_path: Path) -> None:
    """It is read as it stands."""
    file = tmp_path / "localcloud.yaml"
    file.write_text(README.split("```yaml\n")[1].split("```")[0])
    found = configuration.read(file)
    assert {chat.platform for chat in found.chats.values()} == {"dingtalk", "lark"}
    assert found.apis
    assert found.instance_tags
