"""Prints docs/policies.md: ``python -m ops.policy.reference > docs/policies.md``."""

from collections.abc import Iterator
from pathlib import Path

from provisioning_policies import rules
from provisioning_policies.rule import AnyRule, Level, Option, Rule

_LEVELS = {
    Level.EVERYWHERE: "mandatory everywhere",
    Level.PRODUCTION: "mandatory in production, advisory elsewhere",
    Level.PRODUCTION_ONLY: "mandatory in production, off elsewhere",
}

_INTRODUCTION = Path(__file__).with_name("introduction.md")


def reference() -> str:
    """Return the whole page."""
    parts = [
        _INTRODUCTION.read_text(encoding="utf-8").replace("COUNT", str(len(rules.ALL))),
        "\n".join(_table()),
    ]
    for topic, members in rules.TOPICS.items():
        parts.append(f"## {topic}")
        parts += ["\n".join(_rule(rule)) for rule in members]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _table() -> Iterator[str]:
    yield "## All rules"
    yield ""
    yield "| rule | holds when kept | level |"
    yield "| --- | --- | --- |"
    for rule in rules.ALL:
        yield f"| [{rule.name}](#{rule.name}) | {rule.summary} | {_LEVELS[rule.level]} |"


def _rule(rule: AnyRule) -> Iterator[str]:
    yield f"### {rule.name}"
    yield ""
    yield f"{rule.summary}. *{_LEVELS[rule.level].capitalize()}.*"
    yield ""
    yield f"- Why: {rule.reason}"
    yield f"- Remedy: {rule.remedy}"
    if isinstance(rule, Rule):
        types = ", ".join(f"`{token}`" for token in rule.types)
        yield f"- Looks at: {types or 'resources of every type'}"
    else:
        yield "- Looks at: all resources of the stack together"
    for option in rule.options:
        yield f"- Option `{option.name}`: {option.meaning}; {_default(option)}"
    source = rule.source
    yield f"- Source: {f'[{source.title}]({source.url})' if source.url else source.title}"


def _default(option: Option) -> str:
    value = option.default_in(production=False)
    in_production = option.default_in(production=True)
    if value == in_production:
        return f"{_shown(value)} if not set"
    return f"{_shown(in_production)} in production and {_shown(value)} elsewhere if not set"


def _shown(value: object) -> str:
    return ", ".join(f"`{part}`" for part in value) if isinstance(value, list) else f"{value}"


if __name__ == "__main__":
    print(reference(), end="")
