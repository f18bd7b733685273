"""Rules about event rules: what they match, where they send it, and what happens on failure."""

import re
from typing import Any
from urllib.parse import urlsplit

from provisioning_policies import facts, tokens
from provisioning_policies.documents import Unreadable, mapping, read_object
from provisioning_policies.patterns import parse, pattern_of
from provisioning_policies.rule import Level, Messages, Option, Options, Resource, rule
from provisioning_policies.targets import (
    DINGTALK,
    label,
    parameters_of,
    plain_urls,
    targets_of,
)

_RETRIES = ("BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY")
_CHAT_HOSTS = re.compile(r"(^|\.)(dingtalk\.(com|io)|feishu\.cn|larksuite\.com|weixin\.qq\.com)$")
_REGION_OF_ARN = re.compile(r"acs:[a-z0-9-]+:([a-z0-9-]+):")


@rule(
    "rule-dead-letters",
    "What a target never accepted is kept",
    on=[tokens.EVENT_RULE],
    reason=(
        "When the last attempt fails, EventBridge drops the event. An approval is then lost "
        "without a trace: nobody is provisioned and nobody is told."
    ),
    remedy="Set deadLetterQueue.arn of each target to an MNS queue that somebody looks at.",
    source=facts.EVENTBRIDGE_RETRY,
)
def rule_dead_letters(event_rule: Resource, _: Options) -> Messages:
    """Look for a dead-letter queue on each target."""
    for target in targets_of(event_rule):
        if not mapping(target.get("deadLetterQueue")).get("arn"):
            yield f"{label(target)} has no dead-letter queue; set deadLetterQueue.arn"


@rule(
    "rule-retry",
    "How often a target is tried again is stated",
    on=[tokens.EVENT_RULE],
    reason=(
        "A target that is left to the default gives up after three attempts within a minute, "
        "which is shorter than most outages; whoever wants that should say so."
    ),
    remedy="Set pushRetryStrategy to BACKOFF_RETRY (3 times) or EXPONENTIAL_DECAY_RETRY (a day).",
    source=facts.EVENTBRIDGE_RETRY,
)
def rule_retry(event_rule: Resource, _: Options) -> Messages:
    """Look for a retry strategy on each target."""
    for target in targets_of(event_rule):
        strategy = target.get("pushRetryStrategy")
        if strategy not in _RETRIES:
            found = f"'{strategy}' as" if strategy else "no"
            yield f"{label(target)} has {found} pushRetryStrategy; set {' or '.join(_RETRIES)}"


@rule(
    "rule-pattern-readable",
    "A pattern is one that EventBridge takes",
    on=[tokens.EVENT_RULE],
    level=Level.EVERYWHERE,
    reason=(
        "EventBridge refuses any other pattern, but only when the update has already begun, and "
        "what cannot be read cannot be judged."
    ),
    remedy="Write filterPattern as a JSON object, best with the language's own JSON function.",
    source=facts.EVENTBRIDGE_PATTERN,
)
def rule_pattern_readable(event_rule: Resource, _: Options) -> Messages:
    """Parse the pattern."""
    try:
        parse(event_rule.props.get("filterPattern"))
    except Unreadable as problem:
        yield f'filterPattern {problem}; write it like {{"source": ["my.source"]}}'


@rule(
    "rule-pattern-narrow",
    "A pattern names the sources whose events it matches",
    on=[tokens.EVENT_RULE],
    reason=(
        "A rule for every source also runs for sources that somebody adds later, with weaker "
        "protection, and for the events that its own target publishes: that is a loop."
    ),
    remedy="Name the sources in the pattern: a string for each, or a long prefix or suffix.",
    source=facts.EVENTBRIDGE_PATTERN,
)
def rule_pattern_narrow(event_rule: Resource, _: Options) -> Messages:
    """Look for a source in the pattern."""
    pattern = pattern_of(event_rule)
    if pattern is not None and not pattern.names_a_source:
        found = "a source that is open" if ("source",) in pattern.fields else "no source"
        yield (
            f"the pattern has {found}, so it matches events of every source; name the sources, "
            'like "source": ["my.source"]'
        )


# What EventBridge itself sets, and the source, which it compares with the sender.
_TRUSTED = re.compile(
    r"\$\.(source|time|specversion|aliyunaccountid|aliyunpublishtime|aliyuneventbusname"
    r"|aliyunregionid)"
)
_FORMS = ("ORIGINAL", "JSONPATH", "CONSTANT", "TEMPLATE")


@rule(
    "rule-template-untrusted",
    "No text of an event is put into a template",
    on=[tokens.EVENT_RULE],
    reason=(
        "A template is text into which values are pasted as they are. Whoever posts the event "
        "chooses them: a quote ends the JSON string, and what follows is the target's input. "
        "Accepted are attributes that EventBridge sets."
    ),
    remedy="Hand on the event (ORIGINAL) or a part of it (JSONPATH), and build text in code.",
    source=facts.EVENTBRIDGE_TARGETS,
)
def rule_template_untrusted(event_rule: Resource, _: Options) -> Messages:
    """Look at what parameters of form TEMPLATE take from the event."""
    for target in targets_of(event_rule):
        for parameter in parameters_of(target):
            key, form = parameter.get("resourceKey"), parameter.get("form")
            if form not in _FORMS:
                yield f"{key} of {label(target)} has the form '{form}'; use {', '.join(_FORMS)}"
            if form != "TEMPLATE":
                continue
            try:
                values = read_object(parameter.get("value"))
            except Unreadable as problem:
                yield f"the value of {key} of {label(target)}, which a template takes, {problem}"
                continue
            if paths := sorted(_paths(values)):
                yield (
                    f"{label(target)} pastes {', '.join(paths)} into the template of {key}; use "
                    "form ORIGINAL or JSONPATH"
                )


