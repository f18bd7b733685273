"""The service-linked roles with which EventBridge uses other products: an account has each once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from localcloud.environment import Clock
from localcloud.eventbridge.errors import LinkedRoleExistsError
from localcloud.eventbridge.resources import Rule
from localcloud.store import Store, Table

_TARGETS = {
    "AliyunServiceRoleForEventBridgeSendToFC": ("acs.fc.",),
    "AliyunServiceRoleForEventBridgeSendToMNS": ("acs.mns.",),
}
"""The types of targets for which a role is needed ("Service-linked roles for EventBridge")."""
_DEAD_LETTERS = "AliyunServiceRoleForEventBridgeSendToMNS"


@dataclass(frozen=True)
class ServiceLinkedRole:
    """The permission of EventBridge to use another product."""

    product: str
    created: float = 0.0

    @property
    def principal(self) -> str:
        """The name under which EventBridge takes the role on."""
        product = self.product.removeprefix("AliyunServiceRoleForEventBridgeSendTo")
        if product == self.product:
            return "eventbridge.aliyuncs.com"
        return f"sendevent-{product.lower()}.eventbridge.aliyuncs.com"


class LinkedRoles:
    """The service-linked roles of EventBridge.

    Args:
        store: where they are kept.
        clock: tells when one is made.
        rules: returns every rule with its resource name.
    """

    def __init__(
        self, store: Store, clock: Clock, rules: Callable[[], Iterable[tuple[str, Rule]]]
    ) -> None:
        self._table = Table(store, "eventbridge.service_linked_role", ServiceLinkedRole)
        self._clock = clock
        self._rules = rules

    def all(self) -> list[ServiceLinkedRole]:
        """Return the roles that there are."""
        return list(self._table)

    def has(self, product: str) -> bool:
        """Return whether there is the role for a product."""
        return product in self._table

    def create(self, product: str) -> None:
        """Create the role for a product.

        Raises:
            LinkedRoleExistsError: if the account has it.
        """
        if self.has(product):
            raise LinkedRoleExistsError(product)
        self._table.put(product, ServiceLinkedRole(product, self._clock.now()))

    def delete(self, product: str) -> None:
        """Delete the role for a product."""
        self._table.delete(product)

    def users(self, product: str) -> list[str]:
        """Return the rules that deliver with a role, by their resource names."""
        types = _TARGETS.get(product, ())
        return [
            name
            for name, rule in self._rules()
            if any(
                (types and str(target.get("Type")).startswith(types))
                or (product == _DEAD_LETTERS and target.get("DeadLetterQueue"))
                for target in rule.targets
            )
        ]
