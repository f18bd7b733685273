"""The difference between two revisions: what is recorded, compared and said about it."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localcloud.commandline.errors import UserError
from ops import revision
from ops.behaviour import cloud, play, report
from ops.behaviour.command import is_same
from ops.behaviour.difference import KINDS, compare
from ops.behaviour.play import Played
from ops.behaviour.record import OTHERS, Record, gathered, records
from ops.behaviour.samples import Sample, load

ROOT = Path(__file__).parents[4]
EVENTS = ROOT / "tests" / "events"
INVOCATION = "t-" + "0a" * 16
SAMPLE = Sample("a", "an approval", source="dingtalk.approval", body={})


def run(instance: str = "i-1", invocation: str = INVOCATION) -> dict[str, Any]:
    """Return a run as the local cloud lists it."""
    return {
        "invocation": invocation,
        "command": "loop-provision-0123456789ab",
        "instance": instance,
        "parameters": {"emp_id": "E1", "role": "devops", "moment": "1764158400000", "expires": ""},
        "tags": {"provisioning:event": "event-1"},
        "status": "Success",
    }


def event(event_id: str, source: str, rule: str, **data: Any) -> dict[str, Any]:
    """Return an event's way as the local cloud lists it."""
    targets = [{"endpoint": "acs:fc:f", "type": "acs.fc.function", "state": "delivered"}]
    rules = [{"rule": rule, "matched": True, "targets": targets}]
    return {"id": event_id, "source": source, "rules": rules, "event": {"data": data}}


def played(text: str = f"done by {INVOCATION}", chat: str = "ops", **more: Any) -> Played:
    """Return what is known after one approval ran on one instance and was told in a chat."""
    body = {"text": text}
    result = event(
        f"{INVOCATION}:i-1:Success",
        "ecs.provisioning",
        "completed-ops",
        detail={"InvokeId": INVOCATION, "InvocationStatus": "Success", "origin": {"chat": chat}},
        message=body,
    )
    given: dict[str, Any] = {
        "origins": {"a": "event-1"},
        "events": [event("event-1", "dingtalk.approval", "provision"), result],
        "invocations": [run()],
        "messages": [{"chat": chat, "body": body, "text": text}],
        "settled": True,
    }
    return Played(**{**given, **more})


def test_a_record_follows_an_event_to_the_chat() -> None:
    """Rules, run, result and message of an event are found, without ids."""
    found = records([SAMPLE], played())
    assert found["a"] == {
        "taken": "yes",
        "rules": [{"rule": "provision", "targets": ["acs:fc:f: delivered"]}],
        "runs": [
            {
                "command": "loop-provision",
                "script": "0123456789ab",
                "instance": "i-1",
                "parameters": {"emp_id": "E1", "role": "devops"},
                "status": "Success",
            }
        ],
        "results": [
            {
                "status": "Success",
                "reason": "",
                "chat": "ops",
                "rules": [{"rule": "completed-ops", "targets": ["acs:fc:f: delivered"]}],
            }
        ],
        "messages": [{"chat": "ops", "text": "done by <invocation>"}],
    }
    assert found[OTHERS] == {"results": [], "messages": []}


def test_a_message_that_repeats_no_result_is_not_lost() -> None:
    """What a chat shows beyond the results is recorded apart."""
    stray = {"chat": "people", "body": {"text": "other"}, "text": "other"}
    found = records([SAMPLE], played(messages=[stray]))
    assert found[OTHERS]["messages"] == [{"chat": "people", "text": "other"}]


def test_a_refused_event_is_recorded() -> None:
    """What the webhook answered stands for an event that never came to the bus."""
    found = records([SAMPLE], played(origins={"a": "HTTP 403"}, events=[], invocations=[]))
    assert found["a"]["taken"] == "HTTP 403"


BASE: Record = records([SAMPLE], played())["a"]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("taken", {"taken": "HTTP 403"}),
        ("routed", {"rules": []}),
        ("run", {"runs": []}),
        ("command", {"runs": [{**BASE["runs"][0], "command": "loop-deprovision"}]}),
        ("instance", {"runs": [{**BASE["runs"][0], "instance": "i-2"}]}),
        ("script", {"runs": [{**BASE["runs"][0], "script": "ba9876543210"}]}),
        ("parameters", {"runs": [{**BASE["runs"][0], "parameters": {}}]}),
        ("ended", {"results": [{**BASE["results"][0], "status": "Rejected"}]}),
        ("reported", {"results": [{**BASE["results"][0], "rules": []}]}),
        ("told", {"messages": [{**BASE["messages"][0], "chat": "people"}]}),
        ("worded", {"messages": [{**BASE["messages"][0], "text": "other"}]}),
    ],
)
def test_each_way_to_differ_is_counted(kind: str, change: Record) -> None:
    """One change of an event's end is one line of the summary, and no other."""
    found = compare([SAMPLE], {"a": BASE}, {"a": {**BASE, **change}})
    assert found.counts() == {kind: 1}
    text = report.markdown(found)
    assert "**1 of 1 recorded events would end differently.**" in text
    assert f"- 1 of 1 would now {KINDS[kind]}\n" in text


