"""The cases of the rules about event rules."""

from tests.unit.policies.cases.case import BODY, LARK, TARGET, Case, pattern
from tests.unit.policies.sample_stack import QUEUE, ROBOT, UNKNOWN, function_target

CASES: dict[str, Case] = {
    "rule-dead-letters": Case(
        broken=(
            ({f"{TARGET}.deadLetterQueue": None}, "no dead-letter queue"),
            ({f"{TARGET}.deadLetterQueue": {}}, "no dead-letter queue"),
        ),
        unknown={f"{TARGET}.deadLetterQueue.arn": UNKNOWN},
    ),
    "rule-retry": Case(
        broken=(
            ({f"{TARGET}.pushRetryStrategy": None}, "has no pushRetryStrategy"),
            ({f"{TARGET}.pushRetryStrategy": "NEVER"}, "has 'NEVER' as pushRetryStrategy"),
        ),
        kept=({}, {f"{TARGET}.pushRetryStrategy": "EXPONENTIAL_DECAY_RETRY"}),
        unknown={f"{TARGET}.pushRetryStrategy": UNKNOWN},
    ),
    "rule-pattern-readable": Case(
        broken=(
            ({"completed.filterPattern": "source == 'x'"}, "is not JSON"),
            (pattern(["sample"]), "is not a JSON object"),
            (pattern({"source": [{"like": "a"}]}), "has at source the operator 'like'"),
            (pattern({"data": {"a": "b"}}), "has at data.a no list of conditions"),
            (pattern({"sources": ["a"]}), "has the key 'sources'"),
        ),
        unknown={"completed.filterPattern": UNKNOWN},
    ),
    "rule-pattern-narrow": Case(
        broken=(
            (pattern({}), "no source"),
            (pattern({"type": ["t"]}), "no source"),
            (pattern({"source": [{"prefix": "a"}]}), "a source that is open"),
            (pattern({"source": ["x", {"exists": True}]}), "a source that is open"),
            (pattern({"source": [{"anything-but": "x"}]}), "a source that is open"),
        ),
        kept=({}, pattern({"source": [{"prefix": "sample."}, {"suffix": ".approval"}]})),
        unknown={"completed.filterPattern": UNKNOWN},
    ),
    "rule-template-untrusted": Case(
        broken=(
            (
                {
                    BODY: {
                        "resourceKey": "Body",
                        "form": "TEMPLATE",
                        "value": '{"id":"$.data.body.emp_id"}',
                        "template": '{"emp_id":"${id}"}',
                    }
                },
                "pastes $.data.body.emp_id into the template of Body",
            ),
            (
                {BODY: {"resourceKey": "Body", "form": "TEMPLATE", "value": "x"}},
                "which a template takes, is not JSON",
            ),
            ({f"{BODY}.form": "original"}, "has the form 'original'"),
        ),
        kept=(
            {},
            {
                BODY: {
                    "resourceKey": "Body",
                    "form": "TEMPLATE",
                    "value": '{"source":"$.source"}',
                    "template": '{"source":"${source}"}',
                }
            },
            {BODY: {"resourceKey": "Body", "form": "JSONPATH", "value": "$.data.body"}},
        ),
        unknown={f"{BODY}.form": UNKNOWN},
    ),
    "rule-target-https": Case(
        broken=(
            (
                {f"{TARGET}.type": "http", f"{TARGET}.endpoint": "http://hr.example.com/new"},
                "over plain HTTP",
            ),
            ({f"{TARGET}.paramLists.0.value": "HTTP://hr.example.com"}, "over plain HTTP"),
        ),
        kept=(
            {},
            {f"{TARGET}.endpoint": "https://hr.example.com/new"},
            {f"{TARGET}.endpoint": "http://hr.localcloud.invalid/new"},
            {f"{TARGET}.endpoint": "http://127.0.0.1:8080/new"},
        ),
        unknown={f"{TARGET}.endpoint": UNKNOWN},
    ),
    "rule-target-region": Case(
        broken=(
            ({"region": "cn-beijing"}, "is in 'cn-hangzhou', the rule in 'cn-beijing'"),
            (
                {f"{TARGET}.deadLetterQueue.arn": QUEUE.replace("hangzhou", "beijing")},
                "deadLetterQueue.arn of target 'sample-run' (acs.fc.function) is in 'cn-beijing'",
            ),
        ),
        kept=({}, {f"{TARGET}.endpoint": "https://hr.example.com"}),
        unknown={f"{TARGET}.endpoint": UNKNOWN},
    ),
    "rule-targets-quota": Case(
        broken=(({"approved.targets": [function_target("sample-run")] * 6}, "has 6 targets"),),
        kept=({}, {"approved.targets": [function_target("sample-run")] * 5}),
        unknown={"approved.targets": UNKNOWN},
    ),
    "rule-enabled": Case(
        broken=(({"approved.status": "DISABLE"}, "switched off"),),
        kept=({}, {"approved.status": "ENABLE"}),
        unknown={"approved.status": UNKNOWN},
    ),
    "chat-refusal-seen": Case(
        broken=(
            (
                {f"{TARGET}.type": "acs.dingtalk", f"{TARGET}.endpoint": ROBOT},
                "cannot see a refusal",
            ),
            ({f"{TARGET}.type": "https", f"{TARGET}.endpoint": LARK}, "cannot see a refusal"),
        ),
        kept=({}, {f"{TARGET}.type": "https", f"{TARGET}.endpoint": "https://example.com"}),
        unknown={f"{TARGET}.type": UNKNOWN},
    ),
}
