"""Projects and log stores answer as the provider expects, and keep their entries."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.base import ROOT, Lab
from localcloud.api import ApiCall
from localcloud.errors import ApiError
from localcloud.http import HttpResponse
from localcloud.sls import service
from localcloud.sls.actions import ACTIONS, PRODUCT, ROUTES
from localcloud.sls.parameters import REFUSED
from localcloud.sls.service import Sls

NOW = 1_767_225_600
LINE = {"chn": False, "caseSensitive": False, "token": [",", " "]}


class SlsLab(Lab):
    """Log Service."""

    def start(self) -> None:
        """Create the service."""
        self.sls = Sls(self.settings, self.environment, self.store, lambda *_: True)

    async def call(
        self,
        action: str,
        project: str = "",
        body: Any = None,
        params: Mapping[str, str] | None = None,
        **path: str,
    ) -> Any:
        """Do an API action as the gateway does."""
        call = ApiCall(
            "sls",
            action,
            ROOT,
            "REQUEST",
            params or {},
            {"project": project, **path},
            body if isinstance(body, bytes) else json.dumps(body or {}).encode(),
        )
        return await self.perform(ACTIONS[action], self.sls, call)

    async def logs(self, **params: str) -> list[dict[str, str]]:
        """Return the entries that GetLogs gives."""
        wanted = {"type": "log", "from": "0", "to": str(2 * NOW), **params}
        answer = await self.call("GetLogs", "loop-logs", params=wanted, logstore="events")
        assert isinstance(answer, HttpResponse)
        entries: list[dict[str, str]] = json.loads(answer.body)
        assert answer.headers["x-log-count"] == str(len(entries))
        return entries


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[SlsLab]:
    """Run a lab for a test."""
    async with SlsLab(tmp_path) as lab:
        yield lab


async def prepare(lab: SlsLab, **settings: Any) -> None:
    """Make a project with a log store."""
    await lab.call("CreateProject", body={"projectName": "loop-logs", "description": "d"})
    body = {"logstoreName": "events", "ttl": 30, "shardCount": 2, **settings}
    await lab.call("CreateLogStore", "loop-logs", body)
    await lab.call("CreateIndex", "loop-logs", {"line": LINE}, logstore="events")


async def test_a_project_lives_as_the_provider_expects(lab: SlsLab) -> None:
    """Create, read, update and delete answer with the fields and empty bodies of the provider."""
    assert (
        await lab.call("CreateProject", body={"projectName": "loop-logs", "description": "d"})
        is None
    )
    assert await lab.call("GetProject", "loop-logs") == {
        "projectName": "loop-logs",
        "description": "d",
        "status": "Normal",
        "owner": "1234567890123456",
        "region": "cn-hangzhou",
        "resourceGroupId": "rg-default",
        "createTime": "2026-01-01 00:00:00",
        "lastModifyTime": "2026-01-01 00:00:00",
    }
    await lab.call("UpdateProject", "loop-logs", {"description": "e"})
    assert (await lab.call("GetProject", "loop-logs"))["description"] == "e"
    assert [p["projectName"] for p in (await lab.call("ListProject"))["projects"]] == ["loop-logs"]
    assert await lab.call("DeleteProject", "loop-logs") is None
    with pytest.raises(ApiError) as failure:
        await lab.call("GetProject", "loop-logs")
    assert (failure.value.code, failure.value.status) == ("ProjectNotExist", 404)


async def test_deleting_what_is_gone_is_no_error(lab: SlsLab) -> None:
    """The provider has no tolerance for a 404 on delete, so a second delete succeeds."""
    await lab.call("DeleteProject", "gone")
    await lab.call("DeleteLogStore", "gone", logstore="events")


async def test_a_policy_comes_back_byte_for_byte(lab: SlsLab) -> None:
    """A policy is kept as text, as re-formatted JSON shows as a change; none is an empty body."""
    await prepare(lab)
    text = b'{ "Version": "1",\n "Statement": [ ] }'
    empty = await lab.call("GetProjectPolicy", "loop-logs")
    assert (empty.status, empty.body) == (200, b"")
    await lab.call("PutProjectPolicy", "loop-logs", text)
    assert (await lab.call("GetProjectPolicy", "loop-logs")).body == text
    with pytest.raises(ApiError):
        await lab.call("PutProjectPolicy", "loop-logs", b"{not json")
    await lab.call("DeleteProjectPolicy", "loop-logs")
    assert (await lab.call("GetProjectPolicy", "loop-logs")).body == b""


async def test_tags_are_added_and_taken_away(lab: SlsLab) -> None:
    """Tags merge with those that are there; removing names some of them."""
    await prepare(lab)
    about = {"resourceType": "PROJECT", "resourceId": ["loop-logs"]}
    for tags in ([{"key": "a", "value": "1"}], [{"key": "b", "value": "2"}]):
        await lab.call("TagResources", body={**about, "tags": tags})
    await lab.call("UntagResources", body={**about, "tags": ["a"]})
    params = {"resourceType": "PROJECT", "resourceId": '["loop-logs"]'}
    answer = await lab.call("ListTagResources", params=params)
    assert [(t["tagKey"], t["tagValue"]) for t in answer["tagResources"]] == [("b", "2")]


async def test_a_log_store_echoes_what_was_sent(lab: SlsLab) -> None:
    """A log store gives back its settings, its way of payment and its shards."""
    await prepare(lab, appendMeta=True)
    store = await lab.call("GetLogStore", "loop-logs", logstore="events")
    assert store == {
        "logstoreName": "events",
        "ttl": 30,
        "shardCount": 2,
        "appendMeta": True,
        "mode": "standard",
        "createTime": NOW,
        "lastModifyTime": NOW,
    }
    await lab.call(
        "UpdateLogStore",
        "loop-logs",
        {"ttl": 60, "maxSplitShard": 8, "mode": "standard", "appendMeta": True},
        logstore="events",
    )
    changed = await lab.call("GetLogStore", "loop-logs", logstore="events")
    assert tuple(changed[k] for k in ("ttl", "maxSplitShard", "shardCount")) == (60, 8, 2)
    mode = await lab.call("GetLogStoreMeteringMode", "loop-logs", logstore="events")
    assert mode == {"meteringMode": "ChargeByFunction"}
    shards = await lab.call("ListShards", "loop-logs", logstore="events")
    assert [(s["inclusiveBeginKey"], s["exclusiveEndKey"]) for s in shards] == [
        ("0" * 32, "8" + "0" * 31),
        ("8" + "0" * 31, "f" * 32),
    ]


async def test_an_update_of_a_log_store_replaces_its_settings(lab: SlsLab) -> None:
    """What an update leaves out has its default again; what it cannot change stays."""
    tiers = {"ttl": 120, "hot_ttl": 7, "infrequentAccessTTL": 65}
    await prepare(lab, **tiers, mode="query", appendMeta=True, autoSplit=True, maxSplitShard=8)
    await lab.call("UpdateLogStore", "loop-logs", {"ttl": 60, "shardCount": 9}, logstore="events")
    store = await lab.call("GetLogStore", "loop-logs", logstore="events")
    assert store == {
        "logstoreName": "events",
        "ttl": 60,
        "shardCount": 2,
        "mode": "query",
        "createTime": NOW,
        "lastModifyTime": NOW,
    }


@pytest.mark.parametrize(
    "settings", [{}, {"ttl": 30, "hot_ttl": 6}, {"ttl": 30, "hot_ttl": 31}, {"ttl": 0}]
)
async def test_an_update_of_a_log_store_is_checked(lab: SlsLab, settings: dict[str, int]) -> None:
    """The retention is required, and what is kept hot is a part of it ("UpdateLogStore")."""
    await prepare(lab)
    with pytest.raises(ApiError, match="ttl"):
        await lab.call("UpdateLogStore", "loop-logs", settings, logstore="events")


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("CreateProject", {"projectName": "Upper"}, "ParameterInvalid"),
        ("CreateProject", {"projectName": "loop-logs"}, "ProjectAlreadyExist"),
        ("CreateLogStore", {"logstoreName": "x!"}, "ParameterInvalid"),
        ("CreateLogStore", {"logstoreName": "events"}, "LogStoreAlreadyExist"),
        ("CreateLogStore", {"logstoreName": "other", "ttl": 0}, "ParameterInvalid"),
        ("CreateLogStore", {"logstoreName": "other", "shardCount": 101}, "ParameterInvalid"),
        ("CreateLogStore", b"[]", "PostBodyInvalid"),
    ],
)
async def test_wrong_requests_have_the_clouds_codes(
    lab: SlsLab, action: str, body: Any, code: str
) -> None:
    """Names, numbers and repeats that the cloud refuses are refused with its code."""
    await prepare(lab)
    with pytest.raises(ApiError) as failure:
        await lab.call(action, "" if action == "CreateProject" else "loop-logs", body)
    assert failure.value.code == code


async def test_entries_are_found_by_time_topic_and_words(lab: SlsLab) -> None:
    """GetLogs gives the entries of a range, in order or reversed, a page at a time."""
    await prepare(lab)
    for number in range(5):
        entry = {"message": f"line {number}", "level": "WARN" if number % 2 else "INFO"}
        lab.sls.append("loop-logs", "events", [entry], f"topic-{number % 2}", now=NOW + number)
    assert await lab.logs(line="1") == [
        {
            "__time__": str(NOW),
            "__topic__": "topic-0",
            "__source__": "",
            "message": "line 0",
            "level": "INFO",
        }
    ]
    texts = [e["message"] for e in await lab.logs(query="level: warn")]
    assert texts == ["line 1", "line 3"]
    texts = [e["message"] for e in await lab.logs(topic="topic-0", offset="1", line="1")]
    assert texts == ["line 2"]
    texts = [e["message"] for e in await lab.logs(reverse="true", line="2")]
    assert texts == ["line 4", "line 3"]
    between = await lab.logs(**{"from": str(NOW + 1), "to": str(NOW + 3)})
    assert [e["message"] for e in between] == ["line 1", "line 2"]
    with pytest.raises(ApiError) as failure:
        await lab.logs(**{"from": "5", "to": "5"})
    assert failure.value.code == "ParameterInvalid"


async def test_both_versions_of_a_search_find_the_same(lab: SlsLab) -> None:
    """The second has its parameters in a body, and says what became of the search."""
    await prepare(lab)
    for number in range(3):
        lab.sls.append("loop-logs", "events", [{"message": f"line {number}"}], now=NOW + number)
    body = {"from": NOW, "to": NOW + 9, "query": "line", "reverse": True, "line": 2}
    answer = await lab.call("GetLogsV2", "loop-logs", body, logstore="events")
    assert answer == {
        "meta": {"progress": "Complete", "count": 2, "hasSQL": False},
        "data": await lab.logs(query="line", reverse="true", line="2"),
    }
    with pytest.raises(ApiError) as failure:
        await lab.call("GetLogsV2", "loop-logs", {"from": 5, "to": 5}, logstore="events")
    assert failure.value.code == "ParameterInvalid"


@pytest.mark.parametrize(
    ("action", "name"),
    [(action, name) for action, names in REFUSED.items() for name in names],
)
async def test_a_field_on_which_nothing_acts_is_refused(
    lab: SlsLab, action: str, name: str
) -> None:
    """Where it says something; what is empty or false says nothing. Queries are for the gateway."""
    if action.startswith(("List", "GetLogs")) and action != "GetLogsV2":
        assert set(REFUSED[action]) <= set(PRODUCT.refused[action])
        return
    await prepare(lab)
    known = {"projectName": "another", "logstoreName": "others", "from": 0, "to": 1, "line": LINE}
    if action == "GetLogsV2":
        del known["line"]
    with pytest.raises(ApiError, match=f"{name} is") as failure:
        await lab.call(action, "loop-logs", {**known, name: "yes"}, logstore="events")
    assert failure.value.code == "ParameterInvalid"
    if action.startswith("Create") and action != "CreateIndex":
        known |= {"ttl": 30, "shardCount": 2}
        assert await lab.call(action, "loop-logs", {**known, name: ""}) is None


async def test_a_long_store_is_searched_to_its_end(lab: SlsLab) -> None:
    """An entry behind thousands of others that do not match is found."""
    await prepare(lab)
    entries = [{"message": "hay"}] * 2500 + [{"message": "needle"}] + [{"message": "hay"}] * 9
    lab.sls.append("loop-logs", "events", entries)
    assert [e["message"] for e in await lab.logs(query="needle")] == ["needle"]


async def test_entries_survive_a_restart_and_go_with_their_store(lab: SlsLab) -> None:
    """What was flushed is there again; a store that is made anew begins empty."""
    await prepare(lab)
    lab.sls.append("loop-logs", "events", [{"message": "kept"}])
    await lab.store.flush()
    await lab.restart()
    assert [e["message"] for e in await lab.logs()] == ["kept"]
    await lab.call("DeleteProject", "loop-logs")
    await prepare(lab)
    assert await lab.logs() == []


async def test_entries_past_their_retention_are_gone(lab: SlsLab) -> None:
    """Old entries are not given any more, and are deleted when the store is pruned."""
    await prepare(lab, ttl=1)
    lab.sls.append("loop-logs", "events", [{"message": "old"}])
    lab.clock.advance(86_401)
    lab.sls.append("loop-logs", "events", [{"message": "new"}])
    assert [e["message"] for e in await lab.logs()] == ["new"]
    lab.sls.prune("loop-logs", "events")
    await lab.store.flush()
    assert len(lab.store.read("SELECT id FROM sls_entries")) == 1


async def test_a_store_is_bounded(lab: SlsLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the retention, a store keeps only its newest entries."""
    monkeypatch.setattr(service, "KEPT_ENTRIES", 10)
    monkeypatch.setattr(service, "_PRUNE_EVERY", 5)
    await prepare(lab, ttl=3650)
    for number in range(30):
        lab.sls.append("loop-logs", "events", [{"message": str(number)}])
    texts = [e["message"] for e in await lab.logs()]
    assert texts == [str(n) for n in range(20, 30)]