def test_no_difference_is_said() -> None:
    """Two sides that agree give one sentence."""
    found = compare([SAMPLE], {"a": BASE}, {"a": BASE})
    assert report.markdown(found) == "**None of 1 recorded events would end differently.**\n"


def test_a_message_cannot_leave_its_block() -> None:
    """A chat message full of backticks and a name full of markup stay text."""
    sample = Sample("a", "@everyone <b>", source="s")
    text = "```\n</details>"
    other = {**BASE, "messages": [{"chat": "ops", "text": text}]}
    shown = report.markdown(compare([sample], {"a": BASE}, {"a": other}))
    assert "````diff\n" in shown
    assert "<b>" not in shown
    assert "@everyone" not in shown


def test_json_has_counts_and_details() -> None:
    """Programs get the same in JSON."""
    other = {**BASE, "runs": [{**BASE["runs"][0], "instance": "i-2"}]}
    found = json.loads(report.as_json(compare([SAMPLE], {"a": BASE}, {"a": other}), seconds=1.5))
    assert found["counts"] == {"instance": 1}
    assert found["changed"][0]["changes"][0] == {
        "kind": "instance",
        "before": ["i-1"],
        "after": ["i-2"],
    }
    assert found["seconds"] == 1.5


def test_the_recorded_events_can_be_read() -> None:
    """There are at least fourteen, each under its own name."""
    found = load(EVENTS)
    assert len(found) >= 14
    assert len({sample.name for sample in found}) == len(found)


def test_copies_are_requests_of_their_own() -> None:
    """A thousand events from a few have keys and request ids of their own."""
    found = load(EVENTS, 1000)
    assert len({sample.key for sample in found}) == 1000
    ids = [
        s.body["detail"]["request_id"]
        for s in found
        if s.key.startswith("other-chat") and isinstance(s.body, dict)
    ]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("{}", "exactly one of source, bus, command"),
        ('{"source": "a", "bus": "b"}', "exactly one of source, bus, command"),
        ('{"source": "a", "token": 1}', "has token; accepted are"),
    ],
)
def test_a_file_that_is_no_event_is_named(tmp_path: Path, text: str, words: str) -> None:
    """The message says which file, and what belongs in it."""
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UserError, match=words):
        load(tmp_path)


def repository(folder: Path) -> Path:
    """Make a repository with one commit."""
    (folder / "components").mkdir(parents=True)
    (folder / "components" / "a.py").write_text("1\n")
    (folder / "README.md").write_text("1\n")
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "-m", "first"],
    ):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return folder


@pytest.mark.parametrize(
    ("file", "same"),
    [("README.md", True), ("components/a.py", False), ("components/new.py", False)],
)
def test_only_what_decides_is_played(tmp_path: Path, file: str, same: bool) -> None:
    """A change of the documentation costs nothing; one of the program is played."""
    project = repository(tmp_path / "p")
    (project / file).write_text("2\n")
    assert is_same(project, "main") == same


def test_a_revision_is_unpacked_beside_the_checkout(tmp_path: Path) -> None:
    """The base has the committed files; what was changed since is not in it."""
    project = repository(tmp_path / "p")
    (project / "README.md").write_text("2\n")
    revision.unpack(project, revision.commit(project, "main"), tmp_path / "base")
    assert (tmp_path / "base" / "README.md").read_text() == "1\n"


def test_an_unknown_revision_says_what_to_do(tmp_path: Path) -> None:
    """A base that was not fetched is the usual mistake."""
    with pytest.raises(revision.NoRevision, match="is the base fetched"):
        revision.commit(repository(tmp_path / "p"), "v9")


