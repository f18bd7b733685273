"""What the page and ``localcloud trace`` ask: requests, and what was given up."""

from typing import Any

from localcloud.eventbridge.service import EventBridge
from localcloud.inspection import Changes, Question, Views
from localcloud.mns.service import Mns
from localcloud.overview.requests import Requests


def views(requests: Requests) -> Views:
    """Return the views of requests."""
    return {
        "labels": lambda _: labels(requests),
        "examples": lambda _: requests.settings.examples,
        "requests": requests.rows,
        "requests/{name:path}": requests.way,
        "ways": requests.ways,
        "letters": requests.letters,
    }


def changes(requests: Requests, eventbridge: EventBridge, mns: Mns) -> Changes:
    """Return what can be posted: that the event of a dead letter is published again."""

    async def replay(asked: Question, _: Any) -> dict[str, Any]:
        queue, message = asked.path["queue"], asked.path["message"]
        letter = requests.letter(queue, message)
        with eventbridge.store.transaction():
            # One transaction: the event is neither lost nor published and still among the letters.
            event = eventbridge.publish(letter.bus, letter.to_publish())
            mns.remove(queue, message)
        await eventbridge.store.flush(patient=False)
        return {"event": event["id"], "bus": letter.bus}

    return {"letters/{queue}/{message}/replay": replay}


def labels(requests: Requests) -> dict[str, Any]:
    """Return the labels, for whoever shows them."""
    return {
        name: {"titles": label.titles, "joins": label.joins, "good": label.good}
        for name, label in requests.labels.items()
    }
