"""Builds the event that tells how many posts came without the right token."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.cloud.times import iso
from functions.platforms import platform
from functions.platforms.base import Content
from functions.platforms.markup import neutral
from functions.report.i18n import words
from functions.report.outcome import RESULT_SOURCE, UNAUTHENTICATED, UNAUTHENTICATED_TYPE
from functions.request.deployment import Deployment


class Tally(NamedTuple):
    """Posts of one source that nobody is told of one by one."""

    id: str
    source: str
    """Empty for sources that the settings do not name."""
    reasons: Mapping[str, int]
    """``no-token``, ``wrong-token`` or ``unknown-source`` -> how many."""

    @property
    def total(self) -> int:
        """Return how many there were."""
        return sum(self.reasons.values())


def event(tally: Tally, deployment: Deployment, now: float) -> dict[str, Any]:
    """Return the event for the bus, with the finished message for the source's chat."""
    name = deployment.chat_for("", tally.source)
    chat = deployment.chats[name]
    language = words(chat.language)
    title = language.labels["unauthenticated"].format(count=tally.total)
    content = Content(
        title=neutral(f"{title} · {tally.source}" if tally.source else title),
        sign="🔒",
        colour="grey",
        notice="",
        fields=[(language.reasons[code], str(n)) for code, n in tally.reasons.items()],
        output_label="",
        output="",
        footer="",
    )
    return {
        "specversion": "1.0",
        "id": tally.id,
        "source": RESULT_SOURCE,
        "type": UNAUTHENTICATED_TYPE,
        "datacontenttype": "application/json",
        "time": iso(now),
        "aliyuneventbusname": deployment.bus,
        "data": {
            "detail": {
                "InvocationStatus": UNAUTHENTICATED,
                "source": tally.source,
                "count": tally.total,
                "reasons": dict(tally.reasons),
                "origin": {"source": tally.source, "chat": name},
            },
            "message": platform(chat.platform).message(content, tally.id),
        },
    }
