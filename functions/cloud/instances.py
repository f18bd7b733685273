"""ECS instances as the functions see them: which there are, and which a command can reach.

InvokeCommand may refuse a whole call for one instance that is stopped or has no agent, so whoever
runs a command looks first. Sources: "DescribeInstances", "DescribeCloudAssistantStatus" (ECS
2014-05-26).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from functions.cloud import ecs
from functions.cloud.context import Context
from functions.cloud.rpc import Rpc

_PAGE = 100
_AGENTS_PAGE = 50
_MOST_PAGES = 20


class Instance(NamedTuple):
    """An instance that exists."""

    id: str
    name: str
    address: str
    """Its private address; empty if it has none."""
    status: str
    """``Running``, ``Stopped``, ``Starting``, ``Stopping`` or ``Pending``."""
    has_agent: bool
    """Whether Cloud Assistant's agent answers on it."""

    @property
    def is_reachable(self) -> bool:
        """Return whether a command can run on it now."""
        return self.status == "Running" and self.has_agent

    @property
    def state(self) -> str:
        """Return why a command cannot run on it; ``Running`` if one can."""
        return "no agent" if self.status == "Running" and not self.has_agent else self.status


class Instances:
    """The ECS API of one region."""

    def __init__(self, rpc: Rpc, region: str) -> None:
        self._rpc = rpc
        self._region = region

    def named(self, ids: Sequence[str]) -> list[Instance]:
        """Return the instances with these ids; those that were released are left out."""
        found: list[Instance] = []
        for start in range(0, len(ids), _PAGE):
            wanted = list(ids[start : start + _PAGE])
            found += self._described({"InstanceIds": json.dumps(wanted)})
        return found

    def address(self, instance_id: str) -> tuple[str, str]:
        """Return an instance's name and private address; empty for what it does not have."""
        answer = self._rpc.call(
            "DescribeInstances",
            {"RegionId": self._region, "InstanceIds": json.dumps([instance_id])},
        )
        for given in _list(answer, "Instances.Instance"):
            if _text(given, "InstanceId") == instance_id:
                return _text(given, "InstanceName"), _address(given)
        return "", ""

    def tagged(self, tags: Sequence[tuple[str, str]]) -> list[Instance]:
        """Return the instances that carry all these tags."""
        return self._described({"Tag": [{"Key": key, "Value": value} for key, value in tags]})

    def _described(self, wanted: Mapping[str, Any]) -> list[Instance]:
        listed = list(
            self._pages("DescribeInstances", {**wanted, "MaxResults": _PAGE}, "Instances.Instance")
        )
        running = [_text(i, "InstanceId") for i in listed if _text(i, "Status") == "Running"]
        with_agent = self._with_agent(running)
        return [
            Instance(
                id=_text(given, "InstanceId"),
                name=_text(given, "InstanceName"),
                address=_address(given),
                status=_text(given, "Status"),
                has_agent=_text(given, "InstanceId") in with_agent,
            )
            for given in listed
        ]

    def _with_agent(self, ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(ids), _AGENTS_PAGE):
            asked = {"InstanceId": ids[start : start + _AGENTS_PAGE], "MaxResults": _AGENTS_PAGE}
            found |= {
                _text(given, "InstanceId")
                for given in self._pages(
                    "DescribeCloudAssistantStatus",
                    asked,
                    "InstanceCloudAssistantStatusSet.InstanceCloudAssistantStatus",
                )
                if _text(given, "CloudAssistantStatus") == "true"
            }
        return found

    def _pages(self, action: str, params: Mapping[str, Any], path: str) -> Iterator[dict[str, Any]]:
        next_token: str | None = None
        for _ in range(_MOST_PAGES):
            asked = {"RegionId": self._region, **params, "NextToken": next_token}
            answer = self._rpc.call(action, asked)
            yield from _list(answer, path)
            next_token = _text(answer, "NextToken") or None
            if next_token is None:
                return


def connect(context: Context, environ: Mapping[str, str]) -> Instances:
    """Return a client for the instances of the function's own region."""
    return Instances(ecs.connect(context, environ), context.region)


def _address(given: Mapping[str, Any]) -> str:
    network = given.get("VpcAttributes")
    private = network.get("PrivateIpAddress") if isinstance(network, dict) else None
    addresses = private.get("IpAddress") if isinstance(private, dict) else None
    first = addresses[0] if isinstance(addresses, list) and addresses else ""
    return first if isinstance(first, str) else ""


def _list(given: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    value: Any = given
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""