def _paths(value: Any) -> set[str]:
    """Return what a template takes from the event and only the sender knows."""
    if isinstance(value, dict):
        return set().union(*map(_paths, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(_paths, value)) if value else set()
    text = str(value).strip()
    return {text} if "$" in text and not _TRUSTED.fullmatch(text) else set()


@rule(
    "rule-target-https",
    "Events leave over HTTPS only",
    on=[tokens.EVENT_RULE],
    reason=(
        "Results name people, machines and what was done; over HTTP every hop on the way can read "
        "and change them. Names that cannot leave the machine (loopback, .localhost, .invalid, "
        ".test) are accepted."
    ),
    remedy="Use the target type https and an https:// endpoint.",
    source=facts.EVENTBRIDGE_TARGETS,
)
def rule_target_https(event_rule: Resource, _: Options) -> Messages:
    """Look at the endpoints that are URLs."""
    for target in targets_of(event_rule):
        values = [target.get("endpoint"), *(p.get("value") for p in parameters_of(target))]
        hosts = [host for value in values for host in plain_urls(value)]
        if hosts:
            yield f"{label(target)} calls {hosts[0]} over plain HTTP; use https://"


@rule(
    "rule-target-region",
    "A target is in the rule's own region",
    on=[tokens.EVENT_RULE],
    level=Level.EVERYWHERE,
    reason="EventBridge refuses a target in another region.",
    remedy="Use a target in the provider's region, or a bus of the other region in between.",
    source=facts.EVENTBRIDGE_LIMITS,
)
def rule_target_region(event_rule: Resource, _: Options) -> Messages:
    """Compare the region in each ARN with the provider's."""
    region = event_rule.provider.get("region")
    for target in targets_of(event_rule):
        arns = {
            "endpoint": target.get("endpoint"),
            "deadLetterQueue.arn": mapping(target.get("deadLetterQueue")).get("arn"),
        }
        for key, arn in arns.items():
            match = _REGION_OF_ARN.match(str(arn))
            if region and match and match[1] != region:
                yield f"{key} of {label(target)} is in '{match[1]}', the rule in '{region}'"


@rule(
    "rule-targets-quota",
    "A rule has no more targets than EventBridge takes",
    on=[tokens.EVENT_RULE],
    level=Level.EVERYWHERE,
    reason="EventBridge takes five targets a rule; the update fails with the sixth.",
    remedy="Split the rule into several with the same pattern.",
    source=facts.EVENTBRIDGE_LIMITS,
    options=[Option("maximum", "most targets of a rule", default=5)],
)
def rule_targets_quota(event_rule: Resource, options: Options) -> Messages:
    """Count the targets."""
    count = len(list(targets_of(event_rule)))
    if count > options["maximum"]:
        yield f"the rule has {count} targets; at most {options['maximum']:g} are possible"


@rule(
    "rule-enabled",
    "No rule of a production stack is switched off",
    on=[tokens.EVENT_RULE],
    level=Level.PRODUCTION_ONLY,
    reason=(
        "A rule that was switched off for an hour and forgotten drops events silently; what is not "
        "needed should not be in the program."
    ),
    remedy="Remove status, or set it to ENABLE; delete a rule that nobody needs.",
    source=facts.EVENTBRIDGE_RULE,
)
def rule_enabled(event_rule: Resource, _: Options) -> Messages:
    """Look at the status."""
    if event_rule.props.get("status") == "DISABLE":
        yield "the rule is switched off (status DISABLE), so its events are lost; set ENABLE"


@rule(
    "chat-refusal-seen",
    "A chat that refuses a message is noticed",
    on=[tokens.EVENT_RULE],
    level=Level.PRODUCTION_ONLY,
    reason=(
        "DingTalk and Lark answer HTTP 200 with an error code in the body, also when a message is "
        "over the rate limit. EventBridge takes that for success: no retry, no dead letter."
    ),
    remedy="Post through a function that reads the answer and raises.",
    source=facts.CHAT_ROBOTS,
)
def chat_refusal_seen(event_rule: Resource, _: Options) -> Messages:
    """Look for targets that post to a chat platform without reading its answer."""
    for target in targets_of(event_rule):
        host = urlsplit(str(target.get("endpoint"))).hostname or ""
        if target.get("type") == DINGTALK or _CHAT_HOSTS.search(host):
            yield (
                f"{label(target)} posts to a chat by itself and cannot see a refusal; post "
                "through a function that reads the answer"
            )


RULES = (
    rule_dead_letters,
    rule_retry,
    rule_pattern_readable,
    rule_pattern_narrow,
    rule_template_untrusted,
    rule_target_https,
    rule_target_region,
    rule_targets_quota,
    rule_enabled,
    chat_refusal_seen,
)
