"""Native approvals: confirmed at their platform, and believed on a bus of their own."""

import json

import pytest

from functions.report.i18n import words
from functions.request import events
from functions.request.deployment import Language
from functions.request.fields import Request
from functions.run_command.decide import Rejection, decide
from functions.run_command.noise import Untrusted
from tests.unit.functions.samples import LOOP, NOW, detail, http_event, loop_with, settings

NATIVE = {
    "dingtalk.oa": {
        "platform": "dingtalk",
        "chat": "ops",
        "token_required": False,
        "bus": "provisioning-test-approvals",
    }
}


def native_event(**changes: object) -> bytes:
    """Return a request as receive-approval puts it on its bus."""
    body = {"detail-type": "ProvisionRequest", "detail": detail(request_id="9Qgx5Qqj")}
    event = {
        "id": "approval-1",
        "source": "dingtalk.oa",
        "type": "provisioning:ApprovedRequest",
        "specversion": "1.0",
        "time": "2025-12-31T23:33:00.000Z",
        "aliyunpublishtime": "2025-12-31T23:59:00.000Z",
        "aliyuneventbusname": "provisioning-test-approvals",
        "data": {"body": body},
    }
    return json.dumps(event | changes).encode()


def decided(event: bytes) -> Request | Rejection | Untrusted:
    """Decide about an event of a stack with a native source."""
    loop = loop_with(sources={**LOOP["sources"], **NATIVE})
    return decide(events.read(event), settings(LOOP=loop), NOW)


def test_a_native_approval_has_the_platforms_moment() -> None:
    """The moment is that of the decision, however late the bus heard of it."""
    found = decided(native_event())
    assert isinstance(found, Request)
    assert found.moment == "1767223980000"
    assert (found.request_id, found.source) == ("9Qgx5Qqj", "dingtalk.oa")


@pytest.mark.parametrize("bus", ["provisioning-test", "default", "", None])
def test_a_native_source_is_believed_on_its_bus_only(bus: str | None) -> None:
    """Whoever may write to another bus cannot speak in a platform's name."""
    found = decided(native_event(aliyuneventbusname=bus))
    assert isinstance(found, Untrusted)
    assert found.reason == "other-bus"


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        ({"code": "self-approved"}, "self-approved"),
        ({"code": "one-approver", "role": "devops"}, "one-approver"),
        ({"code": "of a later version"}, "nobody-approved"),
        ({}, "nobody-approved"),
    ],
)
def test_what_the_platform_shows_to_be_wrong_is_told(problem: dict[str, str], code: str) -> None:
    """receive-approval found the approvers not enough: a rejection, in both languages."""
    body = {"detail-type": "ProvisionRequest", "detail": detail()}
    found = decided(native_event(data={"body": body, "problem": problem}))
    assert isinstance(found, Rejection)
    assert found.reason.code == code
    for language in Language:
        assert words(language).reason(found.reason)


def test_nobody_but_a_native_source_reports_problems() -> None:
    """In what is posted, the key means nothing."""
    found = decide(events.read(http_event(detail())), settings(), NOW)
    assert isinstance(found, Request)
