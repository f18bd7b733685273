"""The rights that ``make smoke`` needs are those that its help and the guide list."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from mns.account import Account
from mns.mns_exception import MNSServerException
from mns.queue import Message, Queue

from demo.loop import Loop
from lab.running_cloud import RunningCloud
from lab.waiting import wait_for
from localcloud.commandline.errors import UserError
from ops import access
from ops.smoke import command as smoke
from tests.e2e.operators import SMOKE, SMOKE_IN_THE_GUIDE, allowing, key_of_role

GIVES_BACK = "mns:ChangeMessageVisibility"


@pytest.fixture
def letters(cloud: RunningCloud, loop: Loop) -> Queue:
    """Return the queue of dead letters with one more in it."""
    queue = Account(cloud.endpoint, *cloud.key).get_queue(loop.outputs["dead_letter_queue"])
    queue.send_message(Message(json.dumps({"event": {"id": "old"}})))
    return queue


def is_visible(queue: Queue) -> bool:
    """Return whether a queue shows a message."""
    try:
        queue.peek_message()
    except MNSServerException:
        return False
    return True


@pytest.mark.parametrize("missing", ["", *sorted(SMOKE)])
def test_each_right_is_needed_and_no_other(
    cloud: RunningCloud,
    loop: Loop,
    letters: Queue,
    missing: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without one of them it says which; with all of them the loop is proved.

    Dead letters that it cannot give back are not seen for a while.
    """
    own, target = access._local, smoke._target
    key = key_of_role(cloud, allowing(SMOKE - {missing}))
    monkeypatch.setattr(access, "_local", lambda endpoint: own(endpoint) | key)
    # As a source with allowed_ips: what is posted goes over the bus.
    monkeypatch.setattr(smoke, "_target", lambda *args: replace(target(*args), over_bus=True))
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(loop.outputs))

    def prove() -> int:
        return smoke.run("local", "", "", endpoint=cloud.endpoint, seconds=60, outputs=outputs)

    if missing not in {"", GIVES_BACK}:
        with pytest.raises(UserError, match=missing):
            prove()
        return
    assert prove() == 0
    if missing:
        assert not is_visible(letters)
    else:
        wait_for(lambda: is_visible(letters), "the dead letter")


def test_the_guide_lists_the_same() -> None:
    """Help and guide."""
    assert SMOKE == SMOKE_IN_THE_GUIDE
