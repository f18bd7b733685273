"""Rules about the webhooks through which events come in, and about the bus behind them."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from provisioning_policies import facts, tokens
from provisioning_policies.documents import mapping, texts
from provisioning_policies.rule import Level, Messages, Option, Options, Resource, rule
from provisioning_policies.wildcards import matches

# EventBridge, "Supported regions" and the endpoints of the API (2020-04-01).
_REGIONS = frozenset(
    {
        "cn-qingdao",
        "cn-beijing",
        "cn-zhangjiakou",
        "cn-huhehaote",
        "cn-wulanchabu",
        "cn-hangzhou",
        "cn-shanghai",
        "cn-shenzhen",
        "cn-heyuan",
        "cn-guangzhou",
        "cn-chengdu",
        "cn-hongkong",
        "cn-beijing-finance-1",
        "cn-shanghai-finance-1",
        "cn-shenzhen-finance-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-southeast-1",
        "ap-southeast-3",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "us-east-1",
        "us-west-1",
        "eu-west-1",
        "eu-central-1",
    }
)
_MOST_ADDRESSES = 5


def http_parameters(source: Resource) -> Mapping[str, Any]:
    """Return how an HTTP source may be called; empty for a source of another kind."""
    return mapping(source.props.get("sourceHttpEventParameters"))


@rule(
    "eventbridge-region",
    "EventBridge exists in the provider's region",
    on=[tokens.EVENT_BUS, tokens.EVENT_SOURCE, tokens.EVENT_RULE],
    level=Level.EVERYWHERE,
    reason="In any other region the first request fails, when half of the stack is already made.",
    remedy="Set alicloud:region to a region in which EventBridge is offered.",
    source=facts.EVENTBRIDGE_REGIONS,
)
def eventbridge_region(resource: Resource, _: Options) -> Messages:
    """Compare the provider's region with those in which the service is offered."""
    region = resource.provider.get("region")
    if region and region not in _REGIONS:
        yield (f"region '{region}' has no EventBridge; it exists in {', '.join(sorted(_REGIONS))}")


@rule(
    "event-bus-protected",
    "A production bus cannot be deleted by accident",
    on=[tokens.EVENT_BUS],
    level=Level.PRODUCTION_ONLY,
    reason=(
        "Deleting or replacing a bus deletes its sources: their webhook URLs change, and every "
        "approval flow that posts to one has to be edited by hand."
    ),
    remedy="Give the bus the resource option protect=True.",
    source=facts.PULUMI_PROTECT,
)
def event_bus_protected(bus: Resource, _: Options) -> Messages:
    """Look at the resource option ``protect``."""
    if not bus.protected:
        yield "the bus is not protected against deletion; set the resource option protect=True"


@rule(
    "event-source-https",
    "A webhook takes HTTPS and nothing else",
    on=[tokens.EVENT_SOURCE],
    reason=(
        "The token that lets somebody post is part of the URL: over HTTP every hop on the way can "
        "read it and post approvals of its own."
    ),
    remedy='Set sourceHttpEventParameters.type to "HTTPS".',
    source=facts.EVENTBRIDGE_HTTP_SOURCE,
)
def event_source_https(source: Resource, _: Options) -> Messages:
    """Look at the protocols of the webhook."""
    parameters = http_parameters(source)
    if parameters and parameters.get("type") != "HTTPS":
        yield f'the webhook takes "{parameters.get("type", "nothing")}"; set type to "HTTPS"'


@rule(
    "event-source-methods",
    "A webhook takes POST and nothing else",
    on=[tokens.EVENT_SOURCE],
    reason=(
        "A GET can be sent by a link preview, a scanner or a browser that somebody was lured with: "
        "each would be an event."
    ),
    remedy='Set sourceHttpEventParameters.methods to ["POST"].',
    source=facts.EVENTBRIDGE_HTTP_SOURCE,
)
def event_source_methods(source: Resource, _: Options) -> Messages:
    """Look at the methods of the webhook."""
    parameters = http_parameters(source)
    methods = sorted(set(texts(parameters.get("methods"))))
    if parameters and methods != ["POST"]:
        taken = f"takes {', '.join(methods)}" if methods else "names no method"
        yield f'the webhook {taken}; set methods to ["POST"]'