def test_details_have_an_end() -> None:
    """However many events change, the details leave room and no fold stays open."""
    samples = [Sample(str(n), "n" * 50, source="s") for n in range(1000)]
    base = {s.key: BASE for s in samples}
    other = {**BASE, "messages": [{"chat": "ops", "text": "long " * 500}]}
    text = report.markdown(compare(samples, base, dict.fromkeys(base, other)))
    assert len(text) < 21_000
    assert "1000 of 1000 would now be told in other words" in text
    assert " more events" in text
    assert text.count("</details>") == 1
    assert text.count("```") % 2 == 0


def gathered_result(event_id: str, chat: str = "ops", **detail: Any) -> dict[str, Any]:
    """Return a result that waits in the queue of the chats."""
    origin = {"source": "dingtalk.approval", "chat": chat}
    found = {"InvocationStatus": "Rejected", "origin": origin, **detail}
    return event(event_id, "ecs.provisioning", "results", detail=found)


def test_what_a_function_gathers_is_compared_result_by_result() -> None:
    """How many results are in a message depends on the moment; what is said of each does not."""
    known = Sample("a", "an approval", "dingtalk.approval", {"detail": {"request_id": "r-1"}})
    results = [gathered_result("x1", request_id="r-1"), gathered_result("x2", ReasonCode="missing")]
    digest = [{"chat": "ops", "body": {"text": "2 requests"}, "text": "2 requests"}]
    given = played(events=[event("event-1", "dingtalk.approval", "provision"), *results])
    given = replace(given, invocations=[], messages=digest)
    asked = gathered(given, {"ops": {"platform": "lark"}})
    assert [(one["id"], one["platform"]) for one in asked] == [("x1", "lark"), ("x2", "lark")]
    found = records([known], replace(given, words={"x1": "refused", "x2": "is missing"}))
    assert found["a"]["messages"] == [{"chat": "ops", "text": "refused"}]
    # Nothing says which event the second one answers.
    assert [result["reason"] for result in found[OTHERS]["results"]] == ["missing"]
    assert found[OTHERS]["messages"] == [{"chat": "ops", "text": "is missing"}]


def test_a_result_with_a_message_of_its_own_is_not_gathered() -> None:
    """EventBridge delivers it as it is, and so did the version before for every chat."""
    assert gathered(played(), {"ops": {"platform": "dingtalk"}}) == []
    noise = event("n", "ecs.provisioning", "results", detail={"origin": {"chat": "ops"}})
    noise["event"]["type"] = "provisioning:UnauthenticatedRequests"
    assert gathered(played(events=[noise]), {"ops": {"platform": "dingtalk"}}) == []


READY = {
    "endpoint": "http://127.0.0.1:1",
    "access_key_id": "LTAIlocal",
    "access_key_secret": "secret",
    "region": "cn-hangzhou",
    "chats": {},
}


@pytest.mark.parametrize("functions", [{"post-to-chat": "tell"}, {}])
def test_what_gathers_results_begins_after_the_play(
    monkeypatch: pytest.MonkeyPatch, functions: dict[str, str]
) -> None:
    """Its calls are held, and nobody waits for them; a revision without it plays as well."""
    held: list[str] = []

    class Quiet:
        """A local cloud in which only calls of one function are under way."""

        def __init__(self, endpoint: str) -> None:
            assert endpoint == READY["endpoint"]

        def get(self, resource: str, **_: Any) -> Any:
            """Return what is under way, and that nothing happened."""
            calls = dict.fromkeys(functions.values(), 3)
            under_way = {"deliveries": 0, "runs": 0}
            health = {"under_way": under_way, "asynchronous_calls": calls}
            return health if resource == "health" else []

        def post(self, resource: str, body: dict[str, Any]) -> None:
            """Note which function is held."""
            assert (resource, body["delay_seconds"] > 3600) == ("faults", True)
            held.append(body["target"])

    monkeypatch.setattr(play, "Inspector", Quiet)
    given = play.Player(READY, {"functions": functions}).play([], lambda _: None)
    assert given.settled
    assert held == [f"function:{name}" for name in functions.values()]


def test_a_revision_words_its_results_with_its_own_code(tmp_path: Path) -> None:
    """In each of its languages; one that has no such code words nothing here."""
    detail = {"InvocationStatus": "Success", "emp_id": "E1", "role": "devops"}
    asked = [{"id": "x", "detail": detail, "platform": "dingtalk"}]
    text = cloud.worded(ROOT, asked)["x"]
    assert [word for word in ("E1", "devops", "开通成功") if word in text] == [
        "E1",
        "devops",
        "开通成功",
    ]
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions/__init__.py").touch()
    assert cloud.worded(tmp_path, asked) == {}
