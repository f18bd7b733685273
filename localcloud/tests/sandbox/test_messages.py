"""What an agent says is believed only if an agent would say it."""

import base64
import json
from pathlib import Path

import pytest

from localcloud.sandbox import instance
from localcloud.sandbox.instance import Script
from localcloud.sandbox.limits import OUTPUT_LIMIT_BYTES
from localcloud.sandbox.machines import Machines
from localcloud.sandbox.messages import Ended, Failed, NotAMessageError, Ready, Written, parse
from localcloud.sandbox.outcome import Outcome

ENDED = {
    "event": "ended", "run": "t-1", "ended": "finished", "exit_code": 3, "output": "b2s=",
    "dropped": 7, "package_faults": ["nginx"],
}  # fmt: skip


def line(**changes: object) -> bytes:
    """Write the end of a run with some fields changed."""
    return json.dumps({**ENDED, **changes}).encode()


def test_messages_are_read() -> None:
    """Each message of an agent becomes a value."""
    expected = Ended("t-1", Outcome("finished", 3, b"ok", 7, package_faults=("nginx",)))
    assert parse(line()) == expected
    assert parse(b'{"event": "ready", "notes": ["a", "b"]}') == Ready(("a", "b"))
    assert parse(b'{"event": "failed", "reason": "no"}') == Failed("no")
    assert parse(b'{"event": "output", "run": "t-1", "output": "", "dropped": 0}') == Written(
        "t-1", b"", 0
    )
    refused = parse(b'{"event": "refused", "run": "t-1", "reason": "AccountNotExists"}')
    assert refused == Ended("t-1", Outcome("refused", reason="AccountNotExists"))


@pytest.mark.parametrize(
    "said",
    [
        b"", b"no JSON", b"[]", b'"text"', b"{}", b'{"event": "other"}', b"[" * 100_000,
        b'{"event": "ready"}', b'{"event": "ready", "notes": "text"}',
        b'{"event": "ready", "notes": [1]}', b'{"event": "failed", "reason": null}',
        line(exit_code=10**30), line(exit_code=256), line(exit_code=-2), line(exit_code=3.0),
        line(exit_code=True), line(exit_code="3"), line(exit_code=None),
        line(dropped=-1), line(dropped=1 << 63), line(dropped=1e300),
        line(ended="refused"), line(ended="cancelled"), line(ended=["finished"]),
        line(run=1), line(run="x" * 5000), line(run="a\x1bb"),
        line(output=b"not base64".decode()), line(output=1),
        line(output=base64.b64encode(bytes(OUTPUT_LIMIT_BYTES + 1)).decode()),
        line(package_faults="nginx"), line(package_faults=[[]]), line(package_faults=["x"] * 2000),
    ],
)  # fmt: skip
def test_what_no_agent_says_is_no_message(said: bytes) -> None:
    """Another type, a number out of range or an unknown word is refused as a whole."""
    with pytest.raises(NotAMessageError):
        parse(said)


@pytest.mark.parametrize(
    "said",
    [line(exit_code=10**30), b"[" * 100_000, b"\xff\xfe", b'{"event": "ready", "notes": []}'],
)
async def test_nonsense_ends_the_run_and_not_the_cloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """When somebody else speaks in the agent's place the run is interrupted; the next one works."""
    real = instance._START
    false = (
        "import socket, sys; c = socket.socket(fileno=int(sys.argv[1]));"
        'c.sendall(b\'{"event": "ready", "notes": []}\\n\'); c.recv(1 << 20);'
        f"c.sendall({said!r} + b'\\n'); c.recv(1)"
    )
    machines = Machines(tmp_path)
    await machines.isolation()
    monkeypatch.setattr(instance, "_START", false)
    first = await machines.run("i-1", Script("t-1", b"exit 7", 30.0))
    monkeypatch.setattr(instance, "_START", real)
    second = await machines.run("i-1", Script("t-2", b"exit 7", 30.0))
    await machines.close()

    assert (first.ended, second.ended, second.exit_code) == ("interrupted", "finished", 7)