async def test_appending_to_a_missing_store_fails(lab: SlsLab) -> None:
    """Entries for a store that is not there are an error for the one who writes them."""
    await lab.call("CreateProject", body={"projectName": "loop-logs"})
    for project, code in (("loop-logs", "LogStoreNotExist"), ("gone", "ProjectNotExist")):
        with pytest.raises(ApiError) as failure:
            lab.sls.append(project, "missing", [{"a": "b"}])
        assert failure.value.code == code


def test_every_action_has_a_route() -> None:
    """An action that no path leads to could never be called."""
    # These share a path with GetLogStore and GetProject; the wire style tells them apart.
    assert set(ACTIONS) - {"GetLogs", "ListProject"} <= {action for _, _, action in ROUTES}


async def test_a_store_without_an_index_cannot_be_searched(lab: SlsLab) -> None:
    """What is written before there is an index is never found."""
    await prepare(lab)
    await lab.call("DeleteIndex", "loop-logs", logstore="events")
    lab.sls.append("loop-logs", "events", [{"content": "before"}])
    with pytest.raises(ApiError) as failure:
        await lab.logs()
    assert (failure.value.code, failure.value.status) == ("IndexConfigNotExist", 400)
    lab.clock.advance(1)
    await lab.call("CreateIndex", "loop-logs", {"line": LINE}, logstore="events")
    lab.sls.append("loop-logs", "events", [{"content": "after"}])
    assert [entry["content"] for entry in await lab.logs()] == ["after"]


