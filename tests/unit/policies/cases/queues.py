"""The cases of the rules about what waits: queues, timers, later calls."""

import json

from provisioning_policies import tokens
from tests.unit.policies.cases.case import RUNS, SENDS, Case
from tests.unit.policies.sample_stack import QUEUE, ROBOT, UNKNOWN, WAITING, document, queue_target

CASES: dict[str, Case] = {
    "queue-retention": Case(
        broken=(
            ({"queue.messageRetentionPeriod": 86_400}, "86400 s; keep them for 345600 s"),
            ({"queue.messageRetentionPeriod": 0}, "0 s; keep them"),
            (
                {
                    "waiting.messageRetentionPeriod": 600,
                    "run.environmentVariables.DEAD_LETTER_QUEUE": "sample-waiting",
                },
                "600 s; keep them",
            ),
            (
                {
                    "waiting.messageRetentionPeriod": 600,
                    "later.destinationConfig": {
                        "onFailure": {"destination": f"{WAITING}/messages"},
                        "onSuccess": {"destination": f"{QUEUE}/messages"},
                    },
                },
                "600 s; keep them",
            ),
        ),
        kept=(
            {},
            {"queue.messageRetentionPeriod": None},
            {"waiting.messageRetentionPeriod": 600},
        ),
        unknown={"queue.messageRetentionPeriod": UNKNOWN},
    ),
    "queue-reader-called": Case(
        broken=(
            ({"timer": None}, "no timer calls 'sample-publish'"),
            ({"timer.functionName": "sample-run"}, "no timer calls 'sample-publish'"),
            ({"timer": None, "queued": None, **SENDS}, "no timer calls 'sample-publish'"),
        ),
        kept=(
            {},
            # Nothing of this stack fills it, or nothing of it reads it.
            {"timer": None, "queued": None},
            {"timer": None, "reader": None},
            {
                "timer.triggerType": "eventbridge",
                "timer.triggerConfig": json.dumps(
                    {
                        "eventSourceConfig": {
                            "eventSourceParameters": {
                                "sourceMNSParameters": {"QueueName": "sample-waiting"}
                            }
                        }
                    }
                ),
            },
        ),
        unknown={"timer.functionName": UNKNOWN},
    ),
    "queue-visibility": Case(
        broken=(
            ({"waiting.visibilityTimeout": 59}, "hidden for 59 s"),
            ({"waiting.visibilityTimeout": None}, "hidden for 30 s"),
            ({"publish.timeout": 120}, "may take 120 s"),
        ),
        kept=(
            {},
            {"waiting.visibilityTimeout": 60},
            {"queue.visibilityTimeout": 1},
            # Who may prolong the time does not need all of it at once.
            {
                "waiting.visibilityTimeout": 1,
                "reading.policyDocument": document(
                    {"Action": "mns:*", "Resource": f"{WAITING}/messages"}
                ),
            },
            # Who may not delete only looks.
            {
                "waiting.visibilityTimeout": 1,
                "reading.policyDocument": document(
                    {"Action": "mns:ReceiveMessage", "Resource": f"{WAITING}/messages"}
                ),
            },
        ),
        unknown={"waiting.visibilityTimeout": UNKNOWN},
    ),
    "target-queue-exists": Case(
        broken=(
            ({"waiting": None}, "queue 'sample-waiting', which this stack does not create"),
            ({"queued.targets.0.paramLists.0.value": "other"}, "queue 'other'"),
            ({"queued.targets.0.endpoint": "acs:mns:::topics/x"}, "names no queue"),
            ({"queued.targets.0.paramLists.0.value": ROBOT}, "names no queue"),
        ),
        unknown={"waiting.queueName": UNKNOWN},
    ),
    "queued-command-gets-complete-event": Case(
        broken=(
            (
                {"queued.targets.0": queue_target("sample-waiting", "TEMPLATE"), **RUNS},
                "gets its Body as TEMPLATE and is read by function 'sample-publish'",
            ),
        ),
        kept=({}, {"queued.targets.0": queue_target("sample-waiting", "TEMPLATE")}, RUNS),
        unknown={
            "queued.targets.0": queue_target("sample-waiting", "TEMPLATE"),
            "reading.policyDocument": UNKNOWN,
        },
    ),
    "trigger-on": Case(
        broken=(
            ({"timer.triggerConfig": '{"cronExpression": "@every 1m"}'}, "the timer is off"),
            ({"timer.triggerConfig": '{"enable": "true"}'}, "the timer is off"),
            ({"timer.triggerConfig": '{"enable": true}'}, "has no cronExpression"),
            ({"timer.triggerConfig": "@every 1m"}, "of the timer is not JSON"),
        ),
        kept=({}, {"trigger.triggerConfig": "{}"}),
        unknown={"timer.triggerConfig": UNKNOWN},
    ),
    "trigger-function-exists": Case(
        broken=(
            ({"timer.functionName": "sample"}, "of function 'sample', which this stack"),
            ({"later.functionName": "sample"}, "of function 'sample', which this stack"),
        ),
        unknown={"timer.functionName": UNKNOWN},
    ),
    "async-destinations-both": Case(
        broken=(
            ({"later.destinationConfig": {"onFailure": {"destination": QUEUE}}}, "only onFailure"),
            (
                {
                    "later.destinationConfig": {
                        "onFailure": {"destination": ""},
                        "onSuccess": {"destination": QUEUE},
                    }
                },
                "only onSuccess",
            ),
        ),
        kept=(
            {},
            {"later.destinationConfig": {}},
            {
                "later.destinationConfig": {
                    "onFailure": {"destination": QUEUE},
                    "onSuccess": {"destination": WAITING},
                }
            },
        ),
        unknown={"later.destinationConfig": {"onFailure": {"destination": UNKNOWN}}},
    ),
    "alarm-heard": Case(
        broken=(
            ({"alarm": (tokens.ALARM, {"enabled": False, "contactGroups": ["a"]})}, "is off"),
            ({"alarm": (tokens.ALARM, {"contactGroups": []})}, "nobody hears it"),
            ({"alarm": (tokens.ALARM, {})}, "nobody hears it"),
        ),
        kept=({}, {"alarm": (tokens.ALARM, {"contactGroups": ["a"]})}),
        unknown={"alarm": (tokens.ALARM, {"contactGroups": UNKNOWN})},
    ),
}
