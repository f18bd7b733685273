"""Rules about what the pack itself can see."""

from collections.abc import Sequence

from provisioning_policies import facts, tokens
from provisioning_policies.documents import items, json_object, mapping
from provisioning_policies.rule import (
    AnyRule,
    Level,
    Messages,
    Option,
    Options,
    Resource,
    Rule,
    StackMessages,
    rule,
    stack_rule,
)
from provisioning_policies.targets import is_local
from provisioning_policies.wildcards import matches

# Types that let nobody in and hand nothing on: they are known, and need no rule.
_HARMLESS = (
    tokens.PROVIDER,
    "alicloud:eventbridge/serviceLinkedRole:ServiceLinkedRole",
    "alicloud:fc/v3Alias:V3Alias",
    "alicloud:fc/v3ConcurrencyConfig:V3ConcurrencyConfig",
    "alicloud:fc/v3FunctionVersion:V3FunctionVersion",
    "alicloud:fc/v3ProvisionConfig:V3ProvisionConfig",
    "alicloud:ims/oidcProvider:OidcProvider",
    "alicloud:log/storeIndex:StoreIndex",
    "alicloud:sls/index:Index",
    "alicloud:cms/alarmContact:AlarmContact",
    "alicloud:cms/alarmContactGroup:AlarmContactGroup",
    "pulumi:pulumi:Stack",
    "pulumi:pulumi:StackReference",
    "pulumi:providers:*",
    "random:*",
    "time:*",
)


def resource_type_known(rules: Sequence[AnyRule]) -> Rule:
    """Make the rule that finds what none of the others looks at."""
    judged = {token for one in rules if isinstance(one, Rule) for token in one.types}

    @rule(
        "resource-type-known",
        "Every resource is of a type that this pack knows",
        reason=(
            "Of a type that no rule knows nothing is seen: a machine with a script of its own, an "
            "older form of a function, an access key. Silence about it would look like approval."
        ),
        remedy=(
            "Judge the resource yourself, then exempt it by its name with the reason, or list the "
            "type in accepted."
        ),
        source=facts.ENGINE_POLICIES,
        options=[
            Option("accepted", "more types, with wildcards, that need no rule", default=[]),
        ],
    )
    def check(resource: Resource, options: Options) -> Messages:
        """Look the type up among those that the rules name and those that need none."""
        accepted = (*_HARMLESS, *options["accepted"])
        known = resource.type in judged or any(matches(p, resource.type) for p in accepted)
        if not known:
            yield f"no rule knows the type '{resource.type}', so nothing about it is judged"

    return check


@stack_rule(
    "provider-https",
    "The provider speaks to the cloud over HTTPS",
    level=Level.EVERYWHERE,
    reason=(
        "Over HTTP every hop on the way reads what is deployed, with every secret in it, and can "
        "answer in the cloud's place. A local cloud on this machine is accepted."
    ),
    remedy="Remove alicloud:protocol, or let every endpoint be on this machine.",
    source=facts.PROVIDER,
)
def provider_https(stack: Sequence[Resource], _: Options) -> StackMessages:
    """Look at the protocol and the endpoints of each provider that is used."""
    seen: list[object] = []
    for resource in stack:
        provider = dict(resource.provider)
        if provider in seen or not resource.type.startswith("alicloud:"):
            continue
        seen.append(provider)
        if str(provider.get("protocol", "HTTPS")).upper() == "HTTPS":
            continue
        hosts = _endpoints(provider.get("endpoints"))
        far = sorted(host for host in hosts if not is_local(host.partition(":")[0]))
        if far or not hosts:
            yield (
                resource,
                f"its provider speaks HTTP to {far[0] if far else 'the cloud'}; use HTTPS",
            )


def _endpoints(value: object) -> set[str]:
    """Return the hosts of the endpoints; in a stack file they are JSON text."""
    blocks = items(value)
    if isinstance(value, str):
        blocks = [json_object(value.strip().removeprefix("[").removesuffix("]"))]
    return {str(host) for block in blocks for host in mapping(block).values() if host}


def rules(others: Sequence[AnyRule]) -> tuple[AnyRule, ...]:
    """Return the rules about what all others can see."""
    return (resource_type_known((*others, provider_https)), provider_https)
