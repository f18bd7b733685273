"""The event patterns of the loop's rules (EventBridge, "Event pattern")."""

import json
from collections.abc import Sequence
from typing import Any

from functions.receive_approval.declared import MEMBERS_PUSHED, NEW_MEMBER, PUSHED, REQUESTED
from functions.report.outcome import RESULT_SOURCE, RESULT_TYPE, SUCCESS, UNAUTHENTICATED_TYPE


def _text(pattern: dict[str, Any]) -> str:
    return json.dumps(pattern, separators=(",", ":"))


def from_sources(sources: Sequence[str]) -> str:
    """Match what was posted to these sources; a sender cannot choose the source's name."""
    return _text({"source": list(sources)})


def pushed(sources: Sequence[str]) -> str:
    """Match what platforms pushed, which nobody has confirmed yet."""
    return _text({"source": list(sources), "type": [PUSHED, MEMBERS_PUSHED]})


def approved(sources: Sequence[str]) -> str:
    """Match the requests that a platform has confirmed."""
    return _text({"source": list(sources), "type": [REQUESTED]})


def new_members(sources: Sequence[str]) -> str:
    """Match the new members that a platform has confirmed."""
    return _text({"source": list(sources), "type": [NEW_MEMBER]})


def task_completed(command_name_prefixes: Sequence[str]) -> str:
    """Match the end of a run of a command whose name begins so (one event per instance).

    The prefix, not the name or the id: a run that began under the previous script counts too.
    """
    return _text(
        {
            "source": ["acs.ecs"],
            "type": ["ecs:CloudAssistant:TaskCompleted"],
            "data": {"commandName": [{"prefix": prefix} for prefix in command_name_prefixes]},
        }
    )


def completed(chat: str) -> str:
    """Match the results of success that are for a chat."""
    return _result(chat, SUCCESS)


def failed(chat: str) -> str:
    """Match all other results for a chat, also with a status that nobody has heard of yet."""
    return _result(chat, {"anything-but": SUCCESS}, UNAUTHENTICATED_TYPE)


def results(elsewhere: Sequence[str]) -> str:
    """Match every result but those for the chats that have rules of their own."""
    origin = {"origin": {"chat": [{"anything-but": list(elsewhere)}]}} if elsewhere else {}
    return _text(
        {
            "source": [RESULT_SOURCE],
            "type": [RESULT_TYPE, UNAUTHENTICATED_TYPE],
            **({"data": {"detail": origin}} if origin else {}),
        }
    )


def _result(chat: str, status: str | dict[str, str], *more_types: str) -> str:
    return _text(
        {
            "source": [RESULT_SOURCE],
            "type": [RESULT_TYPE, *more_types],
            "data": {"detail": {"InvocationStatus": [status], "origin": {"chat": [chat]}}},
        }
    )
