"""What the platform answers decides: which approvals become requests, and which refusals."""

import json
from collections.abc import Collection
from typing import Any

import pytest

from functions.cloud.errors import PermanentError, TemporaryError, UnreachableError
from functions.receive_approval import act, declared
from functions.receive_approval.settings import Settings, Source
from functions.request import events
from tests.unit.functions.receive_approval.platforms import (
    FakePlatform,
    answer,
    dingtalk_component,
    dingtalk_instance,
    lark_instance,
)
from tests.unit.functions.receive_approval.pushes import CHANCE, DINGTALK, LARK, NOW
from tests.unit.functions.receive_approval.test_hostile_pushes import FakeBus

INSTANCE = "9Qgx5QqjR7axMwExample"


class Lab:
    """The function, the platform that it asks, and the bus that it writes to."""

    def __init__(self, *sources: Source) -> None:
        self.sources = {source.name: source for source in sources or (DINGTALK, LARK)}
        self.platform = FakePlatform()
        self.platform.listed = {"PROC-1": [INSTANCE]}
        self.bus = FakeBus()
        self.memory = act.Memory()
        self.now = NOW
        self.archived: Collection[str] = ()

    def function(self) -> act.ReceiveApproval:
        """Return the function."""
        return act.ReceiveApproval(
            Settings("approvals", self.sources),
            self.bus,
            self.memory,
            self.platform,
            lambda: self.now,
            lambda: CHANCE,
            lambda _since: self.archived,
        )

    def hint(
        self,
        source: Source,
        data: dict[str, Any],
        kind: str = declared.PUSHED,
        bus: str = "approvals",
    ) -> str:
        """Let the function confirm a hint; return the line that it logs."""
        event = {
            "id": "push-1",
            "source": source.name,
            "type": kind,
            "aliyuneventbusname": bus,
            "aliyunpublishtime": "2026-01-01T00:00:00Z",
            "data": data,
        }
        return self.function().confirm(events.read(json.dumps(event)))

    def confirm(self, source: Source = DINGTALK, instance: str = INSTANCE) -> list[dict[str, Any]]:
        """Confirm an instance; return what came on the bus."""
        code = next(iter(source.definitions))
        self.hint(source, {"instance": instance, "definition": code})
        return self.bus.events

    def details(self, source: Source = DINGTALK, instance: str = INSTANCE) -> list[dict[str, str]]:
        """Confirm an instance; return the details of its requests."""
        return [e["data"]["body"]["detail"] for e in self.confirm(source, instance)]

    def problem(self, source: Source = DINGTALK) -> str:
        """Confirm the instance; return the code for which it is refused."""
        (event,) = self.confirm(source)
        return str(event["data"].get("problem", {}).get("code", ""))


@pytest.fixture(name="lab")
def fixture_lab() -> Lab:
    """Return the function with one approved instance on each platform."""
    lab = Lab()
    lab.platform.instances = {INSTANCE: dingtalk_instance(), "81D31358-EXAMPLE": lark_instance()}
    lab.platform.people = {"boss01": {"name": "韩梅梅"}, "ou_boss": {"name": "Han Meimei"}}
    return lab


def test_an_approval_of_dingtalk_is_a_request(lab: Lab) -> None:
    """Fields come from the form, people from the platform, the moment from its decision."""
    (event,) = lab.confirm()
    assert event["time"] == "2025-12-31T23:33:00.000Z"
    assert event["aliyuneventbusname"] == "approvals"
    assert event["data"] == {
        "body": {
            "source": "dingtalk.oa",
            "detail-type": "ProvisionRequest",
            "detail": {
                "emp_id": "E123",
                "role": "devops",
                "chat": "ops",
                "request_id": INSTANCE,
                "requested_by": "lilei",
                "approved_by": "韩梅梅",
            },
        }
    }


def test_an_approval_of_lark_is_a_request(lab: Lab) -> None:
    """The form of Lark is a text in the answer."""
    (event,) = lab.confirm(LARK, "81D31358-EXAMPLE")
    assert event["time"] == "2025-12-31T23:33:20.000Z"
    detail = event["data"]["body"]["detail"]
    assert (detail["emp_id"], detail["role"]) == ("E456", "dba")
    assert (detail["requested_by"], detail["approved_by"]) == ("ou_lilei", "Han Meimei")


def test_the_same_approval_twice_is_one_event(lab: Lab) -> None:
    """Its id follows from the request, and not from who could be looked up."""
    lab.confirm()
    lab.platform.people.clear()
    lab.confirm()
    first, second = lab.bus.events
    assert first["id"] == second["id"]
    assert first["data"] != second["data"]


