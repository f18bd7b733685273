"""What a rule is: a name, the reason for it, the remedy, where the fact stands, and a check.

A check is a plain generator of messages. A message says what is wrong, the value that was found
(never a secret) and what to set. What cannot be known yet makes the check raise
:class:`pulumi_policy.proxy.UnknownValueError`, which the engine reports by itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """Where a violation stops the update; elsewhere it is advice, or not looked at."""

    EVERYWHERE = "everywhere"
    """It never works, or it leaks: it stops the update of every stack."""
    PRODUCTION = "production"
    """It stops the update in production and is advice elsewhere."""
    PRODUCTION_ONLY = "production only"
    """It stops the update in production and is not looked at elsewhere."""


@dataclass(frozen=True)
class Source:
    """Where the fact behind a rule is written down."""

    title: str
    url: str = ""


@dataclass(frozen=True)
class Option:
    """A value of a rule that the pack's configuration may change."""

    name: str
    meaning: str
    default: Any
    production: Any = None
    """The default in production, where it differs."""

    def default_in(self, production: bool) -> Any:
        """Return the value that holds if nobody sets another."""
        return self.production if production and self.production is not None else self.default

    @property
    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the value."""
        if isinstance(self.default, int):
            return {"type": "integer", "description": self.meaning}
        return {"type": "array", "items": {"type": "string"}, "description": self.meaning}


@dataclass(frozen=True)
class Resource:
    """A resource as a rule sees it: what the program declared, in the engine's own words."""

    type: str
    name: str
    """The name that it has in the program."""
    props: Mapping[str, Any]
    """Its inputs, in camel case."""
    urn: str = ""
    protected: bool = False
    """Whether Pulumi refuses to delete it."""
    secret_outputs: Sequence[str] = ()
    """The outputs that the program says are secret."""
    provider: Mapping[str, Any] = field(default_factory=dict)
    """The inputs of the provider that makes it."""


Messages = Iterator[str]
Options = Mapping[str, Any]
Check = Callable[[Resource, Options], Messages]
StackMessages = Iterator[tuple[Resource, str]]
StackCheck = Callable[[Sequence[Resource], Options], StackMessages]


@dataclass(frozen=True)
class _Described:
    """What both kinds of rule say about themselves."""

    name: str
    summary: str
    """What holds when the rule is kept, in a sentence."""
    reason: str
    """What happens otherwise."""
    remedy: str
    """What to change."""
    source: Source
    level: Level
    options: tuple[Option, ...]

    def defaults(self, production: bool) -> dict[str, Any]:
        """Return the values of the options that hold if nobody sets others."""
        return {option.name: option.default_in(production) for option in self.options}


@dataclass(frozen=True)
class Rule(_Described):
    """A rule that judges one resource at a time."""

    types: tuple[str, ...]
    """The types that it judges; all if there is none."""
    check: Check

    def judges(self, token: str) -> bool:
        """Return whether the rule is about resources of this type."""
        return not self.types or token in self.types


@dataclass(frozen=True)
class StackRule(_Described):
    """A rule that judges the resources of a stack together."""

    check: StackCheck


AnyRule = Rule | StackRule


def rule(
    name: str,
    summary: str,
    *,
    on: Sequence[str] = (),
    reason: str,
    remedy: str,
    source: Source,
    level: Level = Level.PRODUCTION,
    options: Sequence[Option] = (),
) -> Callable[[Check], Rule]:
    """Make a rule of a check that looks at one resource."""

    def make(check: Check) -> Rule:
        return Rule(name, summary, reason, remedy, source, level, tuple(options), tuple(on), check)

    return make


def stack_rule(
    name: str,
    summary: str,
    *,
    reason: str,
    remedy: str,
    source: Source,
    level: Level = Level.PRODUCTION,
    options: Sequence[Option] = (),
) -> Callable[[StackCheck], StackRule]:
    """Make a rule of a check that looks at all resources of a stack."""

    def make(check: StackCheck) -> StackRule:
        return StackRule(name, summary, reason, remedy, source, level, tuple(options), check)

    return make
