"""The alicloud provider as a client of the conformance suite: what holds for every resource."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2

from conformance.test_conformance import README, passes_only_as_it_is
from lab import environment
from localcloud.conformance import score
from localcloud.conformance.behaviour import BadBehaviourError, behaviour, behaviours
from localcloud.conformance.clients import BadCallError, Clients
from localcloud.conformance.command import NoClient, is_unexpected, run_and_tell, run_on
from localcloud.conformance.provider.client import Provider
from localcloud.conformance.provider.plugin import PLUGIN
from localcloud.conformance.runner import Outcome, Verdict, run
from localcloud.running import running

BUS = "alicloud:eventbridge/eventBus:EventBus"
ROW: dict[str, Any] = {"behaviour": "b", "source": "s", "resource": BUS, "with": {"name": "shop"}}
FACTS = {"isolation": "namespaces"}


@pytest.mark.skipif(not shutil.which(PLUGIN), reason=f"`{PLUGIN}` is not on PATH")
def test_the_local_cloud_shows_the_provider_what_the_readme_says(tmp_path: Path) -> None:
    """All in one run; each value of each expectation counts."""
    with running("--data", str(tmp_path / "cloud"), env=environment()) as ready:
        outcomes = run_on(ready["endpoint"], client="provider")
    assert not [(each.behaviour.name, each.reasons) for each in outcomes if is_unexpected(each)]
    for outcome in outcomes:
        assert passes_only_as_it_is(outcome), outcome.behaviour.name
    assert score.provider_written_into(README, outcomes) == README, (
        "localcloud conformance --client provider --write localcloud/README.md"
    )


def test_without_the_plugin_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason names what is missing; nobody is at the endpoint."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoClient, match=f"`{PLUGIN}` is not on PATH"):
        run_and_tell("http://127.0.0.1:9", "", "provider", None, as_json=False)


def test_a_resource_is_shown_by_what_is_read_back() -> None:
    """A plan, the id, and the outputs; in the end it is gone."""
    plugin = Plugin()
    expected = {"plan": "create", "id": "shop", "outputs": {"name": "shop"}}
    assert verdict(plugin, {"answers": expected}) is Verdict.PASSED
    assert plugin.calls == ["Check", "Create", "Read", "Diff", "Delete", "Read"]


@pytest.mark.parametrize(
    ("inputs", "plan"),
    [
        ({"name": "shop", "size": 1}, "same"),
        ({"name": "shop", "size": 2}, "update"),
        ({"name": "mall", "size": 1}, "replace"),
    ],
)
def test_other_inputs_are_brought_about_as_the_provider_plans(
    inputs: dict[str, Any], plan: str
) -> None:
    """Whole numbers stay such; what is replaced is gone, too."""
    plugin = Plugin()
    given = [{"resource": BUS, "with": {"name": "shop", "size": 1}}]
    row = {"given": given, "with": inputs, "answers": {"plan": plan, "outputs": inputs}}
    assert verdict(plugin, row) is Verdict.PASSED
    assert not plugin.there


@pytest.mark.parametrize(
    ("plugin", "row", "reason"),
    [
        ({"forgets": "name"}, {}, "a second plan would change name"),
        ({"loses": True}, {}, "was made, and is not there"),
        ({"keeps": True}, {}, "was deleted, and is still there"),
        ({}, {"stays": "a record"}, "was deleted, and is gone"),
        ({"hides": "name"}, {}, "has no name"),
        ({"rejects": "name"}, {}, "name is odd"),
        ({"refuses": True}, {}, "refused with EventBusAlreadyExist"),
    ],
)
def test_what_holds_for_every_resource_fails_where_it_does_not(
    plugin: dict[str, Any], row: dict[str, Any], reason: str
) -> None:
    """Whatever the behaviour itself expects."""
    outcome = ran(Plugin(**plugin), {"answers": {"plan": "create"}, **row})
    assert outcome.verdict is Verdict.FAILED
    assert reason in outcome.reasons[0]


def test_a_resource_that_stays_is_said_to() -> None:
    """The provider has deleted it, and finds it nevertheless."""
    row = {"stays": "a record", "answers": {"plan": "create"}}
    assert verdict(Plugin(keeps=True), row) is Verdict.PASSED


def test_a_refusal_has_the_cloud_s_code_and_status() -> None:
    """They stand in the provider's error."""
    row = {"refused": {"code": "EventBusAlreadyExist", "status": 409}}
    assert verdict(Plugin(refuses=True), row) is Verdict.PASSED
    assert verdict(Plugin(), row) is Verdict.FAILED