@pytest.mark.parametrize(
    "change",
    [
        {"status": "RUNNING", "result": ""},
        {"status": "TERMINATED"},
        {"result": "refuse"},
        {"finishTime": ""},
        {"bizAction": "MODIFY", "mainProcessInstanceId": "other"},
        {"bizAction": "REVOKE", "mainProcessInstanceId": ""},
    ],
)
def test_what_dingtalk_does_not_call_approved_is_nothing(lab: Lab, change: dict[str, str]) -> None:
    """An approval that changed between push and fetch, or is none of its own, has no effect."""
    lab.platform.instances[INSTANCE] |= change
    assert lab.confirm() == []


@pytest.mark.parametrize(
    "change",
    [
        {"status": "PENDING"},
        {"status": "REJECTED"},
        {"status": "CANCELED"},
        {"status": "DELETED"},
        {"status": "OVERTIME_CLOSE"},
        {"end_time": "0"},
        {"approval_code": "CODE-OTHER"},
        {"reverted": True},
    ],
)
def test_what_lark_does_not_call_approved_is_nothing(lab: Lab, change: dict[str, Any]) -> None:
    """The same for Lark; its answer names the definition."""
    lab.platform.instances["81D31358-EXAMPLE"] |= change
    assert lab.confirm(LARK, "81D31358-EXAMPLE") == []


def test_an_instance_of_another_definition_is_nothing(lab: Lab) -> None:
    """DingTalk's answer names no definition, so its list of instances is asked."""
    lab.platform.listed = {"PROC-1": [f"other-{n}" for n in range(45)]}
    assert lab.confirm() == []
    assert lab.platform.count("/instanceIds/query") == 3
    lab.platform.listed["PROC-1"].append(INSTANCE)
    assert len(lab.confirm()) == 1


# Who approved


def test_nobody_approves_alone_what_they_asked_for(lab: Lab) -> None:
    """Self-approval is refused unless the settings allow it."""
    records = [{"userId": "lilei", "type": "EXECUTE_TASK_NORMAL", "result": "AGREE"}]
    lab.platform.instances[INSTANCE] |= {"operationRecords": records, "tasks": []}
    assert lab.problem() == "self-approved"
    allowed = Lab(DINGTALK._replace(self_approval=True))
    allowed.platform.instances = lab.platform.instances
    assert allowed.problem() == ""


def test_a_step_that_passes_by_itself_approves_nothing(lab: Lab) -> None:
    """A platform may complete an approval without anybody having looked at it."""
    timeline = [{"type": "AUTO_PASS", "open_id": "ou_boss", "create_time": "1767224000000"}]
    lab.platform.instances["81D31358-EXAMPLE"]["timeline"] = timeline
    (event,) = lab.confirm(LARK, "81D31358-EXAMPLE")
    assert event["data"]["problem"] == {"code": "nobody-approved"}


@pytest.mark.parametrize(
    ("change", "approvers", "problem"),
    [
        ({"approvers": {"devops": ("boss01",)}}, ["boss01"], ""),
        ({"approvers": {"devops": ("boss02",)}}, ["boss01"], "not-an-approver"),
        ({"approvers": {"dba": ("boss02",)}}, ["boss01"], ""),
        ({"two_approvers": ("devops",)}, ["boss01"], "one-approver"),
        ({"two_approvers": ("devops",)}, ["boss01", "boss01"], "one-approver"),
        ({"two_approvers": ("devops",)}, ["boss01", "lilei"], "one-approver"),
        ({"two_approvers": ("devops",)}, ["boss01", "boss02"], ""),
        (
            {"two_approvers": ("devops",), "approvers": {"devops": ("boss01",)}},
            ["boss01", "boss02"],
            "one-approver",
        ),
    ],
)
def test_approvers_of_a_role(change: dict[str, Any], approvers: list[str], problem: str) -> None:
    """A role may have approvers of its own, and need two different people."""
    lab = Lab(DINGTALK._replace(**change))
    records = [
        {"userId": who, "type": "EXECUTE_TASK_NORMAL", "result": "AGREE"} for who in approvers
    ]
    instance = dingtalk_instance(operationRecords=records, tasks=[])
    lab.platform.instances = {INSTANCE: instance}
    assert lab.problem() == problem


# The form


