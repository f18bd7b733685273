"""Which commands of a stack are old, and what becomes of them."""

from typing import Any

import pytest

from functions.cloud.rpc import ApiRefusedError
from localcloud.commandline.errors import UserError
from ops.access import Access
from ops.prune import command
from ops.prune.command import Pruned, commands_of, prune

PLACE = Access("cn-hangzhou", "1234567890123456", "provisioning-dev", {})
OLD, NEW = "provisioning-dev-provision-0123456789ab", "provisioning-dev-provision-ba9876543210"
LISTED = {
    "c-old": OLD,
    "c-new": NEW,
    "c-by-hand": "provisioning-dev-provision-by-hand",
    "c-paused": "provisioning-dev-paused",
    "c-other": "provisioning-dev2-provision-0123456789ab",
    "c-leave": "provisioning-dev-deprovision-0123456789ab",
}


class Ecs:
    """Commands, one on each page."""

    def __init__(self, *running: str) -> None:
        self.commands = dict(LISTED)
        self.running = running

    def call(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """Answer as Cloud Assistant does."""
        if action == "DeleteCommand":
            if params["CommandId"] in self.running:
                raise ApiRefusedError(action, "InvalidStatus.CmdIdInUse")
            del self.commands[params["CommandId"]]
            return {}
        prefix, page = params["Name"].removesuffix("*"), int(params.get("NextToken") or 0)
        found = [{"CommandId": i, "Name": n} for i, n in self.commands.items() if prefix in n]
        more = {"NextToken": str(page + 1)} if page + 1 < len(found) else {}
        return {"Commands": {"Command": found[page : page + 1]}, **more}


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Ecs:
    """Return commands in place of the cloud's."""
    found = Ecs()
    monkeypatch.setattr("functions.cloud.ecs.connect", lambda *_: found)
    return found


def state(*ids: str) -> dict[str, Any]:
    """Return a stack's state with these commands."""
    resources = [{"type": "alicloud:ecs/command:Command", "id": i} for i in ids]
    return {"deployment": {"resources": [{"type": "pulumi:pulumi:Stack"}, *resources]}}


def test_what_is_not_in_the_state_is_old(ecs: Ecs) -> None:
    """Of the stack's own names; nobody else's command is touched."""
    assert prune(PLACE, commands_of(state("c-new", "c-leave"))) == Pruned([OLD], [])
    assert list(ecs.commands) == ["c-new", "c-by-hand", "c-paused", "c-other", "c-leave"]


def test_what_runs_stays(ecs: Ecs) -> None:
    """Until somebody looks again."""
    ecs.running = ("c-old",)
    assert prune(PLACE, {"c-new", "c-leave"}) == Pruned([], [OLD])
    ecs.running = ()
    assert prune(PLACE, {"c-new", "c-leave"}) == Pruned([OLD], [])


@pytest.mark.parametrize(
    ("ids", "destroyed", "words"),
    [([], False, "holds no commands"), (["c-new"], True, "destroy it first")],
)
def test_a_state_that_does_not_fit_deletes_nothing(
    ecs: Ecs, monkeypatch: pytest.MonkeyPatch, ids: list[str], words: str, *, destroyed: bool
) -> None:
    """An empty state may be another backend's."""
    monkeypatch.setattr("ops.stack.command.exported", lambda _stack: state(*ids))
    with pytest.raises(UserError, match=words):
        command.run("dev", "", destroyed=destroyed)
    assert ecs.commands == LISTED


def test_what_was_done_is_said(
    ecs: Ecs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By name, with how to go on."""
    ecs.running = ("c-old",)
    monkeypatch.setattr("ops.stack.command.exported", lambda _stack: state("c-new"))
    monkeypatch.setattr(command, "access", lambda *_: PLACE)
    command.run("dev", "")
    assert capsys.readouterr().out == (
        "deleted the old command provisioning-dev-deprovision-0123456789ab\n"
        f"the old command {OLD} is still being run; 'make prune STACK=dev' or the next update "
        "deletes it\n"
    )