@rule(
    "event-source-addresses",
    "A list of addresses admits the addresses on it and few others",
    on=[tokens.EVENT_SOURCE],
    reason=(
        "EventBridge reads the list only if securityConfig says ip, takes at most five entries, "
        "and a block such as 0.0.0.0/0 admits everybody while it looks like a restriction."
    ),
    remedy="List up to five addresses or narrow blocks, and set securityConfig to ip.",
    source=facts.EVENTBRIDGE_HTTP_SOURCE,
    options=[
        Option("shortestPrefix", "shortest prefix of an IPv4 block, in bits", default=16),
        Option("shortestPrefixIpv6", "shortest prefix of an IPv6 block, in bits", default=48),
    ],
)
def event_source_addresses(source: Resource, options: Options) -> Messages:
    """Compare the list of addresses with what EventBridge does with it."""
    parameters = http_parameters(source)
    if not parameters:
        return
    addresses = texts(parameters.get("ips"))
    checked = parameters.get("securityConfig") == "ip"
    if addresses and not checked:
        yield (
            f"{len(addresses)} addresses are listed, but securityConfig is "
            f"'{parameters.get('securityConfig', 'none')}', so everybody may post; set it to ip"
        )
    if checked and not addresses:
        yield "securityConfig is ip, but no address is listed; list those that may post"
    if len(addresses) > _MOST_ADDRESSES:
        yield f"{len(addresses)} addresses are listed; EventBridge takes {_MOST_ADDRESSES}"
    yield from _wide(addresses, options)


def _wide(addresses: list[str], options: Options) -> Iterator[str]:
    for address in addresses:
        try:
            network = ipaddress.ip_network(address, strict=False)
        except ValueError:
            yield f"'{address}' is neither an address nor a block such as 203.0.113.16/28"
            continue
        key = "shortestPrefix" if network.version == 4 else "shortestPrefixIpv6"
        if network.prefixlen < options[key]:
            yield (
                f"'{address}' admits {network.num_addresses} addresses; list a block of "
                f"/{options[key]:g} or narrower"
            )


@rule(
    "event-source-own-name",
    "An event source has no name that others speak in",
    on=[tokens.EVENT_SOURCE],
    level=Level.EVERYWHERE,
    reason=(
        "The name of the source is the source of its events. One that is called as a product of "
        "Alibaba Cloud, or as what functions publish, lets whoever has its URL forge their events: "
        "a result without a run, the end of a run that never was."
    ),
    remedy="Give the source a name of its own.",
    source=facts.EVENTBRIDGE_HTTP_SOURCE,
    options=[
        Option(
            "reserved",
            "names, with wildcards, that no source may have",
            default=["acs.*", "acs", "ecs.provisioning"],
        )
    ],
)
def event_source_own_name(source: Resource, options: Options) -> Messages:
    """Compare the name with those that are reserved."""
    name = str(source.props["eventSourceName"])
    if any(matches(pattern, name, ignore_case=True) for pattern in options["reserved"]):
        yield f"the source is called '{name}', in whose name others publish; choose another"


@rule(
    "webhook-url-secret",
    "A webhook's URL is a secret output",
    on=[tokens.EVENT_SOURCE],
    reason=(
        "The URL holds the token that lets its owner post events. As a plain output it stands in "
        "the state file, in previews and in the logs of every pipeline."
    ),
    remedy="Give the source additional_secret_outputs=['source_http_event_parameters'].",
    source=facts.PULUMI_SECRETS,
)
def webhook_url_secret(source: Resource, _: Options) -> Messages:
    """Look at the resource option ``additionalSecretOutputs``."""
    outputs = {name.replace("_", "").lower() for name in source.secret_outputs}
    if http_parameters(source) and "sourcehttpeventparameters" not in outputs:
        yield (
            "the webhook's URL is a plain output; set the resource option "
            "additional_secret_outputs=['source_http_event_parameters']"
        )


RULES = (
    eventbridge_region,
    event_bus_protected,
    event_source_https,
    event_source_methods,
    event_source_addresses,
    event_source_own_name,
    webhook_url_secret,
)
