"""The local cloud as one object: settings, sources, store and services, wired once."""

from collections import Counter
from dataclasses import dataclass, field

from localcloud.chats.state import Chats
from localcloud.delivery.intake import Intake
from localcloud.faults import Faults
from localcloud.hr import Hr
from localcloud.services.ecs.state import Ecs
from localcloud.services.eventbridge.state import EventBridge
from localcloud.services.fc.state import FunctionCompute
from localcloud.services.mns.state import Mns
from localcloud.services.ram.state import Ram
from localcloud.services.sls.state import Sls
from localcloud.settings import CloudSettings
from localcloud.sources import Sources
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
    hr: Hr
    calls: Counter[str] = field(default_factory=Counter)
    """How often each action was called since the start, as ``ecs:InvokeCommand``."""
