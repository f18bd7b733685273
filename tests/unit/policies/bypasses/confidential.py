"""Dangerous programs that the rules about secrets in plain text have to see."""

import base64

from tests.unit.policies.bypasses.changes import ENCODED, GITHUB, script, variable
from tests.unit.policies.sample_stack import ROBOT, Changes

BYPASSES: dict[str, tuple[str, Changes]] = {
    # Secrets
    "secret in a description": ("secret-in-property", {"run.description": f"uses {GITHUB}"}),
    "secret in a tag": ("secret-in-property", {"run.tags.note": ROBOT}),
    "secret in *_TOKEN_NAME": (
        "secret-in-environment",
        variable("HR_TOKEN_NAME", "a8Fk29dkLq03mZ"),
    ),
    "token of GitHub": ("secret-in-environment", variable("REMOTE", GITHUB)),
    "token of GitHub in a URL": (
        "secret-in-environment",
        variable("REMOTE", f"https://{GITHUB}@github.com/me/it"),
    ),
    "token of GitLab": ("secret-in-environment", variable("REMOTE", "glpat-0123456789abcdefABCD")),
    "token of Slack": ("secret-in-environment", variable("BOT", "xoxb-0123456789-abcdefgh")),
    "key of an API": ("secret-in-environment", variable("MODEL", "sk-0123456789abcdefABCDEF")),
    "token of STS": ("secret-in-environment", variable("ID", "STS.NUx0123456789abcdef")),
    "JSON web token": (
        "secret-in-environment",
        variable("SESSION", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"),
    ),
    "secret in Base64": ("secret-in-environment", variable("BLOB", ENCODED)),
    "secret in Base64 twice": (
        "secret-in-environment",
        variable("BLOB", base64.b64encode(ENCODED.encode()).decode()),
    ),
    "password of digits": (
        "secret-in-environment",
        {"run.environmentVariables.DB": '{"password": 12345}'},
    ),
    "token in a script": (
        "secret-in-command",
        script(f"git clone https://{GITHUB}@github.com/me/it"),
    ),
    "password in a script": ("secret-in-command", script("DB_PASSWORD='hunter2-abc'")),
    "secret in Base64 in a script": ("secret-in-command", script(f"base64 -d <<<{ENCODED}")),
}
