"""Builds the event that tells how many posts came without the right token."""

from collections.abc import Mapping
from typing import Any

from functions.cloud.times import iso
from functions.platforms import platform
from functions.platforms.base import Content
from functions.platforms.markup import neutral
from functions.report.i18n import words
from functions.report.i18n.table import Words
from functions.report.outcome import RESULT_SOURCE, UNAUTHENTICATED, UNAUTHENTICATED_TYPE
from functions.report.output import bounded
from functions.report.tally import Tally
from functions.request.deployment import Deployment


def event(tally: Tally, deployment: Deployment, now: float) -> dict[str, Any]:
    """Return the event for the bus; for a chat that EventBridge posts to, with its message."""
    name = deployment.chat_for("", tally.source)
    chat = deployment.chats[name]
    data: dict[str, Any] = {
        "detail": {
            "InvocationStatus": UNAUTHENTICATED,
            "source": tally.source,
            "count": tally.total,
            "reasons": dict(tally.reasons),
            "origin": {"source": tally.source, "chat": name},
        }
    }
    if not chat.by_function:
        said = content({tally.source: tally.reasons}, words(chat.language))
        data["message"] = platform(chat.platform).message(said, tally.id)
    return {
        "specversion": "1.0",
        "id": tally.id,
        "source": RESULT_SOURCE,
        "type": UNAUTHENTICATED_TYPE,
        "datacontenttype": "application/json",
        "time": iso(now),
        "aliyuneventbusname": deployment.bus,
        "data": data,
    }


def content(reasons: Mapping[str, Mapping[str, int]], language: Words) -> Content:
    """Return a message about the posts of one or several sources.

    Args:
        reasons: source (empty for sources that the settings do not name) -> code of the reason ->
            how many.
        language: the chat's words.
    """
    total = sum(count for found in reasons.values() for count in found.values())
    return Content(
        title=language.labels["unauthenticated"].format(count=total),
        sign="🔒",
        colour="grey",
        notice="",
        fields=[
            (
                neutral(bounded(source, 64)) or language.sentence("unknown_source"),
                language.listed(
                    f"{language.reasons.get(code, bounded(code, 40))} {count}"
                    for code, count in found.items()
                ),
            )
            for source, found in reasons.items()
        ],
        output_label="",
        output="",
        footer="",
        colon=language.colon,
    )
