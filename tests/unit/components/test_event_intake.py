"""The bus and its webhooks."""

from typing import Any

import pulumi
import pytest

from components.event_intake import EventIntake, HttpSourceArgs
from tests.unit.fake_engine import FakeEngine

OPEN: HttpSourceArgs = {"name": "dingtalk.approval", "description": "d"}


def intake(*sources: HttpSourceArgs, protect: bool = False) -> EventIntake:
    """Make a bus with these sources."""
    return EventIntake(
        "intake",
        {"bus_name": "loop", "description": "d", "sources": list(sources), "protect": protect},
    )


@pytest.mark.parametrize(
    ("door", "security", "ips", "referers"),
    [
        pytest.param({}, "none", [], [], id="whoever has the URL"),
        pytest.param({"allowed_ips": ["10.0.0.0/8"]}, "ip", ["10.0.0.0/8"], [], id="by address"),
        pytest.param({"allowed_referers": ["a.b"]}, "referer", [], ["a.b"], id="by referer"),
    ],
)
def test_a_source_checks_who_posts(
    engine: FakeEngine, door: dict[str, Any], security: str, ips: list[str], referers: list[str]
) -> None:
    """A source takes POST over HTTPS, from whom the settings allow."""
    engine.run(lambda: intake({**OPEN, **door}))  # type: ignore[typeddict-item]  # any door
    assert engine.one("EventSourceV2").inputs["sourceHttpEventParameters"] == {
        "type": "HTTPS",
        "methods": ["POST"],
        "securityConfig": security,
        "ips": ips,
        "referers": referers,
    }


def test_webhooks_are_secret_outputs_of_their_sources(engine: FakeEngine) -> None:
    """Each source's URL comes from the source itself, and is a secret in output and state."""
    second: HttpSourceArgs = {"name": "lark.approval", "description": "d"}
    found = engine.run(lambda: {"webhooks": intake(OPEN, second).webhooks})
    assert found["webhooks"] == (
        {
            "dingtalk.approval": "https://bus.example/putEvents?token=dingtalk.approval",
            "lark.approval": "https://bus.example/putEvents?token=lark.approval",
        },
        True,
    )
    assert [source.secret_outputs for source in engine.all("EventSourceV2")] == [
        ["sourceHttpEventParameters"]
    ] * 2


def test_sources_stand_on_the_bus_and_in_the_component(engine: FakeEngine) -> None:
    """Sources belong to the bus that the component makes, and both are its children."""
    engine.run(lambda: intake(OPEN))
    assert engine.one("EventBus").inputs["eventBusName"] == "loop"
    source = engine.one("EventSourceV2")
    assert (
        source.inputs["eventBusName"],
        source.inputs["eventSourceName"],
    ) == ("loop", "dingtalk.approval")
    parent = "provisioning:index:EventIntake$alicloud:eventbridge/"
    assert parent in source.urn
    assert parent in engine.one("EventBus").urn


@pytest.mark.parametrize("protect", [True, False])
def test_a_bus_can_be_protected(engine: FakeEngine, protect: bool) -> None:
    """With protect, neither the bus nor a source, whose URL is known outside, can be deleted."""
    engine.run(lambda: intake(OPEN, protect=protect))
    made = [*engine.all("EventBus"), *engine.all("EventSourceV2")]
    assert [resource.protected for resource in made] == [protect, protect]


def test_protection_of_the_component_reaches_bus_and_sources(engine: FakeEngine) -> None:
    """``protect`` is an option of every Pulumi resource: a component hands it to its children."""
    protected = pulumi.ResourceOptions(protect=True)
    engine.run(
        lambda: EventIntake(
            "intake", {"bus_name": "loop", "description": "d", "sources": [OPEN]}, opts=protected
        )
    )
    assert {made.kind: made.protected for made in engine.made} == {
        "EventIntake": True,
        "EventBus": True,
        "EventSourceV2": True,
    }


def test_an_old_source_goes_before_the_new_one_comes(engine: FakeEngine) -> None:
    """Two sources of one name on two buses are one for the provider, and it takes the old one."""
    engine.run(lambda: intake(OPEN))
    assert engine.one("EventSourceV2").replaced_by_delete_first
