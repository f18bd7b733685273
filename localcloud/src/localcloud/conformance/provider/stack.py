"""The resources of one behaviour, each as a program says it is to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2

from localcloud.conformance.clients import BadCallError, UnsettledError
from localcloud.conformance.provider.plugin import check, struct
from localcloud.deploy.engine import plain

_URNS = "urn:pulumi:local::conformance"
_SEED = bytes(32)


@dataclass
class _Resource:
    urn: str
    id: str
    inputs: Struct
    outputs: Struct


@dataclass
class Stack:
    """The resources of one behaviour, in the order in which they were made."""

    plugin: Any
    name: str
    resources: dict[str, _Resource] = field(default_factory=dict)
    """By their URNs."""
    staying: set[str] = field(default_factory=set)
    """The URNs of those that are found after they were deleted."""

    def urn(self, token: str, name: str) -> str:
        """Return what a resource of this behaviour is called."""
        return f"{_URNS}::{token}::{self.name}-{name}"

    def apply(self, urn: str, inputs: Mapping[str, Any]) -> Any:
        """Create a resource, or bring the one of that name to other inputs.

        Raises:
            BadCallError: if the provider knows no such inputs.
            UnsettledError: if the same inputs would change it once more.
        """
        before = self.resources.get(urn)
        checked = self._checked(urn, inputs, before)
        plan = self._plan(before, checked) if before else "create"
        if plan == "replace":
            self._delete(urn)
        if plan in {"create", "replace"}:
            done = self.plugin.Create(provider_pb2.CreateRequest(urn=urn, properties=checked))
            self.resources[urn] = _Resource(urn, done.id, checked, done.properties)
        elif before and plan == "update":
            done = self.plugin.Update(
                provider_pb2.UpdateRequest(
                    id=before.id,
                    urn=urn,
                    olds=before.outputs,
                    news=checked,
                    old_inputs=before.inputs,
                )
            )
            self.resources[urn] = replace(before, inputs=checked, outputs=done.properties)
        now = self._refreshed(urn)
        if left := self._differences(now, checked):
            raise UnsettledError(f"{urn} is there, and a second plan would change {left}")
        outputs = plain(MessageToDict(now.outputs))
        if unknown := set(inputs) - set(outputs):
            raise BadCallError(f"{urn} has no {', '.join(sorted(unknown))}")
        return {"plan": plan, "id": now.id, "outputs": outputs}

    def destroy(self) -> None:
        """Delete all resources, the newest first.

        Raises:
            UnsettledError: if one is there afterwards.
        """
        for urn in reversed(list(self.resources)):
            self._delete(urn)

    def _checked(self, urn: str, inputs: Mapping[str, Any], before: _Resource | None) -> Struct:
        done = self.plugin.Check(
            provider_pb2.CheckRequest(
                urn=urn,
                olds=before.inputs if before else None,
                news=struct(inputs),
                randomSeed=_SEED,
            )
        )
        check(urn, done.failures)
        return done.inputs

    def _plan(self, before: _Resource, checked: Struct) -> str:
        diff = self._diff(before, checked)
        if diff.replaces:
            return "replace"
        return "update" if diff.changes == provider_pb2.DiffResponse.DIFF_SOME else "same"

    def _differences(self, resource: _Resource, checked: Struct) -> str:
        diff = self._diff(resource, checked)
        if diff.changes == provider_pb2.DiffResponse.DIFF_NONE:
            return ""
        return ", ".join(sorted({*diff.diffs, *diff.detailedDiff})) or "something"

    def _diff(self, resource: _Resource, checked: Struct) -> Any:
        return self.plugin.Diff(
            provider_pb2.DiffRequest(
                id=resource.id,
                urn=resource.urn,
                olds=resource.outputs,
                news=checked,
                old_inputs=resource.inputs,
            )
        )

    def _refreshed(self, urn: str) -> _Resource:
        known = self.resources[urn]
        found = self._read(known)
        if not found.id:
            raise UnsettledError(f"{urn} was made, and is not there")
        self.resources[urn] = now = replace(known, id=found.id, outputs=found.properties)
        return now

    def _read(self, known: _Resource) -> Any:
        return self.plugin.Read(
            provider_pb2.ReadRequest(
                id=known.id, urn=known.urn, properties=known.outputs, inputs=known.inputs
            )
        )

    def _delete(self, urn: str) -> None:
        known = self.resources.pop(urn)
        self.plugin.Delete(
            provider_pb2.DeleteRequest(
                id=known.id, urn=urn, properties=known.outputs, old_inputs=known.inputs
            )
        )
        is_there = bool(self._read(known).id)
        if is_there is not (urn in self.staying):
            raise UnsettledError(
                f"{urn} was deleted, and is {'still there' if is_there else 'gone'}"
            )
