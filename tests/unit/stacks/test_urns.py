"""A resource keeps its URN, or the program accepts the old one as an alias."""

import pulumi
import pytest

from components import event_intake
from components.event_intake import EventIntake
from tests.unit.fake_engine import FakeEngine
from tests.unit.stacks.conftest import ran, run_stack
from tests.unit.stacks.urns import STACKS, committed, first_version, lost, made


@pytest.mark.parametrize("stack", STACKS)
def test_no_deployed_resource_is_made_a_second_time(stack: str) -> None:
    """Each URN that a deployed stack may have is made, or an alias of what is made."""
    assert lost(committed(stack), ran(stack)[0]) == []


@pytest.mark.parametrize("stack", STACKS)
def test_of_the_first_version_only_the_rules_of_chats_are_gone(stack: str) -> None:
    """One rule puts the results of all chats that the function serves into its queue.

    Besides them, components are gone that held a single resource, which kept its place.
    """
    advice = lost(first_version(stack), ran(stack)[0])
    gone = [line.partition(" was ")[0].rpartition("$")[2] for line in advice]
    rules = {one for one in gone if not one.startswith("provisioning:index:EventRoute::")}
    chats = {one.removesuffix("-failed-rule") for one in rules if one.endswith("-failed-rule")}
    assert all(chat.startswith("alicloud:eventbridge/rule:Rule::loop-chats-") for chat in chats)
    component = "provisioning:index:ChatDelivery::"
    parts = {f"{chat}{part}" for chat in chats for part in ("-completed-rule", "-failed-rule")}
    assert rules == parts | {component + chat.rpartition("::")[2] for chat in chats}


@pytest.mark.parametrize("stack", STACKS)
def test_new_resources_are_in_the_snapshot(stack: str) -> None:
    """What this program makes, the next one must know; the module ``urns`` writes it down."""
    assert made(ran(stack)[0]) - committed(stack) == set()


def renamed(monkeypatch: pytest.MonkeyPatch, *aliases: str) -> FakeEngine:
    """Run stack ``local`` with its intake under another name."""

    class RenamedIntake(EventIntake):
        def __init__(
            self, name: str, args: event_intake.EventIntakeArgs, opts: pulumi.ResourceOptions
        ) -> None:
            known = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=alias) for alias in aliases])
            super().__init__(
                name.replace("-intake", "-door"), args, pulumi.ResourceOptions.merge(opts, known)
            )

    monkeypatch.setattr("components.provisioning_loop.EventIntake", RenamedIntake)
    return run_stack("local")[0]


def test_a_renamed_child_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A component, its bus and its three sources: each is named with what to write."""
    found = lost(committed("local"), renamed(monkeypatch))
    assert len(found) == 5
    assert any('aliases=[pulumi.Alias(name="loop-intake")]' in line for line in found)
    assert all("was renamed or moved (new: loop-door" in line for line in found)


def test_an_alias_of_the_component_is_one_of_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its old name as an alias nothing is lost: children inherit it."""
    assert lost(committed("local"), renamed(monkeypatch, "loop-intake")) == []


def test_a_removed_resource_is_noticed() -> None:
    """What is gone on purpose must be said to be."""
    gone = "urn:pulumi:local::ecs-provisioning-loop::alicloud:oss/bucket:Bucket::loop-bucket"
    (found,) = lost({gone}, ran("local")[0])
    assert "loop-bucket was removed" in found
    assert "--forget" in found
