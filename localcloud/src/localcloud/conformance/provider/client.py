"""The provider, and beside it the SDKs, as the clients of behaviours."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import provider_pb2

from localcloud.conformance.clients import Answer, Clients
from localcloud.conformance.provider.plugin import check, struct
from localcloud.conformance.provider.stack import Stack
from localcloud.deploy.engine import plain

_CODE = re.compile(r'\b(?:Code|[eE]rrorCode)"?: *"?([\w.-]+)')
_STATUS = re.compile(r"\b(?:StatusCode|HTTPCode|httpCode)\"?: *\"?(\d{3})\b")


@dataclass(frozen=True)
class Provider(Clients):
    """The provider, and beside it the SDKs."""

    plugin: Any = None
    stack: Stack | None = None

    @contextmanager
    def alone(self, name: str) -> "Iterator[Provider]":
        """Yield a client whose resources live for as long as the block takes, and then are gone."""
        stack = Stack(self.plugin, name)
        try:
            yield replace(self, stack=stack)
        finally:
            stack.destroy()

    def apply(
        self, token: str, name: str, inputs: Mapping[str, Any], *, stays: bool = False
    ) -> Answer:
        """Bring a resource to what a program says; answer what was planned, id and outputs."""
        assert self.stack is not None  # noqa: S101 - a behaviour has one
        urn = self.stack.urn(token, name)
        if stays:
            self.stack.staying.add(urn)
        return _refusable(self.stack.apply, urn, inputs)

    def invoke(self, token: str, inputs: Mapping[str, Any]) -> Answer:
        """Call a function of the provider; answer what it returns."""
        return _refusable(self._invoke, token, inputs)

    def _invoke(self, token: str, inputs: Mapping[str, Any]) -> Any:
        request = provider_pb2.InvokeRequest(tok=token, args=struct(inputs))
        done = self.plugin.Invoke(request)
        check(token, done.failures)
        return plain(MessageToDict(getattr(done, "return")))


def _refusable(call: Any, *arguments: Any) -> Answer:
    try:
        return Answer(call(*arguments))
    except grpc.RpcError as error:
        told = str(error.details())
        code, status = _CODE.search(told), _STATUS.search(told)
        return Answer(told, code[1] if code else told, int(status[1]) if status else None)