def test_several_rows_are_several_requests(lab: Lab) -> None:
    """A table gives a request for each row, with what it lacks from the rest of the form."""
    rows = [
        {"rowValue": [{"key": "TextField-9", "bizAlias": "employee", "value": name}]}
        for name in ("E1", "E2", "E1")
    ]
    role = dingtalk_component("DDSelectField-1", "数据库管理员", alias="role")
    table = dingtalk_component("TableField-1", rows, kind="TableField")
    lab.platform.instances[INSTANCE]["formComponentValues"] = [table, role]
    details = lab.details()
    assert [(d["emp_id"], d["role"]) for d in details] == [("E1", "dba"), ("E2", "dba")]
    assert len({event["id"] for event in lab.bus.events}) == 2


def test_a_table_of_lark(lab: Lab) -> None:
    """A list of widgets for each row."""
    rows = [[{"id": "w", "custom_id": "employee", "type": "input", "value": n}] for n in "AB"]
    lab.platform.instances["81D31358-EXAMPLE"]["form"] = json.dumps(
        [
            {"id": "t", "custom_id": "people", "type": "fieldList", "value": rows},
            {"id": "r", "custom_id": "role", "type": "radioV2", "value": "dba"},
        ]
    )
    assert [d["emp_id"] for d in lab.details(LARK, "81D31358-EXAMPLE")] == ["A", "B"]


@pytest.mark.parametrize(
    ("component", "value"),
    [
        (dingtalk_component("x", " E7 ", alias="employee"), "E7"),
        (
            dingtalk_component(
                "x", "李雷", alias="employee", kind="InnerContactField",
                extra=[{"emplId": "lilei", "name": "李雷"}],
            ),
            "lilei",
        ),
        (dingtalk_component("x", ["E7"], alias="employee", kind="DDMultiSelectField"), "E7"),
        (
            dingtalk_component("x", ["E7", "E8"], alias="employee", kind="DDMultiSelectField"),
            '["E7", "E8"]',
        ),
        ({"id": "x", "custom_id": "employee", "type": "number", "value": 7.0}, "7"),
        ({"id": "employee", "type": "contact", "value": ["abcd"], "open_ids": ["ou_a"]}, "abcd"),
    ],
)  # fmt: skip
def test_components(lab: Lab, component: dict[str, Any], value: str) -> None:
    """A component says a text, a person's id or its only option; several stay a list."""
    lab.platform.instances[INSTANCE]["formComponentValues"] = [component]
    (detail,) = lab.details()
    assert detail["emp_id"] == value


@pytest.mark.parametrize(
    ("said", "expires"),
    [
        ("90", "90d"),
        ("90d", "90d"),
        ("2027-01-31", "2027-01-31"),
        ("2027-01-31T00:00:00+08:00", "2027-01-31"),
        ("2027-01-31 08:00", "2027-01-31"),
        ("next year", "next year"),
    ],
)
def test_expiry(lab: Lab, said: str, expires: str) -> None:
    """A number is a number of days, a date a day; anything else is left to be refused."""
    form = lab.platform.instances[INSTANCE]["formComponentValues"]
    form.append(dingtalk_component("DDDateField-1", said, alias="until"))
    (detail,) = lab.details()
    assert detail["expires"] == expires


def test_labels_are_not_looked_at(lab: Lab) -> None:
    """Whoever may edit a label must not be able to choose a field."""
    component = dingtalk_component("x", "E9")
    lab.platform.instances[INSTANCE]["formComponentValues"] = [{**component, "name": "employee"}]
    (detail,) = lab.details()
    assert "emp_id" not in detail


def test_a_form_of_far_too_many_rows_is_refused_once(lab: Lab) -> None:
    """One message, and no request."""
    rows = [{"rowValue": [{"key": "employee", "value": f"E{n}"}]} for n in range(51)]
    table = dingtalk_component("TableField-1", rows, kind="TableField")
    lab.platform.instances[INSTANCE]["formComponentValues"] = [table]
    assert lab.problem() == "too-many-rows"


# Taken back


def test_a_revocation_takes_away_if_the_settings_say_so() -> None:
    """Whether its own push or the revoked approval is looked at: one DeprovisionRequest."""
    main = dingtalk_instance(attachedProcessInstanceIds=["revocation"])
    revocation = dingtalk_instance(
        bizAction="REVOKE", mainProcessInstanceId=INSTANCE, finishTime="2026-01-01T00:00Z"
    )
    seen = []
    for source in (DINGTALK, DINGTALK._replace(revocation=True)):
        for instance in (INSTANCE, "revocation"):
            lab = Lab(source)
            lab.platform.instances = {INSTANCE: main, "revocation": revocation}
            seen.append(lab.confirm(source, instance))
    assert seen[:2] == [[], []]
    (event,), (other,) = seen[2:]
    assert event == other
    assert event["time"] == "2026-01-01T00:00:00.000Z"
    body = event["data"]["body"]
    assert body["detail-type"] == "DeprovisionRequest"
    assert (body["detail"]["emp_id"], body["detail"]["role"]) == ("E123", "devops")


