"""Decides what an approval asks for, and whether those who approved it may; pure."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from functions.cloud.times import iso
from functions.receive_approval import form
from functions.receive_approval.approval import Approval, Verdict
from functions.receive_approval.declared import REQUESTED
from functions.receive_approval.settings import Source
from functions.request.fields import ACTIONS, DEPROVISION

_TAKES_AWAY = next(name for name, action in ACTIONS.items() if action == DEPROVISION)


class Handover(NamedTuple):
    """A request that goes the same way as every other, or why it may not."""

    kind: str
    """``detail-type``."""
    detail: Mapping[str, str]
    problem: Mapping[str, str] | None = None
    """``code`` and values of the reason for which it is refused."""


def judge(source: Source, approval: Approval) -> list[Handover]:
    """Return what comes of an approval: nothing unless it is approved, or was taken back."""
    definition = source.definitions.get(approval.definition)
    takes_back = approval.verdict is Verdict.TAKEN_BACK
    if definition is None or (takes_back and not source.revocation):
        return []
    if not takes_back and approval.verdict is not Verdict.APPROVED:
        return []
    kind = definition.action
    if takes_back:
        # What an approved removal took away is not given back: somebody has to ask for it.
        if ACTIONS[kind] == DEPROVISION:
            return []
        kind = _TAKES_AWAY
    rows = form.requests(approval.form, definition)
    if len(rows) > form.MOST_ROWS:
        values = {"code": "too-many-rows", "count": str(len(rows)), "limit": str(form.MOST_ROWS)}
        return [Handover(kind, {"request_id": approval.instance}, values)]
    return [
        Handover(
            kind,
            {**fields, "request_id": approval.instance},
            None if takes_back else _problem(source, approval, fields.get("role", "")),
        )
        for fields in rows
    ]


def _problem(source: Source, approval: Approval, role: str) -> Mapping[str, str] | None:
    """Return why the approvers are not enough for a role."""
    asked = {approval.requester} if not source.self_approval else set()
    others = [who for who in approval.approvers if who not in asked]
    if not others:
        return {"code": "self-approved" if approval.approvers else "nobody-approved"}
    allowed = source.approvers.get(role)
    if allowed is not None:
        others = [who for who in others if who in allowed]
        if not others:
            return {"code": "not-an-approver", "role": role or "*"}
    if role in source.two_approvers and len(set(others)) < 2:
        return {"code": "one-approver", "role": role}
    return None


def event_id(source: Source, handover: Handover) -> str:
    """Return the id of a request's event: the same however often and in whichever way it is found.

    What informs only is left out: a name may be shown today and not tomorrow.
    """
    identity = [source.name, handover.kind, *map("=".join, sorted(handover.detail.items()))]
    return f"approval-{sha256(chr(10).join(identity).encode('utf-8', 'replace')).hexdigest()[:40]}"


def event(
    source: Source, approval: Approval, handover: Handover, bus: str, names: Mapping[str, str]
) -> dict[str, Any]:
    """Return the event of a request; the same request has the same id, whichever way it was found.

    Args:
        source: whose approval it is.
        approval: what the platform answered.
        handover: what comes of it.
        bus: the bus of approvals.
        names: ids of people -> their names, as far as they are known.
    """
    shown = {
        "requested_by": names.get(approval.requester, approval.requester),
        "approved_by": ", ".join(names.get(who, who) for who in approval.approvers),
    }
    data: dict[str, Any] = {
        "body": {
            "source": source.name,
            "detail-type": handover.kind,
            "detail": {**handover.detail, **{k: v for k, v in shown.items() if v}},
        }
    }
    if handover.problem:
        data["problem"] = dict(handover.problem)
    return {
        "specversion": "1.0",
        "id": event_id(source, handover),
        "source": source.name,
        "type": REQUESTED,
        "datacontenttype": "application/json",
        # The moment of the request: run-command takes the earlier of this and the bus's own.
        "time": iso(approval.decided),
        "aliyuneventbusname": bus,
        "data": data,
    }
