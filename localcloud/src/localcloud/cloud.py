"""The local cloud as one object: settings, sources, store and services, wired once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from localcloud.chats.state import Chats
from localcloud.ecs.state import Ecs
from localcloud.environment import Sources
from localcloud.eventbridge.delivery.intake import Intake
from localcloud.eventbridge.state import EventBridge
from localcloud.faults import Faults
from localcloud.fc.state import FunctionCompute
from localcloud.http_apis import HttpApi
from localcloud.mns.state import Mns
from localcloud.ram.state import Ram
from localcloud.settings import CloudSettings
from localcloud.sls.state import Sls
from localcloud.store import Store


@dataclass(frozen=True)
class Cloud:
    """Everything that a request handler may use."""

    settings: CloudSettings
    sources: Sources
    store: Store
    faults: Faults
    eventbridge: EventBridge
    ecs: Ecs
    fc: FunctionCompute
    ram: Ram
    mns: Mns
    sls: Sls
    chats: Chats
    intake: Intake
    apis: Mapping[str, HttpApi]
    calls: Counter[str] = field(default_factory=Counter)
    """How often each action was called since the start, as ``ecs:InvokeCommand``."""
