"""The cases of the rules about secrets in plain text."""

import json

from provisioning_policies.secretness import SecretText
from tests.unit.policies.cases.case import BODY, SIGNING, TARGET, Case, script
from tests.unit.policies.sample_stack import ROBOT, UNKNOWN

CASES: dict[str, Case] = {
    "secret-in-environment": Case(
        broken=(
            ({"run.environmentVariables.CHAT": ROBOT}, "variable CHAT holds a DingTalk webhook"),
            ({"run.environmentVariables.API_TOKEN": "x1"}, "holds something called API_TOKEN"),
            (
                {"run.environmentVariables.CHATS": json.dumps({"ops": {"secret": "x1"}})},
                "variable CHATS holds something called secret",
            ),
        ),
        kept=(
            {},
            {"run.environmentVariables.TOKEN_NAME": "prod/hr"},
            {"run.environmentVariables.HR_TOKEN_NAME": "prod-hr-token-2026"},
            {"run.environmentVariables.SECRET_ARN": "acs:kms:cn-hangzhou:1234567890123456:s/a"},
            {"run.environmentVariables.TOKEN_URL": "https://sso.example.com/oauth2/token"},
            {"run.environmentVariables.LOOP": '{"token_required": true}'},
        ),
        unknown={"run.environmentVariables.API": UNKNOWN},
    ),
    "secret-in-target": Case(
        broken=(
            ({f"{TARGET}.endpoint": ROBOT}, "endpoint of target 'sample-run'"),
            (
                {
                    f"{TARGET}.paramLists.0": {
                        "resourceKey": "SecretKey",
                        "form": "CONSTANT",
                        "value": SIGNING,
                    }
                },
                "holds a DingTalk signing secret",
            ),
            (
                {
                    BODY: {
                        "resourceKey": "Body",
                        "form": "TEMPLATE",
                        "value": "{}",
                        "template": "Bearer 0123456789",
                    }
                },
                "Body of target 'sample-run' (acs.fc.function) holds an authorization header",
            ),
        ),
        unknown={f"{TARGET}.paramLists.0.value": UNKNOWN},
    ),
    "secret-in-command": Case(
        broken=(
            (script(f"set -e\ncurl '{ROBOT}'\n"), "line 2 of the script holds a DingTalk webhook"),
            (script("-----BEGIN RSA PRIVATE KEY-----"), "holds a private key"),
            (script("API_TOKEN=abcd1234efgh5678"), "holds something called API_TOKEN"),
            (script(f"curl {ROBOT[:40]}\\\n  {ROBOT[40:]}"), "holds a DingTalk webhook"),
        ),
        kept=({}, script('set -e\nTOKEN=$1\nPASSWORD="$(fetch)"\n')),
        unknown={"command.commandContent": UNKNOWN},
    ),
    "secret-in-property": Case(
        broken=(
            ({"run.description": f"posts to {ROBOT}"}, "description holds a DingTalk webhook URL"),
            ({"role.tags.note": f"key {SIGNING}"}, "tags holds a DingTalk signing secret"),
        ),
        kept=({}, {"run.description": SecretText(ROBOT)}, {"run.description": "Gives tokens"}),
        unknown={"run.description": UNKNOWN},
    ),
}
