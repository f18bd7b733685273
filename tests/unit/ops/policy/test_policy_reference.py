"""docs/policies.md says what the rules say."""

import re
from pathlib import Path

from ops.policy.reference import reference
from provisioning_policies import rules

PAGE = Path(__file__).parents[4] / "docs" / "policies.md"


def test_the_page_is_up_to_date() -> None:
    """The page is what ``python -m ops.policy.reference`` prints."""
    assert PAGE.read_text() == reference()


def test_the_page_describes_every_rule_once() -> None:
    """Each rule has its section, and the number of rules is right."""
    page = reference()
    names = re.findall(r"^### (\S+)$", page, re.MULTILINE)
    assert names == [rule.name for rule in rules.ALL]
    assert f"\n{len(names)} rules about" in page
