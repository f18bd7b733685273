"""What became of each event, without ids and times, so that two revisions can be compared."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from functions.report.outcome import RESULT_SOURCE, RESULT_TYPE
from functions.request import tags
from ops.behaviour.play import Played
from ops.behaviour.samples import Sample

Record = dict[str, Any]
Shown = dict[str, dict[str, list[str]]]
"""Messages by their body and chat."""

OTHERS = "*"
"""Stands for no event: what arrived in the chats and cannot be told from which one it came."""
_SETTLED = {"delivered", "dead"}
_VARYING = (
    (re.compile(r"\bt-[0-9a-f]{32}\b"), "<invocation>"),
    (re.compile(r"\bc-[0-9a-f]{32}\b"), "<command>"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "<event>"),
    (re.compile(r"\bsha256-[0-9a-f]{40}\b"), "<event>"),
    (re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?"), "<time>"),
    (re.compile(r"\b\d+ (?:d|days?|h|hours?|min|minutes?|s|seconds?)\b"), "<duration>"),
    (re.compile(r"\d+ ?(?:天|小时|分钟|秒)"), "<duration>"),
    (re.compile(r"((?:script|脚本) )[0-9a-f]{12}\b"), r"\1<script>"),
)


def records(samples: Sequence[Sample], played: Played) -> dict[str, Record]:
    """Return for each event its rules, runs, results and messages."""
    events = {event["id"]: event for event in played.events if event["source"] != RESULT_SOURCE}
    results = _results_by_origin(samples, played)
    runs = defaultdict(list)
    for run in played.invocations:
        origin = run["tags"].get(tags.EVENT) or run["invocation"]
        runs[origin].append(run)
    shown = _messages_by_body(played.messages)
    found = {}
    for sample in samples:
        origin = played.origins[sample.key]
        event = events.get(origin)
        own = results.get(origin, [])
        if sample.bus and sample.event.get("source") == RESULT_SOURCE:
            own = [e for e in played.events if e["id"] == origin]
        found[sample.key] = {
            "taken": "yes" if event or own or runs[origin] else origin,
            "rules": _rules(event) if event else [],
            "runs": sorted((_run(run) for run in runs[origin]), key=_order),
            "results": sorted((_result(result) for result in own), key=_order),
            "messages": sorted(
                (m for result in own for m in _messages(result, shown, played.words)),
                key=_order,
            ),
        }
    unclear = results.get("", [])
    told = [m for result in unclear for m in _messages(result, shown, played.words)]
    by_function = {_chat(event) for event in played.events if event["id"] in played.words}
    found[OTHERS] = {
        "results": sorted((_result(result) for result in unclear), key=_order),
        "messages": sorted([*told, *_left(shown, by_function)], key=_order),
    }
    return found


def gathered(played: Played, chats: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the results that a function tells the chats, maybe several in one message."""
    return [
        {
            "id": event["id"],
            "detail": event["event"]["data"].get("detail", {}),
            "platform": chats[_chat(event)]["platform"],
        }
        for event in played.events
        if _is_result(event) and "message" not in event["event"]["data"] and _chat(event) in chats
    ]


def _is_result(event: Mapping[str, Any]) -> bool:
    return bool(
        event["source"] == RESULT_SOURCE and event["event"].get("type", RESULT_TYPE) == RESULT_TYPE
    )


def _chat(event: Mapping[str, Any]) -> str:
    return str(event["event"]["data"].get("detail", {}).get("origin", {}).get("chat", ""))


def _results_by_origin(
    samples: Sequence[Sample], played: Played
) -> dict[str, list[dict[str, Any]]]:
    """Return the result events by the event or the manual invocation that they answer.

    Where that is not clear, because a request was refused that had no id, they are under "".
    """
    posted = {played.origins[sample.key] for sample in samples}
    by_request = {
        (sample.source, request): played.origins[sample.key]
        for sample in samples
        if isinstance(sample.body, dict) and (request := _request_id(sample.body))
    }
    by_invocation = {
        run["invocation"]: run["tags"].get(tags.EVENT) or run["invocation"]
        for run in played.invocations
    }
    found = defaultdict(list)
    for event in played.events:
        if _is_result(event) and event["id"] not in posted:
            detail = event["event"]["data"].get("detail", {})
            asked = (detail.get("origin", {}).get("source", ""), detail.get("request_id", ""))
            # The id of a refusal began with that of the event that it answered.
            beginning = event["id"].rpartition(":")[0]
            origin = (
                by_invocation.get(detail.get("InvokeId", ""))
                or by_request.get(asked)
                or (beginning if beginning in posted else "")
            )
            found[origin].append(event)
    return found


def _request_id(body: Mapping[str, Any]) -> str:
    detail = body.get("detail")
    request = detail.get("request_id") if isinstance(detail, dict) else None
    return request if isinstance(request, str) else ""


def _rules(event: dict[str, Any]) -> list[Record]:
    """Return the rules that took an event and how each of their targets ended."""
    return [
        {
            "rule": rule["rule"],
            "targets": sorted(
                f"{_plain(target['endpoint'] or target['type'])}: {_state(target)}"
                for target in rule["targets"]
            ),
        }
        for rule in sorted(event["rules"], key=lambda rule: str(rule["rule"]))
        if rule["matched"]
    ]


def _state(target: dict[str, Any]) -> str:
    return target["state"] if target["state"] in _SETTLED else "not delivered"


def _run(run: dict[str, Any]) -> Record:
    name, _, script = run["command"].rpartition("-")
    return {
        "command": name,
        "script": script,
        "instance": run["instance"],
        # When it was made, and by which event, differs from play to play; one that is empty is
        # absent to the script.
        "parameters": {
            name: value
            for name, value in sorted(run["parameters"].items())
            if value and name not in {"moment", "request_hash"}
        },
        "status": run["status"],
    }


def _result(event: dict[str, Any]) -> Record:
    detail = event["event"]["data"].get("detail", {})
    return {
        "status": detail.get("InvocationStatus", ""),
        "reason": detail.get("ReasonCode", ""),
        "chat": detail.get("origin", {}).get("chat", ""),
        "rules": _rules(event),
    }


def _messages_by_body(messages: list[dict[str, Any]]) -> Shown:
    found: Shown = defaultdict(lambda: defaultdict(list))
    for message in messages:
        found[_key(message["body"])][message["chat"]].append(message["text"])
    return found


def _messages(event: dict[str, Any], shown: Shown, words: Mapping[str, str]) -> list[Record]:
    """Return what the chats show of a result; of equal messages each result takes one a chat."""
    if event["id"] in words:
        return [{"chat": _chat(event), "text": _plain(words[event["id"]])}]
    chats = shown.get(_key(event["event"]["data"].get("message", {})), {})
    return [{"chat": chat, "text": _plain(texts.pop())} for chat, texts in chats.items() if texts]


def _left(shown: Shown, by_function: Collection[str]) -> list[Record]:
    """Return the messages that say something else than any result did.

    Not those of chats that a function serves: how many results are in one depends on the moment.
    """
    return [
        {"chat": chat, "text": _plain(text)}
        for chats in shown.values()
        for chat, texts in chats.items()
        if chat not in by_function
        for text in texts
    ]


def _key(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True)


def _plain(text: str) -> str:
    for pattern, name in _VARYING:
        text = pattern.sub(name, text)
    return text


def _order(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
