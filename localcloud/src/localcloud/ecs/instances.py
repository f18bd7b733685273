"""The instances of the local cloud as ECS describes them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

RUNNING, STOPPED, RELEASED = "Running", "Stopped", "Released"


@dataclass(frozen=True)
class InstanceRow:
    """What is remembered of an instance; what runs on it is the sandbox's business."""

    instance_id: str
    number: int
    created: float
    tags: dict[str, str] = field(default_factory=dict)
    status: str = RUNNING
    has_agent: bool = True
    """Whether Cloud Assistant's agent answers on it while it runs."""

    @property
    def is_reachable(self) -> bool:
        """Return whether a command can be run on it now."""
        return self.status == RUNNING and self.has_agent

    @property
    def name(self) -> str:
        """The name that people see, and its host name."""
        return f"local-{self.number:04d}"

    @property
    def private_address(self) -> str:
        """An address of the kind that instances in a VPC have; nothing listens there."""
        return f"10.0.{self.number // 250}.{self.number % 250 + 1}"


def first_instances(
    count: int,
    tags: Mapping[int, Mapping[str, str]],
    now: float,
    without_agent: Collection[int] = (),
) -> list[InstanceRow]:
    """Return the instances of a new cloud; ``tags`` are theirs by number, as is the agent."""
    return [
        InstanceRow(
            f"i-local{number:04d}",
            number,
            now,
            dict(tags.get(number, {})),
            has_agent=number not in without_agent,
        )
        for number in range(1, count + 1)
    ]
