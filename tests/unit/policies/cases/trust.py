"""The cases of the rules about who may take a role on."""

from tests.unit.policies.cases.case import GITHUB, TOKEN, Case, trusted
from tests.unit.policies.sample_stack import UNKNOWN

CASES: dict[str, Case] = {
    "ram-trust-narrow": Case(
        broken=(
            (trusted({"RAM": ["acs:ram::*:root"]}), "RAM acs:ram::*:root may assume"),
            (trusted({"Service": "*"}), "Service * may assume the role, that is anybody"),
            (trusted({"RAM": ["acs:ram::1:root"]}), "from account 1"),
            (
                {"provider": {}, **trusted({"RAM": ["acs:ram::1234567890123456:root"]})},
                "not known to be the own one; set alicloud:accountId",
            ),
            (trusted({"Federated": [GITHUB]}), "compare oidc:sub"),
            (
                trusted(
                    {"Federated": [GITHUB]},
                    Condition={"StringEquals": {**TOKEN, "oidc:sub": "repo:me/it:*"}},
                ),
                "compare oidc:sub with whole values",
            ),
            (
                trusted({"Federated": [GITHUB.replace("oidc", "saml")]}),
                "add a Condition on saml:recipient",
            ),
        ),
        kept=(
            {},
            trusted({"RAM": ["acs:ram::1234567890123456:root"]}),
            trusted(
                {"Federated": [GITHUB]},
                Condition={"StringEquals": {**TOKEN, "oidc:sub": ["repo:me/it:environment:prod"]}},
            ),
        ),
        unknown={"role.assumeRolePolicyDocument": UNKNOWN},
    ),
    "ram-principal-list": Case(
        broken=((trusted({"Service": "fc.aliyuncs.com"}), '["fc.aliyuncs.com"]'),),
        unknown={"role.assumeRolePolicyDocument": UNKNOWN},
    ),
}