def test_a_revocation_of_lark(lab: Lab) -> None:
    """The instance itself says it; its timeline says when."""
    source = LARK._replace(revocation=True)
    lab.sources[LARK.name] = source
    lab.platform.instances["81D31358-EXAMPLE"] |= {"status": "APPROVED", "reverted": True}
    lab.platform.instances["81D31358-EXAMPLE"]["timeline"].append(
        {"type": "REVERTED", "open_id": "ou_lilei", "create_time": "1767225000000"}
    )
    (event,) = lab.confirm(source, "81D31358-EXAMPLE")
    assert event["data"]["body"]["detail-type"] == "DeprovisionRequest"
    assert event["time"] == "2025-12-31T23:50:00.000Z"


def test_a_modified_approval_does_not_count(lab: Lab) -> None:
    """What was agreed to is not what stands now."""
    lab.platform.instances[INSTANCE]["attachedProcessInstanceIds"] = ["change"]
    lab.platform.instances["change"] = dingtalk_instance(
        bizAction="MODIFY", mainProcessInstanceId=INSTANCE
    )
    assert lab.confirm() == []


# Tokens, limits, trouble


def test_a_token_is_kept_until_shortly_before_its_end(lab: Lab) -> None:
    """Two hours long one token serves all calls; an expired one is fetched anew at once."""
    for _ in range(3):
        lab.confirm()
    assert lab.platform.token == 1
    lab.now += 7200 - 299
    lab.confirm()
    assert lab.platform.token == 2
    lab.platform.token = 7  # the platform took the token back
    lab.confirm()
    assert lab.platform.token == 8


_LATER = [
    answer({}, 503),
    answer({}, 429),
    answer([1]),
    UnreachableError("no connection", "Timeout"),
]


@pytest.mark.parametrize(
    ("source", "failure"),
    [
        (DINGTALK, answer({"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}, 403)),
        (DINGTALK, answer({"code": "Throttling"}, 400)),
        (DINGTALK, answer({"success": "true"})),
        (LARK, answer({"code": 99991400, "msg": "request trigger frequency limit"})),
        *((source, failure) for source in (DINGTALK, LARK) for failure in _LATER),
    ],
)
def test_limits_and_outages_are_temporary(lab: Lab, source: Source, failure: Any) -> None:
    """Whoever called the function does it again later; no secret is in the error."""
    instance = INSTANCE if source is DINGTALK else "81D31358-EXAMPLE"
    lab.confirm(source, instance)
    lab.platform.failures = [failure]
    with pytest.raises(TemporaryError) as raised:
        lab.confirm(source, instance)
    assert source.app_secret not in str(raised.value)


@pytest.mark.parametrize("source", [DINGTALK, LARK])
def test_a_missing_permission_is_permanent(lab: Lab, source: Source) -> None:
    """It ends among the dead letters, where somebody finds it."""
    code = {"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied"}
    refusal = answer(code, 403) if source is DINGTALK else answer({"code": 99991672}, 400)
    lab.confirm(source, INSTANCE if source is DINGTALK else "81D31358-EXAMPLE")
    lab.platform.failures = [refusal]
    with pytest.raises(PermanentError):
        lab.confirm(source)


def test_names_are_worth_no_failure(lab: Lab) -> None:
    """Without the permission to see people, their ids are shown."""
    lab.platform.people.clear()
    (detail,) = lab.details()
    assert detail["approved_by"] == "boss01"


@pytest.mark.parametrize(
    ("kind", "bus", "source"),
    [
        (declared.PUSHED, "provisioning", DINGTALK),
        (declared.PUSHED, "", DINGTALK),
        ("provisioning:ApprovedRequest", "approvals", DINGTALK),
        (declared.PUSHED, "approvals", DINGTALK._replace(name="unknown")),
    ],
)
def test_a_hint_of_elsewhere_is_not_ours(lab: Lab, kind: str, bus: str, source: Source) -> None:
    """Only the function's own bus leads to the platform."""
    with pytest.raises(PermanentError):
        lab.hint(source, {"instance": INSTANCE, "definition": "PROC-1"}, kind, bus)
    assert lab.platform.calls == []
