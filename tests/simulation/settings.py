"""The deployment of the simulation: three hosts, two roles that share one, two chats."""

import json

from functions.run_command.settings import read

START = 1_767_225_600.0
DAY = 86_400.0
INSTANCES = ("i-1", "i-2", "i-3")
ROLES = {"dba": ("i-1", "i-2"), "devops": ("i-2", "i-3")}
CHATS = ("ops", "people")
TOKEN = "right"
LATER = "later"
REQUESTS = "requests"
COMPLETIONS = "completions"
DEAD = "dead"
TIMEOUT_SECONDS = 300
SETTINGS = read(
    {
        "CommandId": "c-provision",
        "DeprovisionCommandId": "c-deprovision",
        "InstanceIds": json.dumps(INSTANCES),
        "Timeout": str(TIMEOUT_SECONDS),
        "LATER_QUEUE": LATER,
        "DEAD_LETTER_QUEUE": DEAD,
        "SOURCE_TOKENS": json.dumps({"s": TOKEN}),
        "LOOP": json.dumps(
            {
                "bus": "sim",
                "sources": {"s": {"platform": "lark", "chat": "ops", "token_required": True}},
                "chats": {chat: {"platform": "lark", "delivery": "function"} for chat in CHATS},
                "default_chat": "ops",
                "roles": {role: {"instances": hosts} for role, hosts in ROLES.items()},
                "stale_after_seconds": DAY,
            }
        ),
    }
)
REDELIVERIES = (15.0, 300.0, 3600.0, 21_600.0)
"""When Lark posts again what it saw no answer to ("Event subscription", retries)."""
TIMER_SECONDS = 60.0


def hosts_of(role: str) -> tuple[str, ...]:
    """Return where a request for a role runs; without a role, everywhere."""
    return ROLES[role] if role else INSTANCES