def test_a_function_of_the_provider_answers_what_it_returns() -> None:
    """With the numbers as they are meant."""
    cloud = Provider("http://127.0.0.1:9", "id", "secret", plugin=Plugin())
    assert cloud.invoke("alicloud:a/b:b", {"size": 2}).value == {"size": 2}
    with pytest.raises(BadCallError, match="alicloud:a/b:b: name is odd"):
        Provider("http://127.0.0.1:9", "id", "secret", plugin=Plugin(rejects="name")).invoke(
            "alicloud:a/b:b", {"name": "x"}
        )


def test_the_provider_s_behaviours_are_its_own() -> None:
    """They count where the resource's product does, and the SDKs are not asked for them."""
    of_provider = [each for each in behaviours() if each.is_of_provider]
    assert len(of_provider) > 50
    (outcome,) = run(of_provider[:1], Clients("http://127.0.0.1:9", "id", "secret"), FACTS)
    assert outcome.verdict is Verdict.NOT_RUN
    products = {
        token: behaviour({**ROW, "resource": token, "answers": {"id": "x"}}).product
        for token in (BUS, "alicloud:log/store:Store", "alicloud:message/serviceQueue:ServiceQueue")
    }
    assert list(products.values()) == ["eventbridge", "sls", "mns"]


def test_a_resource_has_a_type_of_the_provider() -> None:
    """Anything else would be a row that never runs."""
    with pytest.raises(BadBehaviourError, match="EventBus is no name"):
        behaviour({**ROW, "resource": "EventBus", "answers": {"id": "x"}})


def verdict(plugin: "Plugin", row: dict[str, Any]) -> Verdict:
    """Return what becomes of a behaviour of one bus."""
    return ran(plugin, row).verdict


def ran(plugin: "Plugin", row: dict[str, Any]) -> Outcome:
    """Run a behaviour of one bus."""
    cloud = Provider("http://127.0.0.1:9", "id", "secret", plugin=plugin)
    (outcome,) = run([behaviour({**ROW, **row})], cloud, FACTS)
    return outcome


class RefusedError(grpc.RpcError):  # type: ignore[misc]
    """What gRPC raises."""

    def details(self) -> str:
        """Tell it as the provider does."""
        return "SDKError:\n   StatusCode: 409\n   Code: EventBusAlreadyExist\n   Message: code: 409"


@dataclass
class Plugin:
    """A provider of things that have names, with one fault or none."""

    forgets: str = ""
    """An input that is lost on the way to the cloud."""
    hides: str = ""
    """An input that no output has."""
    loses: bool = False
    keeps: bool = False
    rejects: str = ""
    refuses: bool = False
    there: dict[str, Struct] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def Check(self, request: Any) -> Any:  # noqa: N802
        """Take inputs as they are."""
        self.calls.append("Check")
        return SimpleNamespace(inputs=request.news, failures=self._failures())

    def Create(self, request: Any) -> Any:  # noqa: N802
        """Make a thing; its name is its id."""
        self.calls.append("Create")
        if self.refuses:
            raise RefusedError
        name = request.properties["name"]
        if not self.loses:
            self.there[name] = self._kept(request.properties)
        return SimpleNamespace(id=name, properties=request.properties)

    def Update(self, request: Any) -> Any:  # noqa: N802
        """Change a thing."""
        self.there[request.id] = self._kept(request.news)
        return SimpleNamespace(properties=request.news)

    def Read(self, request: Any) -> Any:  # noqa: N802
        """Return a thing, or an empty id."""
        self.calls.append("Read")
        is_there = request.id in self.there
        return SimpleNamespace(
            id=request.id if is_there else "", properties=self.there.get(request.id, Struct())
        )

    def Diff(self, request: Any) -> Any:  # noqa: N802
        """Compare; another name is another thing."""
        self.calls.append("Diff")
        olds, news = dict(request.olds), dict(request.news)
        names = {*olds, *news} - {self.hides}
        changed = [name for name in names if olds.get(name) != news.get(name)]
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return SimpleNamespace(
            changes=some if changed else none,
            replaces=[name for name in changed if name == "name"],
            diffs=changed,
            detailedDiff={},
        )

    def Delete(self, request: Any) -> None:  # noqa: N802
        """Delete a thing."""
        self.calls.append("Delete")
        if not self.keeps:
            self.there.pop(request.id, None)

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Return the arguments."""
        return SimpleNamespace(failures=self._failures(), **{"return": request.args})

    def _failures(self) -> list[Any]:
        return [SimpleNamespace(property=self.rejects, reason="is odd")] if self.rejects else []

    def _kept(self, inputs: Struct) -> Struct:
        kept = Struct()
        lost = {self.forgets, self.hides}
        kept.update({name: value for name, value in dict(inputs).items() if name not in lost})
        return kept
