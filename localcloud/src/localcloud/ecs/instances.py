"""The instances of the local cloud as ECS describes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class InstanceRow:
    """What is remembered of an instance; what runs on it is the sandbox's business."""

    instance_id: str
    number: int
    created: float
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name that people see, and its host name."""
        return f"local-{self.number:04d}"

    @property
    def private_address(self) -> str:
        """An address of the kind that instances in a VPC have; nothing listens there."""
        return f"10.0.{self.number // 250}.{self.number % 250 + 1}"


def first_instances(
    count: int, tags: Mapping[int, Mapping[str, str]], now: float
) -> list[InstanceRow]:
    """Return the instances of a new cloud; ``tags`` are theirs by number."""
    return [
        InstanceRow(f"i-local{number:04d}", number, now, dict(tags.get(number, {})))
        for number in range(1, count + 1)
    ]
