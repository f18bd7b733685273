"""The way of a new member from the chat platform to the company's own HTTP API."""

from typing import NotRequired, TypedDict

import pulumi

from components import defaults, patterns
from components.event_rule import event_rule
from components.function_delivery import event_targets, rule_name
from components.loop_context import LoopContext
from components.loop_function import LoopFunction
from components.names import Number, whole


class Onboarding(TypedDict):
    """Where new members come from, and what is called for each."""

    source: str
    """Name of the HTTPS event source to which new members are posted."""
    endpoint: pulumi.Input[str]
    """URL of the company's HTTP API."""
    allowed_ips: NotRequired[list[pulumi.Input[str]]]
    """Addresses or CIDR blocks that may post, at most 5. Whoever has the URL if left out."""
    allowed_referers: NotRequired[list[pulumi.Input[str]]]
    """Referer headers that may post, at most 5; not together with addresses."""
    token: NotRequired[pulumi.Input[str]]
    """What the header X-Provisioning-Token must be; a secret. Not asked for if left out."""
    method: NotRequired[pulumi.Input[str]]
    """HTTP method of the call. POST if left out."""
    headers: NotRequired[dict[str, pulumi.Input[str]]]
    """Headers of the call; the values are secrets."""
    timeout_seconds: NotRequired[Number]
    """Seconds until the API counts as not answering. 10 if left out."""


class OnboardingRouteArgs(TypedDict):
    """The arguments of :class:`OnboardingRoute`."""

    context: LoopContext
    """What it shares with the other parts."""
    onboarding: Onboarding
    """Where new members come from, and what is called for each."""
    approvals_bus: NotRequired[str]
    """The bus of native approvals, over which new members come as well. None if left out."""


class OnboardingRoute(pulumi.ComponentResource):
    """Call an HTTP API with the complete event of each new member, and wait for its answer."""

    function_name: pulumi.Output[str]
    """The function that calls."""

    def __init__(
        self, name: str, args: OnboardingRouteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("provisioning:index:OnboardingRoute", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        context, onboarding = args["context"], args["onboarding"]
        timeout_seconds = whole(
            onboarding.get("timeout_seconds", defaults.ONBOARDING_TIMEOUT_SECONDS)
        )
        function = LoopFunction(
            f"{name}-call-http-api",
            {
                "context": context,
                "function": "call-http-api",
                "description": "Hands a new member to the company's HTTP API",
                "environment": {
                    "ENDPOINT": onboarding["endpoint"],
                    "METHOD": onboarding.get("method", defaults.ONBOARDING_METHOD),
                    "HEADERS": pulumi.Output.secret(
                        pulumi.Output.json_dumps(onboarding.get("headers", {}))
                    ),
                    "TIMEOUT_SECONDS": timeout_seconds.apply(str),
                    **({"APPROVALS_BUS": args["approvals_bus"]} if "approvals_bus" in args else {}),
                },
                "documents": _tokens(onboarding),
                "permissions": [],
                # A call is tried again for 90 seconds, then once more, and then kept; after it the
                # function goes on with what waits.
                "timeout_seconds": timeout_seconds.apply(
                    lambda seconds: defaults.PATIENT_FUNCTION_SECONDS + 2 * seconds
                ),
                "event_queue": "members",
            },
            opts=child,
        )
        # New members that come natively have a bus of their own, and go the same way.
        self.targets = event_targets(name, context, function, self, invocation="Sync")
        event_rule(
            name,
            {
                "context": context,
                "rule_name": rule_name("onboarding", context),
                "replaced_after": True,
                "description": "New members to the company's HTTP API",
                "pattern": patterns.from_sources([onboarding["source"]]),
                "targets": self.targets,
            },
            self,
        )
        self.function_name = function.function_name
        self.register_outputs({"function_name": self.function_name})


def _tokens(onboarding: Onboarding) -> dict[str, pulumi.Input[str]]:
    if "token" not in onboarding:
        return {}
    tokens = {onboarding["source"]: onboarding["token"]}
    return {"SOURCE_TOKENS": pulumi.Output.secret(pulumi.Output.json_dumps(tokens))}
