"""The pack's configuration: which stacks get advice only, options of rules, and exemptions."""

import difflib
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pulumi_policy import EnforcementLevel, PolicyConfigSchema

from provisioning_policies.rule import AnyRule, Level

_SHORTEST_REASON = 20
_ALL = "all"
EXEMPTIONS = "exemptions"

_ENFORCEMENT = {
    Level.EVERYWHERE: (EnforcementLevel.MANDATORY, EnforcementLevel.MANDATORY),
    Level.PRODUCTION: (EnforcementLevel.MANDATORY, EnforcementLevel.ADVISORY),
    Level.PRODUCTION_ONLY: (EnforcementLevel.MANDATORY, EnforcementLevel.DISABLED),
}


class ConfigurationError(ValueError):
    """The configuration says something that the pack does not understand."""


@dataclass(frozen=True)
class Configuration:
    """What a file says about the rules; everything in it is optional."""

    advisory_stacks: tuple[str, ...] | None = None
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """How one rule is applied to one stack."""

    level: EnforcementLevel
    options: Mapping[str, Any]


def load(path: Path, rules: Sequence[AnyRule]) -> Configuration:
    """Read a configuration file, or say what in it is wrong."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    return parse(data or {}, rules, str(path))


def parse(data: Any, rules: Sequence[AnyRule], origin: str) -> Configuration:
    """Turn the content of a configuration file into a configuration.

    Accepted are the form of the pack's own ``configuration.yaml`` and that of
    ``--policy-pack-config``, which holds the rules alone.
    """
    if not isinstance(data, dict):
        raise ConfigurationError(f"{origin}: found {type(data).__name__}, a mapping is needed")
    own_form = bool(set(data) & {"advisory-stacks", "rules"})
    stacks = data.get("advisory-stacks") if own_form else None
    given = {
        name: {"enforcementLevel": value} if isinstance(value, str) else value or {}
        for name, value in (data.get("rules") or {} if own_form else data).items()
    }
    check(given, rules, origin)
    return Configuration(None if stacks is None else tuple(stacks), given)


def check(given: Mapping[str, Mapping[str, Any]], rules: Sequence[AnyRule], origin: str) -> None:
    """Refuse names of rules and options that do not exist, and exemptions without a reason."""
    by_name = {rule.name: rule for rule in rules}
    for name, values in given.items():
        if name != _ALL and name not in by_name:
            raise ConfigurationError(
                f"{origin}: there is no rule '{name}'{_nearest(name, by_name)}"
            )
        _validate(by_name.get(name), values, f"{origin}: {name}")


def _validate(rule: AnyRule | None, values: Mapping[str, Any], where: str) -> None:
    allowed = {"enforcementLevel"}
    if rule:
        allowed |= {EXEMPTIONS, *(option.name for option in rule.options)}
    if unknown := set(values) - allowed:
        raise ConfigurationError(
            f"{where}: unknown option '{min(unknown)}'{_nearest(min(unknown), allowed)}; "
            f"known: {', '.join(sorted(allowed))}"
        )
    levels = [level.value for level in EnforcementLevel if level is not EnforcementLevel.REMEDIATE]
    if (level := values.get("enforcementLevel", levels[0])) not in levels:
        raise ConfigurationError(
            f"{where}: enforcementLevel '{level}' is none of {', '.join(levels)}"
        )
    for exemption in values.get(EXEMPTIONS, ()):
        if not exemption.get("resource"):
            raise ConfigurationError(f"{where}: an exemption names no resource")
        if len(exemption.get("reason", "")) < _SHORTEST_REASON:
            raise ConfigurationError(
                f"{where}: the exemption of '{exemption['resource']}' needs a reason of at least "
                f"{_SHORTEST_REASON} characters that a reviewer can judge"
            )


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def is_production(stack: str, *configurations: Configuration) -> bool:
    """Return whether a stack is judged as production: every one that is not listed is.

    Of several configurations the last one with a list decides.
    """
    lists = [c.advisory_stacks for c in configurations if c.advisory_stacks is not None]
    return not any(fnmatch.fnmatchcase(stack, pattern) for pattern in (lists or [()])[-1])


def settings(
    rules: Iterable[AnyRule], production: bool, *configurations: Configuration
) -> dict[str, Setting]:
    """Return how each rule is applied; a later configuration wins over an earlier one."""
    result = {}
    for rule in rules:
        in_production, elsewhere = _ENFORCEMENT[rule.level]
        level = in_production if production else elsewhere
        options = rule.defaults(production)
        for configuration in configurations:
            given = dict(configuration.rules.get(_ALL, {}))
            given |= configuration.rules.get(rule.name, {})
            level = EnforcementLevel(given.pop("enforcementLevel", level))
            options |= given
        result[rule.name] = Setting(level, options)
    return result


def schema(rule: AnyRule) -> PolicyConfigSchema:
    """Describe to the engine what may be configured for a rule."""
    exemption = {
        "type": "object",
        "required": ["resource", "reason"],
        "properties": {
            "resource": {"type": "string", "minLength": 1},
            "reason": {"type": "string", "minLength": _SHORTEST_REASON},
        },
    }
    return PolicyConfigSchema(
        {
            EXEMPTIONS: {
                "type": "array",
                "items": exemption,
                "description": "resources that may break the rule, each with the reason",
            },
            **{option.name: option.schema for option in rule.options},
        }
    )


def accepted(options: Mapping[str, Any], resource: str) -> str | None:
    """Return the reason for which a resource may break the rule, or None if there is none."""
    for exemption in options.get(EXEMPTIONS, ()):
        if fnmatch.fnmatchcase(resource, exemption["resource"]):
            return str(exemption["reason"])
    return None