async def test_an_index_of_all_text_has_both_lists_of_keys(lab: SlsLab) -> None:
    """The provider sees a change where one is missing, or a default that it did not send."""
    await prepare(lab)
    found = await lab.call("GetIndex", "loop-logs", logstore="events")
    assert found["line"] == {"include_keys": [], "exclude_keys": [], **LINE}
    assert "max_text_len" not in found


async def test_an_index_comes_back_as_it_was_sent(lab: SlsLab) -> None:
    """The provider compares the keys as JSON; an update replaces the whole index."""
    await prepare(lab)
    keys = {"content": {"type": "json", "token": [" "], "json_keys": {"a.b": {"type": "long"}}}}
    sent = {"keys": keys, "max_text_len": 16_384}
    await lab.call("UpdateIndex", "loop-logs", sent, logstore="events")
    found = await lab.call("GetIndex", "loop-logs", logstore="events")
    assert found == {"index_mode": "v2", "storage": "pg", "ttl": 30, **sent}
    with pytest.raises(ApiError) as failure:
        await lab.call("CreateIndex", "loop-logs", sent, logstore="events")
    assert failure.value.code == "IndexAlreadyExist"
    await lab.call("DeleteIndex", "loop-logs", logstore="events")
    for action in ("GetIndex", "DeleteIndex"):
        with pytest.raises(ApiError) as failure:
            await lab.call(action, "loop-logs", logstore="events")
        assert (failure.value.code, failure.value.status) == ("IndexConfigNotExist", 404)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "neither line nor keys"),
        ({"line": {**LINE, "token": []}}, "line needs token"),
        ({"line": {**LINE, "include_keys": ["a"], "exclude_keys": ["b"]}}, "both include_keys"),
        ({"keys": []}, "neither line nor keys"),
        ({"keys": ["content"]}, "keys must be an object"),
        ({"keys": {"content": {"type": "blob"}}}, "the type of content"),
        ({"keys": {"content": {"type": "json"}}}, "content needs token"),
        ({"keys": {"c": {"type": "json", "token": [" "], "json_keys": {"a": 1}}}}, "type of c.a"),
        ({"line": LINE, "max_text_len": 63}, "max_text_len"),
        ({"line": LINE, "colour": "red"}, "'colour' is unknown"),
    ],
)
async def test_an_index_that_cannot_be_is_refused(
    lab: SlsLab, given: dict[str, Any], problem: str
) -> None:
    """The error says what is wrong with it."""
    await prepare(lab)
    with pytest.raises(ApiError, match=problem) as failure:
        await lab.call("UpdateIndex", "loop-logs", given, logstore="events")
    assert (failure.value.code, failure.value.status) == ("IndexInfoInvalid", 400)
