"""Dangerous programs that the rules about what waits have to see."""

from provisioning_policies import tokens
from tests.unit.policies.sample_stack import QUEUE, WAITING, Changes, document, queue_target

_RUNS = document(
    {"Action": ["mns:*eceiveMessage"], "Resource": f"{WAITING}/messages"},
    {"Action": "ecs:RunC?mmand", "Resource": "acs:ecs:*:*:instance/i-1"},
)

BYPASSES: dict[str, tuple[str, Changes]] = {
    "a part of an event reaches a command through a queue": (
        "queued-command-gets-complete-event",
        {
            "queued.targets.0": queue_target("sample-waiting", "JSONPATH"),
            "reading.policyDocument": _RUNS,
        },
    ),
    "a queue of dead letters that forgets, by another way": (
        "queue-retention",
        {
            "waiting.messageRetentionPeriod": 60,
            "queued.targets.0.deadLetterQueue.arn": WAITING.replace(":/", ":"),
        },
    ),
    "a queue that nobody is called to read": ("queue-reader-called", {"timer": None}),
    "a timer of another function": (
        "queue-reader-called",
        {"timer.functionName": "sample-run"},
    ),
    "a message that comes again meanwhile": (
        "queue-visibility",
        {"waiting.visibilityTimeout": 1},
    ),
    "a timer that is off": (
        "trigger-on",
        {"timer.triggerConfig": '{"enable": false, "cronExpression": "@every 1m"}'},
    ),
    "half a pair of destinations": (
        "async-destinations-both",
        {"later.destinationConfig": [{"onFailure": {"destination": QUEUE}}]},
    ),
    "an alarm that is off": (
        "alarm-heard",
        {"alarm": (tokens.ALARM, {"enabled": False, "contactGroups": ["ops"]})},
    ),
}
