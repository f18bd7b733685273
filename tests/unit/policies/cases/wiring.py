"""The cases of the rules about a stack as a whole."""

from provisioning_policies import tokens
from tests.unit.policies.cases.case import BODY, COMMAND_NAME, HTTP, RUNS, TARGET, Case, pattern
from tests.unit.policies.sample_stack import QUEUE, UNKNOWN, function_target, queue_target

_WAKE = function_target("sample-publish", "CONSTANT", value="wake")

CASES: dict[str, Case] = {
    "source-has-rule": Case(
        broken=(
            ({"source.eventSourceName": "sample.other"}, "names source 'sample.other'"),
            ({"source.eventBusName": "other"}, "no rule on bus 'other'"),
            ({"approved": None, **pattern({})}, "names source 'sample.approval'"),
            ({"approved.targets.0.type": "acs.sls"}, "names source 'sample.approval'"),
        ),
        kept=(
            {},
            {"approved.filterPattern": '{"source": [{"prefix": "sample."}]}'},
            {"completed.filterPattern": UNKNOWN},
        ),
        unknown={"approved.filterPattern": UNKNOWN},
    ),
    "source-guarded": Case(
        broken=(
            ({f"{HTTP}.securityConfig": "none"}, "whoever has the URL"),
            (
                {f"{HTTP}.securityConfig": "referer", f"{HTTP}.referers": ["dingtalk.com"]},
                "whoever has the URL",
            ),
            (
                {
                    f"{HTTP}.securityConfig": "none",
                    "run.environmentVariables.SOURCE_TOKENS": '{"another": "x1"}',
                },
                "whoever has the URL",
            ),
        ),
        kept=(
            {},
            {
                f"{HTTP}.securityConfig": "none",
                "run.environmentVariables.SOURCE_TOKENS": '{"sample.approval": "x1"}',
            },
        ),
        unknown={f"{HTTP}.securityConfig": "none", "run.environmentVariables": UNKNOWN},
    ),
    "source-name-unique": Case(
        broken=(
            (
                {
                    "twin": (
                        tokens.EVENT_SOURCE,
                        {"eventSourceName": "sample.approval", "eventBusName": "another"},
                    )
                },
                "2 sources are called 'sample.approval'",
            ),
        ),
        unknown={"source.eventSourceName": UNKNOWN},
    ),
    "target-function-exists": Case(
        broken=(
            ({"run": None}, "calls function 'sample-run', which this stack does not create"),
            (
                {f"{TARGET}.endpoint": "?", f"{TARGET}.paramLists.0.value": "gone"},
                "calls function 'gone'",
            ),
        ),
        kept=({}, {"publish.functionName": "sample-publish"}),
        unknown={"run.functionName": UNKNOWN},
    ),
    "dead-letter-queue-exists": Case(
        broken=(({"queue.queueName": "another"}, "go to queue 'sample-dead-letters'"),),
        kept=(
            {},
            {f"{TARGET}.deadLetterQueue.arn": QUEUE.replace(":/queues", ":queues")},
            {f"{TARGET}.deadLetterQueue.arn": "acs:mq:cn-hangzhou:1:/topics/dead"},
        ),
        unknown={"queue.queueName": UNKNOWN},
    ),
    "chat-hears-both-outcomes": Case(
        broken=(
            ({"failed": None}, "no rule failed-ops beside 'completed-ops'"),
            ({"completed.eventBusName": "another"}, "no rule completed-ops beside 'failed-ops'"),
        ),
        kept=({}, {"failed": None, "completed": None}),
        unknown={"failed.ruleName": UNKNOWN},
    ),
    "command-gets-complete-event": Case(
        broken=(
            (
                {f"{BODY}.form": "JSONPATH", f"{BODY}.value": "$.data"},
                "gets its Body as JSONPATH",
            ),
            ({f"{BODY}.form": "TEMPLATE", f"{BODY}.value": "{}"}, "gets its Body as TEMPLATE"),
            ({f"{BODY}.resourceKey": "Other"}, "gets its Body as none"),
            # Called, and not given the event by another way.
            ({f"{BODY}.form": "CONSTANT", f"{BODY}.value": "wake"}, "gets its Body as CONSTANT"),
        ),
        kept=(
            {},
            # Not allowed to run commands: it may be given what is convenient.
            {"completed.targets.0.paramLists.1.form": "JSONPATH"},
            # Called to look into its queue, where the event is.
            {"queued.targets": [queue_target("sample-waiting"), _WAKE], **RUNS},
            {"policy.policyDocument": UNKNOWN},
        ),
        unknown={f"{BODY}.form": "JSONPATH", "policy.policyDocument": UNKNOWN},
    ),
    "command-end-heard": Case(
        broken=(
            ({"command.name": "other-0123"}, "hears the end of runs of 'other-0123'"),
            ({"finished.eventBusName": "sample"}, "no rule on bus 'default'"),
            ({COMMAND_NAME: '{"type": ["ecs:Instance:StateChange"]}'}, "no rule on bus"),
        ),
        kept=({}, {COMMAND_NAME: '{"source": ["acs.ecs"]}'}),
        unknown={COMMAND_NAME: UNKNOWN},
    ),
    "bus-rules-quota": Case(
        broken=(
            (
                {
                    f"rule{n}": (tokens.EVENT_RULE, {"eventBusName": "sample", "ruleName": str(n)})
                    for n in range(47)
                },
                "bus 'sample' has 51 rules; at most 50",
            ),
        ),
        unknown={"approved.eventBusName": UNKNOWN},
    ),
    "function-role-own": Case(
        broken=(
            (
                {"publish.role": "acs:ram::1234567890123456:role/sample-run"},
                "'sample-run' shares role 'sample-run' with 'sample-publish'",
            ),
        ),
        kept=({}, {"publish.role": None, "run.role": None}),
        unknown={"run.role": UNKNOWN},
    ),
}
