"""Dangerous programs that the rules about functions have to see."""

from provisioning_policies import tokens
from tests.unit.policies.bypasses.changes import other, variable
from tests.unit.policies.sample_stack import Changes

BYPASSES: dict[str, tuple[str, Changes]] = {
    "http in a list of addresses": (
        "function-calls-https",
        variable("APIS", "https://a.example,http://b.example"),
    ),
    "http within JSON": ("function-calls-https", variable("APIS", '{"hr": "http://b.example"}')),
    # Doors of functions under other names
    "trigger without a word": ("function-trigger-authenticated", {"trigger.triggerConfig": "{}"}),
    "trigger ANONYMOUS": (
        "function-trigger-authenticated",
        {"trigger.triggerConfig": '{"authType": "ANONYMOUS"}'},
    ),
    "trigger that is not JSON": (
        "function-trigger-authenticated",
        {"trigger.triggerConfig": "authType: anonymous"},
    ),
    "trigger of type HTTP": (
        "function-trigger-authenticated",
        {"trigger.triggerType": "HTTP", "trigger.triggerConfig": '{"authType": "anonymous"}'},
    ),
    "trigger of 2.0": (
        "function-trigger-authenticated",
        other(tokens.TRIGGER_2, type="http", config='{"authType": "anonymous"}'),
    ),
    "custom domain": (
        "function-domain-authenticated",
        other(tokens.CUSTOM_DOMAIN, protocol="HTTPS", customDomainName="a.example"),
    ),
    "custom domain, anonymous": (
        "function-domain-authenticated",
        other(tokens.CUSTOM_DOMAIN, protocol="HTTPS", authConfig={"authType": "anonymous"}),
    ),
    "custom domain over HTTP": (
        "function-domain-authenticated",
        other(tokens.CUSTOM_DOMAIN, protocol="HTTP,HTTPS", authConfig={"authType": "jwt"}),
    ),
    "custom domain of 2.0": (
        "function-domain-authenticated",
        other(tokens.CUSTOM_DOMAIN_2, protocol="HTTPS", domainName="a.example"),
    ),
    "a runtime that nobody knows": ("function-runtime", {"run.runtime": "python3.8"}),
}
