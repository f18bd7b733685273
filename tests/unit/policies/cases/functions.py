"""The cases of the rules about functions."""

from provisioning_policies import tokens
from tests.unit.policies.cases.case import Case, domain
from tests.unit.policies.sample_stack import UNKNOWN

CASES: dict[str, Case] = {
    "function-runtime": Case(
        broken=(
            ({"run.runtime": "python3.9"}, "python3.9 is retired; use python3.12"),
            ({"run.runtime": "nodejs8"}, "nodejs8 is retired; use nodejs20"),
            ({"run.runtime": "cobol"}, "runtime cobol is not one that this rule knows"),
        ),
        unknown={"run.runtime": UNKNOWN},
    ),
    "function-timeout": Case(
        broken=(
            ({"run.timeout": None}, "no timeout is set"),
            ({"run.timeout": 86_400}, "timeout is 86400 s; at most 600 s"),
        ),
        unknown={"run.timeout": UNKNOWN},
    ),
    "function-logs": Case(
        broken=(
            ({"run.logConfig": None}, "lacks project and logstore"),
            ({"run.logConfig.logstore": ""}, "lacks logstore"),
        ),
        unknown={"run.logConfig": UNKNOWN},
    ),
    "function-environment-size": Case(
        broken=(({"run.environmentVariables.LOOP": "ä" * 2_048}, "at most 4096"),),
        kept=({}, {"run.environmentVariables": {"LOOP": "x" * 4_092}}),
        unknown={"run.environmentVariables": UNKNOWN},
    ),
    "function-calls-https": Case(
        broken=(
            ({"run.environmentVariables.API": "http://hr.example.com"}, "variable API holds an"),
        ),
        kept=({}, {"run.environmentVariables.API": "http://hr.localcloud.invalid"}),
        unknown={"run.environmentVariables.API": UNKNOWN},
    ),
    "function-trigger-authenticated": Case(
        broken=(
            (
                {"trigger.triggerConfig": '{"authType": "anonymous"}'},
                "does not authenticate its callers",
            ),
            ({"trigger.triggerConfig": "{}"}, "(no authType)"),
            ({"trigger.triggerConfig": "anonymous"}, "HTTP trigger is not JSON"),
            ({"trigger.triggerType": "fax"}, "is of type 'fax'"),
        ),
        kept=({}, {"trigger.triggerType": "timer", "trigger.triggerConfig": "{}"}),
        unknown={"trigger.triggerConfig": UNKNOWN},
    ),
    "function-domain-authenticated": Case(
        broken=(
            (domain(), "the domain does not authenticate"),
            (domain(protocol="HTTP,HTTPS", authConfig={"authType": "jwt"}), 'takes "HTTP,HTTPS"'),
            ({"domain": (tokens.CUSTOM_DOMAIN_2, {"protocol": "HTTPS"})}, "2.0"),
        ),
        kept=(
            {},
            domain(authConfig={"authType": "jwt"}),
            domain(authConfig={"authType": "function"}),
        ),
        unknown=domain(authConfig=UNKNOWN),
    ),
}
