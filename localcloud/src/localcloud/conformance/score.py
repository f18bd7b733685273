"""The score per product: operations, parameters and behaviours, counted."""

from collections.abc import Iterable, Mapping, Sequence

from localcloud.conformance import sdk_models
from localcloud.conformance.behaviour import Behaviour
from localcloud.conformance.runner import NOT_SENT, SENT_WITH_SCRIPT, Outcome, Verdict
from localcloud.products import PRODUCTS

_COLUMNS = (
    "operations of the SDK",
    "of these, here",
    "shown by a behaviour",
    "parameters of those here",
    "shown",
    "read",
    "refused",
    "ignored",
    "unknown",
    "behaviours passed",
    "failed",
    "not run",
)
_NONE = "-"
"""What cannot be counted: there is no SDK whose requests are models. Texts are in no sum."""

_Row = list[int | str]


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the score in Markdown, a line for each product and one for all."""
    rows = _rows(outcomes)
    lines = [_line("product", _COLUMNS), _line("---", ["---"] * len(_COLUMNS))]
    for product, row in zip(PRODUCTS.values(), rows, strict=True):
        lines.append(_line(product.heading, row))
    lines.append(_line("**all**", _sums(rows)))
    return "\n".join(lines) + "\n"


def differing(outcomes: Sequence[Outcome]) -> str:
    """Return what is known to differ, in Markdown."""
    rows = [each.behaviour for each in outcomes if each.verdict is Verdict.FAILED]
    lines = ["| behaviour | said by | here |", "| --- | --- | --- |"]
    lines += [f"| {row.name} | {row.source} | {row.differs} |" for row in rows]
    return "\n".join(lines) + "\n"


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return the score in a sentence."""
    sums = dict(zip(_COLUMNS, _sums(_rows(outcomes)), strict=True))
    acted_on = sums["shown"] + sums["read"]
    return (
        f"**{sums['behaviours passed']} of {len(outcomes)}** behaviours of the real cloud, each "
        f"with its source, are shown here through the official SDKs. Of the SDKs' "
        f"{sums['operations of the SDK']} operations for these products {sums['of these, here']} "
        f"are here, the others are refused; of the {sums['parameters of those here']} parameters "
        f"of those here {acted_on} are read, {sums['refused']} refused, {sums['ignored']} ignored "
        f"with a reason, {sums['unknown']} unknown ([table](#conformance)).\n"
    )


def written_into(text: str, outcomes: Sequence[Outcome]) -> str:
    """Return a document with the score between its marks."""
    text = _between(text, "score", summary(outcomes))
    text = _between(text, "conformance", table(outcomes))
    return _between(text, "differing", differing(outcomes))


def summary_of_aliyun(outcomes: Sequence[Outcome]) -> str:
    """Return what the command ``aliyun`` showed, in a sentence."""
    count = {one: sum(each.verdict is one for each in outcomes) for one in Verdict}
    failed = [each.behaviour.name for each in outcomes if each.verdict is Verdict.FAILED]
    return (
        f"Through the command `aliyun` (`--client aliyun`) {count[Verdict.PASSED]} of the "
        f"{count[Verdict.PASSED] + count[Verdict.FAILED]} behaviours are shown that it can call; "
        f"{count[Verdict.NOT_RUN]} are of data planes, products and parameters that it cannot "
        f"call at an endpoint of one's own. Not shown: {'; '.join(failed) or 'none'}.\n"
    )


def aliyun_written_into(text: str, outcomes: Sequence[Outcome]) -> str:
    """Return a document with what the command ``aliyun`` showed between its marks."""
    return _between(text, "aliyun", summary_of_aliyun(outcomes))


def summary_of_provider(outcomes: Sequence[Outcome]) -> str:
    """Return what the provider showed: a sentence, and its resources and functions by product."""
    count = {one: sum(each.verdict is one for each in outcomes) for one in Verdict}
    lines = [
        f"Through the provider (`--client provider`) {count[Verdict.PASSED]} of "
        f"{len(outcomes)} behaviours of its resources are shown.",
        "",
        "| product | resources and functions | behaviours passed | failed | not run |",
        "| --- | --- | --- | --- | --- |",
    ]
    for product in PRODUCTS:
        of_it = [each for each in outcomes if each.behaviour.product == product]
        if of_it:
            steps = (step for each in of_it for step in each.behaviour.steps)
            tokens = {each.token for each in steps if each.token and each.product == product}
            names = ", ".join(f"`{name}`" for name in sorted(map(_short, tokens)))
            verdicts = [sum(each.verdict is one for each in of_it) for one in Verdict]
            lines.append(_line(PRODUCTS[product].heading, [names, *verdicts]))
    return "\n".join(lines) + "\n"


def _short(token: str) -> str:
    return token.rpartition(":")[2]


def provider_written_into(text: str, outcomes: Sequence[Outcome]) -> str:
    """Return a document with what the provider showed between its marks."""
    return _between(text, "provider", summary_of_provider(outcomes))


def _between(text: str, mark: str, what: str) -> str:
    before, _, rest = text.partition(f"<!-- {mark} -->\n")
    _, _, after = rest.partition(f"<!-- /{mark} -->")
    return f"{before}<!-- {mark} -->\n{what}<!-- /{mark} -->{after}"


def _line(title: str, row: Iterable[int | str]) -> str:
    return f"| {title} | {' | '.join(str(each) for each in row)} |"


def _sums(rows: Sequence[_Row]) -> list[int]:
    return [sum(n for n in column if isinstance(n, int)) for column in zip(*rows, strict=True)]


def _rows(outcomes: Sequence[Outcome]) -> list[_Row]:
    passed = [each.behaviour for each in outcomes if each.verdict is Verdict.PASSED]
    return [
        [
            *_counts(name, shown_by(name, passed)),
            *(
                sum(one.behaviour.product == name and one.verdict is verdict for one in outcomes)
                for verdict in Verdict
            ),
        ]
        for name in PRODUCTS
    ]


def _counts(product: str, shown: Mapping[str, set[str]]) -> _Row:
    """Count operations and parameters, each parameter in one column."""
    here = set(PRODUCTS[product].actions)
    if not sdk_models.is_installed(product):
        return [_NONE, f"{len(here)}", f"{len(here & set(shown))}", *[_NONE] * 6]
    offered = sdk_models.operations(product)
    counts = [0] * 6
    for action in here & offered:
        done = sdk_models.treatment(product, action)
        sent = done.read & shown.get(action, set())
        parts = (sent, done.read - sent, done.refused, done.ignored, done.unknown)
        for place, part in enumerate(parts, 1):
            counts[0] += len(part)
            counts[place] += len(part)
    return [len(offered), len(here & offered), len(here & offered & set(shown)), *counts]


def shown_by(product: str, passed: Iterable[Behaviour]) -> dict[str, set[str]]:
    """Return which actions of a product, and which of their parameters, behaviours use."""
    found: dict[str, set[str]] = {}
    for step in (step for behaviour in passed for step in behaviour.steps):
        if step.call == "script" and product == "ecs":
            sent = set(step.params) - NOT_SENT
            found.setdefault("RunCommand", set()).update(SENT_WITH_SCRIPT, sent)
            found.setdefault("DescribeInvocationResults", set()).add("InvokeId")
        elif step.product == product and step.action:
            body = step.params.get("body")
            names = {*step.params, *(body if isinstance(body, dict) else ())}
            found.setdefault(step.action, set()).update(names)
    return found
