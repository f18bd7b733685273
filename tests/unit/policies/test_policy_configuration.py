"""The pack's configuration: strict by default, explicit where it is not."""

from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel

from provisioning_policies import rules
from provisioning_policies.configuration import (
    Configuration,
    ConfigurationError,
    accepted,
    is_production,
    load,
    parse,
    schema,
    settings,
)
from provisioning_policies.rule import AnyRule, Level

BY_NAME = {rule.name: rule for rule in rules.ALL}
BY_LEVEL: dict[Level, AnyRule] = {rule.level: rule for rule in rules.ALL}
REASON = "the archive keeps every event of the bus"


def read(data: Any) -> Configuration:
    """Parse the content of a file."""
    return parse(data, rules.ALL, "file")


@pytest.mark.parametrize(
    ("stack", "production"),
    [("dev", False), ("feature-1", False), ("prod", True), ("main", True), ("dev2", True)],
)
def test_a_stack_that_nobody_lists_is_production(stack: str, production: bool) -> None:
    """Only listed stacks get advice instead of a stop."""
    configuration = read({"advisory-stacks": ["dev", "feature-*"]})
    assert is_production(stack, configuration) == production


def test_the_last_list_of_stacks_decides() -> None:
    """A later configuration replaces the list; one without a list leaves it."""
    first, second = read({"advisory-stacks": ["dev"]}), read({"advisory-stacks": ["test"]})
    assert is_production("dev", first, second)
    assert not is_production("dev", first, read({"rules": {}}))
    assert is_production("dev")


@pytest.mark.parametrize(
    ("level", "in_production", "elsewhere"),
    [
        (Level.EVERYWHERE, EnforcementLevel.MANDATORY, EnforcementLevel.MANDATORY),
        (Level.PRODUCTION, EnforcementLevel.MANDATORY, EnforcementLevel.ADVISORY),
        (Level.PRODUCTION_ONLY, EnforcementLevel.MANDATORY, EnforcementLevel.DISABLED),
    ],
)
def test_a_rule_says_where_it_stops_an_update(
    level: Level, in_production: EnforcementLevel, elsewhere: EnforcementLevel
) -> None:
    """Mandatory in production; elsewhere mandatory, advice or off, as the rule says."""
    rule = BY_LEVEL[level]
    levels = [settings([rule], production)[rule.name].level for production in (True, False)]
    assert [in_production, elsewhere] == levels


def test_options_have_a_default_for_production() -> None:
    """Logs stay longer in production unless the configuration says how long."""
    rule = BY_NAME["log-retention"]
    days = [
        settings([rule], production, *given)[rule.name].options["minimumDays"]
        for production, given in [
            (True, []),
            (False, []),
            (True, [read({"rules": {"log-retention": {"minimumDays": 180}}})]),
        ]
    ]
    assert days == [90, 7, 180]


@pytest.mark.parametrize(
    "data",
    [
        {"rules": {"all": "advisory", "rule-retry": {"enforcementLevel": "disabled"}}},
        {"all": {"enforcementLevel": "advisory"}, "rule-retry": "disabled"},
    ],
    ids=["own form", "form of --policy-pack-config"],
)
def test_both_forms_of_file_are_understood(data: dict[str, Any]) -> None:
    """The file for the engine serves without the engine too; a rule's own level wins over all."""
    chosen = settings(rules.ALL, True, read(data))
    assert chosen["rule-retry"].level is EnforcementLevel.DISABLED
    assert {setting.level for name, setting in chosen.items() if name != "rule-retry"} == {
        EnforcementLevel.ADVISORY
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "found list, a mapping is needed"),
        (
            {"rules": {"rule-retri": {}}},
            "there is no rule 'rule-retri'; did you mean 'rule-retry'?",
        ),
        ({"exemptions": {}}, "there is no rule 'exemptions'"),
        ({"rules": {"rule-retry": {"days": 1}}}, "unknown option 'days'; known: enforcementLevel"),
        ({"rules": {"all": {"exemptions": []}}}, "unknown option 'exemptions'"),
        (
            {"log-retention": {"minimumDay": 1}},
            "unknown option 'minimumDay'; did you mean 'minimumDays'?",
        ),
        ({"rules": {"rule-retry": "strict"}}, "enforcementLevel 'strict' is none of advisory"),
        (
            {"rules": {"rule-retry": {"exemptions": [{"reason": REASON}]}}},
            "an exemption names no resource",
        ),
        (
            {"rules": {"rule-retry": {"exemptions": [{"resource": "*", "reason": "ok"}]}}},
            "the exemption of '*' needs a reason of at least 20 characters",
        ),
    ],
)
def test_what_is_not_understood_is_refused(data: Any, message: str) -> None:
    """A slip in the configuration is an error and never a rule that is silently off."""
    with pytest.raises(ConfigurationError) as error:
        read(data)
    assert message in str(error.value)


def test_an_exemption_needs_the_resource_and_gives_its_reason() -> None:
    """A resource is exempt by its name in the program, and the reason is told."""
    options = {"exemptions": [{"resource": "*-archive-rule", "reason": REASON}]}
    assert accepted(options, "loop-archive-rule") == REASON
    assert accepted(options, "loop-provision-rule") is None
    assert accepted({}, "loop-archive-rule") is None


def test_the_engine_refuses_an_exemption_without_a_reason_too() -> None:
    """What the engine is told about the configuration asks for the same."""
    exemption = schema(BY_NAME["rule-retry"]).properties["exemptions"]["items"]
    assert exemption["required"] == ["resource", "reason"]
    assert exemption["properties"]["reason"]["minLength"] == 20


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    """An empty file is a configuration."""
    path = tmp_path / "empty.yaml"
    path.write_text("")
    assert settings(rules.ALL, True) == settings(rules.ALL, True, load(path, rules.ALL))
