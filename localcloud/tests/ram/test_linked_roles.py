"""Service-linked roles: EventBridge's service makes them, RAM shows and deletes them."""

from collections.abc import Iterator

import pytest

from localcloud.api import ApiCall, Caller
from localcloud.environment import Environment, ManualClock, counting_ids
from localcloud.errors import ApiError
from localcloud.eventbridge.linked_roles import LinkedRoles, ServiceLinkedRole
from localcloud.eventbridge.resources import Rule
from localcloud.ram.actions import get_service_linked_role_deletion_status as deletion_status
from localcloud.ram.linked_roles import trust_of
from localcloud.ram.service import Ram
from localcloud.settings import CloudSettings
from localcloud.store import Store

TO_FC = "AliyunServiceRoleForEventBridgeSendToFC"
TO_MNS = "AliyunServiceRoleForEventBridgeSendToMNS"
RULE = "acs:eventbridge:r:1:eventbus/b/rule/r"
OWNER = Caller("1234567890123456", "acs:ram::1234567890123456:root")
OWN = trust_of(ServiceLinkedRole("AliyunServiceRoleForEventBridgeSendToFC"))
FUNCTION = {"Id": "1", "Type": "acs.fc.function"}
BURIED = {"Id": "2", "Type": "acs.sls", "DeadLetterQueue": {"Arn": "acs:mns:r:1:/queues/q"}}


class Account:
    """The roles of an account, and rules that may need them."""

    def __init__(self, store: Store) -> None:
        self.rules: list[tuple[str, Rule]] = []
        clock = ManualClock()
        self.linked = LinkedRoles(store, clock, lambda: self.rules)
        self.ram = Ram(CloudSettings(), Environment(clock, counting_ids()), store, self.linked)

    def names(self) -> list[str]:
        """Return the roles that RAM shows."""
        return [role.name for role in self.ram.all_roles()]

    async def delete(self, name: str) -> dict[str, object]:
        """Delete a role; return what became of that."""
        task = self.ram.delete_linked_role(name)
        asked = {"DeletionTaskId": task}
        call = ApiCall("resourcemanager", "GetServiceLinkedRoleDeletionStatus", OWNER, "1", asked)
        answer = await deletion_status(self.ram, call)
        assert isinstance(answer, dict)
        return answer


@pytest.fixture
def account() -> Iterator[Account]:
    """Return an account with both roles."""
    store = Store(None)
    account = Account(store)
    account.linked.create(TO_FC)
    account.linked.create(TO_MNS)
    yield account
    store.close()


def test_ram_shows_them_among_all_roles(account: Account) -> None:
    """Whoever asks whether a role is there finds it by its name, with its service."""
    account.ram.create_role("Own", OWN, "", 3600, {})
    assert account.names() == ["Own", TO_FC, TO_MNS]
    assert "sendevent-mns.eventbridge.aliyuncs.com" in account.ram.all_roles()[-1].trust


def test_a_role_that_is_there_is_not_made_again(account: Account) -> None:
    """An account has each once."""
    with pytest.raises(ApiError) as refused:
        account.linked.create(TO_FC)
    assert (refused.value.code, refused.value.status) == ("EntityAlreadyExist.Role", 409)


@pytest.mark.parametrize(("name", "target"), [(TO_FC, FUNCTION), (TO_MNS, BURIED)])
async def test_a_role_that_a_rule_needs_stays(
    account: Account, name: str, target: dict[str, object]
) -> None:
    """The wish is accepted, and its task fails and names the rule; once that is gone, it works."""
    account.rules = [(RULE, Rule("b", "r", "{}", targets=[target]))]
    failed = await account.delete(name)
    assert failed["Status"] == "FAILED"
    assert RULE in str(failed["Reason"])
    assert sorted(account.names()) == [TO_FC, TO_MNS]
    account.rules = []
    assert await account.delete(name) == {"Status": "SUCCEEDED"}
    assert name not in account.names()


def test_only_a_role_that_is_there_is_deleted(account: Account) -> None:
    """Neither a role of nobody nor one that is no service's."""
    account.ram.create_role("Own", OWN, "", 3600, {})
    for name in ("Own", "AliyunServiceRoleForNobody"):
        with pytest.raises(ApiError, match="does not exist"):
            account.ram.delete_linked_role(name)
