"""Dangerous programs are found, in whatever spelling."""

import pytest

from tests.unit.policies.bypasses import BYPASSES
from tests.unit.policies.test_policy_rules import BY_NAME, messages


@pytest.mark.parametrize("name", list(BYPASSES))
def test_a_dangerous_program_is_found(name: str) -> None:
    """The rule that has to see it says so."""
    rule, changes = BYPASSES[name]
    assert messages(BY_NAME[rule], changes)
