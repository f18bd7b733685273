"""The API of Function Compute answers as the provider and the official SDK expect."""

import base64
import io
import json
import warnings
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest

from lab.fc import ROLE, FunctionLab, encode
from lab.fc import archive as zipped
from localcloud.errors import ApiError
from localcloud.fc import archive, download
from localcloud.fc.actions import ACTIONS, ROUTES
from localcloud.http import HttpRequest, HttpResponse

models: Any = import_module("alibabacloud_fc20230330.models")
CODE = "def handler(event, context):\n    return 'one'\n"
ARN = "acs:fc:cn-hangzhou:1234567890123456:functions/approve"
HERE = {"functionName": "approve"}


async def code_of(failing: Any) -> tuple[str, int]:
    """Return the code and status of the error that a call ends with."""
    with pytest.raises(ApiError) as failure:
        await failing
    assert "NotFound" not in failure.value.message
    return failure.value.code, failure.value.status


async def test_a_function_is_given_back_complete(lab: FunctionLab) -> None:
    """Every field that was sent comes back, with defaults for the others and none that diffs."""
    sent = {
        "description": "d",
        "environmentVariables": {"BUS": "loop"},
        "logConfig": {"project": "p", "logstore": "s", "enableRequestMetrics": True},
        "timeout": 60,
        "tags": [{"Key": "app", "Value": "loop"}],
    }
    made = await lab.create("approve", CODE, **sent)
    assert await lab.call("GetFunction", HERE) == made
    assert made.pop("functionId")
    size, checksum = made.pop("codeSize"), made.pop("codeChecksum")
    content = zipped(CODE)
    assert (len(content), str(archive.crc64(content))) == (size, checksum)
    assert made == {
        **sent,
        "functionName": "approve",
        "functionArn": ARN,
        "resourceGroupId": "rg-default",
        "handler": "index.handler",
        "runtime": "python3.12",
        "role": ROLE,
        "memorySize": 512,
        "cpu": 0.35,
        "diskSize": 512,
        "instanceConcurrency": 1,
        "internetAccess": True,
        "createdTime": "2026-01-01T00:00:00Z",
        "lastModifiedTime": "2026-01-01T00:00:00Z",
        "state": "Active",
        "lastUpdateStatus": "Successful",
        "tags": [{"tagKey": "app", "tagValue": "loop"}],
    }


async def test_the_official_sdk_knows_every_field(lab: FunctionLab) -> None:
    """No answer has a field that the SDK's own model would drop."""
    made = await lab.create("approve", CODE)
    known = set(models.Function().from_map(made).to_map())
    assert set(made) <= known
    version = cast("dict[str, Any]", await lab.call("PublishFunctionVersion", HERE, {}))
    assert models.Version().from_map(version).to_map() == version
    body = {"aliasName": "live", "versionId": "1"}
    alias = cast("dict[str, Any]", await lab.call("CreateAlias", HERE, body))
    assert models.Alias().from_map(alias).to_map() == alias
    code = cast("dict[str, Any]", await lab.call("GetFunctionCode", HERE))
    assert models.OutputFuncCode().from_map(code).to_map() == code


async def test_an_update_changes_what_it_names_and_runs_at_once(lab: FunctionLab) -> None:
    """Fields that are not named stay; the next call runs the new code with the new variables."""
    await lab.create("approve", CODE, environmentVariables={"A": "1"}, description="d")
    assert (await lab.invoke("approve")).body == b"one"
    lab.clock.advance(60)
    assert lab.fc.pool.count("approve") == 1
    changed = await lab.update(
        "approve",
        handler="other.main",
        runtime="python3.10",
        code={
            "zipFile": encode(
                {"other.py": "import os\ndef main(e, c):\n    return os.environ['A']\n"}
            )
        },
    )
    assert (
        changed["description"], changed["lastModifiedTime"],
    ) == ("d", "2026-01-01T00:01:00Z")  # fmt: skip
    assert lab.fc.pool.count("approve") == 0
    assert (await lab.invoke("approve")).body == b"1"
    await lab.update("approve", environmentVariables={"A": "2"})
    assert (await lab.invoke("approve")).body == b"2"
    assert lab.fc.pool.count("approve") == 1


async def test_functions_survive_a_restart(lab: FunctionLab) -> None:
    """Function, code, version, alias and tags are there again and run."""
    await lab.create("approve", CODE, tags=[{"Key": "a", "Value": "b"}])
    await lab.call("PublishFunctionVersion", HERE, {"description": "v"})
    await lab.call("CreateAlias", HERE, {"aliasName": "live", "versionId": "1"})
    await lab.update("approve", code={"zipFile": encode(CODE.replace("one", "two"))})
    await lab.restart()
    found = cast("dict[str, Any]", await lab.call("GetFunction", HERE))
    assert found["tags"] == [{"tagKey": "a", "tagValue": "b"}]
    for qualifier, result in (("", b"two"), ("1", b"one"), ("live", b"one")):
        assert (await lab.invoke("approve", qualifier=qualifier)).body == result


async def test_a_version_is_the_function_as_it_was(lab: FunctionLab) -> None:
    """A version is read with its own description and keeps its code when the function changes."""
    await lab.create("approve", CODE, description="now", timeout=5)
    lab.clock.advance(1)
    assert await lab.call("PublishFunctionVersion", HERE, {"description": "v1"}) == {
        "versionId": "1",
        "description": "v1",
        "createdTime": "2026-01-01T00:00:01Z",
        "lastModifiedTime": "2026-01-01T00:00:01Z",
    }
    lab.clock.advance(1)
    await lab.update("approve", timeout=9)
    frozen = await lab.call("GetFunction", HERE, params={"qualifier": "1"})
    assert isinstance(frozen, dict)
    assert (
        frozen["description"], frozen["timeout"], frozen["lastModifiedTime"],
    ) == ("v1", 5, "2026-01-01T00:00:01Z")  # fmt: skip
    await lab.call("PublishFunctionVersion", HERE, {})
    await lab.call("DeleteFunctionVersion", {**HERE, "versionId": "2"})
    third = await lab.call("PublishFunctionVersion", HERE, {})
    assert isinstance(third, dict)
    assert third["versionId"] == "3"
    listed = await lab.call("ListFunctionVersions", HERE)
    assert isinstance(listed, dict)
    assert [v["versionId"] for v in listed["versions"]] == ["3", "1"]
    missing = lab.call("GetFunction", HERE, params={"qualifier": "2"})
    assert await code_of(missing) == ("VersionNotFound", 404)
    await lab.call("DeleteFunctionVersion", {**HERE, "versionId": "2"})


async def test_an_alias_can_share_calls_between_versions(lab: FunctionLab) -> None:
    """An alias leads to its version, or for a share of the calls to another one."""
    await lab.create("approve", CODE)
    await lab.call("PublishFunctionVersion", HERE, {})
    await lab.update("approve", code={"zipFile": encode(CODE.replace("one", "two"))})
    await lab.call("PublishFunctionVersion", HERE, {})
    body = {"aliasName": "live", "versionId": "1", "description": "d"}
    await lab.call("CreateAlias", HERE, body)
    assert (await lab.invoke("approve", qualifier="live")).body == b"one"
    there = {**HERE, "aliasName": "live"}
    await lab.call("UpdateAlias", there, {"additionalVersionWeight": {"2": 1.0}})
    assert (await lab.invoke("approve", qualifier="live")).body == b"two"
    in_use = lab.call("DeleteFunctionVersion", {**HERE, "versionId": "2"})
    assert (await code_of(in_use))[1] == 409
    await lab.call("DeleteAlias", there)
    assert await code_of(lab.call("GetAlias", there)) == ("AliasNotFound", 404)
    await lab.call("DeleteFunctionVersion", {**HERE, "versionId": "2"})


async def test_tags_are_changed_by_arn(lab: FunctionLab) -> None:
    """Tags are added, replaced and removed in the forms in which the provider asks for it."""
    await lab.create("approve", CODE, tags=[{"Key": "a", "Value": "1"}])
    body = {
        "ResourceId": [ARN],
        "ResourceType": "function",
        "Tag": [{"Key": "a", "Value": "2"}, {"Key": "c", "Value": "3"}],
    }
    await lab.call("TagResources", body=body)
    params = {"ResourceId": json.dumps([ARN]), "ResourceType": "function"}
    await lab.call("UntagResources", params={**params, "TagKey": '["c"]'})
    listed = await lab.call("ListTagResources", params=params)
    assert isinstance(listed, dict)
    assert [(t["TagKey"], t["TagValue"]) for t in listed["TagResources"]] == [("a", "2")]
    other = lab.call("TagResources", body={**body, "ResourceId": ["acs:fc:x"]})
    assert await code_of(other) == ("InvalidArgument", 400)


async def test_concurrency_is_reserved_and_given_free(lab: FunctionLab) -> None:
    """The limit is read back as it was set; without one the provider sees that there is none."""
    await lab.create("approve", CODE)
    none = ("OnDemandConfigNotFound", 404)
    assert await code_of(lab.call("GetConcurrencyConfig", HERE)) == none
    given = {"functionArn": ARN, "reservedConcurrency": 3}
    sent = {"functionName": "approve", "reservedConcurrency": 3}
    assert await lab.call("PutConcurrencyConfig", HERE, sent) == given
    assert await lab.call("GetConcurrencyConfig", HERE) == given
    refused = lab.call("PutConcurrencyConfig", HERE, {"reservedConcurrency": 0})
    assert await code_of(refused) == ("InvalidArgument", 400)
    await lab.call("DeleteConcurrencyConfig", HERE)
    assert await code_of(lab.call("GetConcurrencyConfig", HERE)) == none


async def test_functions_are_listed_by_name_and_page(lab: FunctionLab) -> None:
    """A list is sorted, cut by prefix and given a page at a time."""
    for name in ("b-2", "a-1", "b-1", "b-3"):
        await lab.create(name, CODE)
    names: list[str] = []
    params = {"prefix": "b-", "limit": "2"}
    while True:
        page = await lab.call("ListFunctions", params=params)
        assert isinstance(page, dict)
        names += [f["functionName"] for f in page["functions"]]
        if "nextToken" not in page:
            break
        params = {**params, "nextToken": page["nextToken"]}
    assert names == ["b-1", "b-2", "b-3"]


async def test_a_deleted_function_leaves_nothing(lab: FunctionLab) -> None:
    """Deleting takes versions, aliases and code along; a second delete is a 404."""
    await lab.create("approve", CODE)
    await lab.call("PublishFunctionVersion", HERE, {})
    await lab.call("CreateAlias", HERE, {"aliasName": "live", "versionId": "1"})
    await lab.update("approve", code={"zipFile": encode(CODE + "\n")})
    await lab.invoke("approve")
    assert await lab.call("DeleteFunction", HERE) is None
    assert lab.store.read("SELECT digest FROM fc_code") == []
    kinds = [row["kind"] for row in lab.store.read("SELECT kind FROM resources")]
    assert (kinds, lab.fc.pool.count("approve")) == ([], 0)
    assert await code_of(lab.call("DeleteFunction", HERE)) == ("FunctionNotFound", 404)
    assert (await lab.invoke("approve")).error_type == "FunctionNotFound"


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"functionName": "1st"}, id="name begins with a digit"),
        pytest.param({"functionName": "x" * 65}, id="name too long"),
        pytest.param({"handler": "handler"}, id="handler without a file"),
        pytest.param({"handler": "../index.handler"}, id="handler outside"),
        pytest.param({"handler": "index.handler()"}, id="handler as call"),
        pytest.param({"runtime": "python2.7"}, id="retired runtime"),
        pytest.param({"runtime": "python3.11"}, id="runtime that never was"),
        pytest.param({"runtime": "nodejs20"}, id="runtime of the real cloud only"),
        pytest.param({"timeout": 0}, id="no time"),
        pytest.param({"timeout": 86_401}, id="too much time"),
        pytest.param({"timeout": "60"}, id="time as text"),
        pytest.param({"timeout": True}, id="time as truth"),
        pytest.param({"memorySize": 64}, id="too little memory"),
        pytest.param({"memorySize": 32_832}, id="too much memory"),
        pytest.param({"memorySize": 200}, id="memory between the steps"),
        pytest.param({"memorySize": 256, "cpu": 0.35}, id="less than 1 GB per vCPU"),
        pytest.param({"memorySize": 2048, "cpu": 0.35}, id="more than 4 GB per vCPU"),
        pytest.param({"cpu": 0.33}, id="vCPU between the steps"),
        pytest.param({"diskSize": 1024}, id="disk size"),
        pytest.param({"environmentVariables": {"1A": "x"}}, id="variable's name"),
        pytest.param({"environmentVariables": {"FC_X": "x"}}, id="reserved variable"),
        pytest.param({"environmentVariables": {"A": 1}}, id="variable as number"),
        pytest.param({"environmentVariables": {"A": "x" * 4096}}, id="4 KB of variables"),
        pytest.param({"role": "runner"}, id="role without ARN"),
        pytest.param({"logConfig": {"project": "p"}}, id="log without store"),
        pytest.param({"layers": ["acs:fc:x"]}, id="layers"),
        pytest.param({"tags": [{"Value": "x"}]}, id="tag without key"),
        pytest.param({"code": {"ossBucketName": "b", "ossObjectName": "o"}}, id="code from OSS"),
        pytest.param({"code": None}, id="no code"),
        pytest.param({"code": {"zipFile": encode(CODE), "checksum": "1"}}, id="checksum"),
    ],
)
async def test_settings_outside_the_limits_are_refused(
    lab: FunctionLab, settings: dict[str, Any]
) -> None:
    """What the cloud or this one does not take is refused when it is made, with its field."""
    body = {
        "functionName": "approve",
        "handler": "index.handler",
        "runtime": "python3.12",
        "code": {"zipFile": encode(CODE)},
        **settings,
    }
    assert await code_of(lab.call("CreateFunction", body=body)) == ("InvalidArgument", 400)
    assert lab.fc.registry.functions() == []


async def test_settings_at_the_limits_are_taken(lab: FunctionLab) -> None:
    """The largest and smallest values that the documentation names are accepted."""
    variables = {"A" * 96: "x" * 4000}
    await lab.create("a", CODE, environmentVariables=variables, timeout=86_400)
    await lab.create("b", CODE, memorySize=32_768, cpu=16)
    await lab.create("c", CODE, memorySize=128)
    await lab.create("d", CODE, memorySize=1024, cpu=0.25, handler="src/index.handler")


async def test_a_refused_environment_does_not_show_its_values(lab: FunctionLab) -> None:
    """Variables may be secrets, so the error names the variable and not what it holds."""
    for variables in ({"FC_X": "s3cret"}, {"A": "s3cret" * 999}, {"A": "s3cret", "B": 5}):
        with pytest.raises(ApiError) as failure:
            await lab.create("approve", CODE, environmentVariables=variables)
        assert "s3cret" not in str(failure.value)


def raw(*names: str, attributes: int = 0) -> str:
    """Return an archive with entries of those names as they are."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened, warnings.catch_warnings():
        # That a name comes twice may be what is tested.
        warnings.simplefilter("ignore", UserWarning)
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = attributes
            opened.writestr(entry, "x")
    return base64.b64encode(content.getvalue()).decode()


def damaged(position: int, value: bytes, of: str = CODE) -> str:
    """Return a good archive with some of its bytes changed; from the end if negative."""
    content = bytearray(zipped(of))
    position %= len(content)
    content[position : position + len(value)] = value
    return base64.b64encode(content).decode()


# Offsets: "ZIP File Format Specification", local file header and central directory.
_CENTRAL = zipped(CODE).index(b"PK\1\2")


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(damaged(40, b"XXXX"), id="another checksum than its content's"),
        pytest.param(damaged(_CENTRAL + 8, b"\1\0"), id="encrypted"),
        pytest.param(damaged(_CENTRAL + 10, b"\x63\0"), id="unknown compression"),
        pytest.param(damaged(_CENTRAL + 10, b"\x0c\0"), id="bzip2"),
        pytest.param(damaged(_CENTRAL + 10, b"\x08\0"), id="deflated, but it is not"),
        pytest.param(damaged(_CENTRAL + 24, b"\xff\xff\0\0"), id="another size"),
        pytest.param(damaged(_CENTRAL + 42, b"\xff\xff\0\0"), id="an entry that is elsewhere"),
        pytest.param(damaged(_CENTRAL, b"XX"), id="no directory"),
        pytest.param(damaged(-6, b"\xff\xff"), id="a directory that is elsewhere"),
        pytest.param(base64.b64encode(zipped(CODE)[:-10]).decode(), id="cut"),
        pytest.param(raw("index.py", "index.py"), id="a name twice"),
        pytest.param(raw("a", "a/b"), id="a file that is a folder"),
        pytest.param(raw("a" * 300), id="a name that no disk takes"),
        pytest.param(raw("a\nb"), id="a name of two lines"),
        pytest.param("AAAA" * 9, id="zeros"),
        pytest.param("not base64!", id="no base64"),
        pytest.param(base64.b64encode(b"no zip").decode(), id="no zip"),
        pytest.param(raw(), id="empty"),
        pytest.param(raw("index.py", "../../etc/cron.d/x"), id="out of the folder"),
        pytest.param(raw("/etc/passwd"), id="absolute"),
        pytest.param(raw("a\\..\\..\\x"), id="backslashes"),
        pytest.param(raw("link", attributes=0o120777 << 16), id="link"),
        pytest.param(raw("device", attributes=0o060600 << 16), id="device"),
    ],
)
async def test_a_harmful_archive_is_refused(lab: FunctionLab, encoded: str) -> None:
    """Nothing that could leave its folder or is no plain file is ever unpacked."""
    body = {
        "functionName": "approve",
        "handler": "index.handler",
        "runtime": "python3.12",
        "code": {"zipFile": encoded},
    }
    assert await code_of(lab.call("CreateFunction", body=body)) == ("InvalidArgument", 400)


def test_an_archive_that_would_fill_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an archive unpacks to is limited, however small it is itself."""
    monkeypatch.setattr(archive, "UNPACKED_LIMIT", 1000)
    with pytest.raises(ApiError):
        archive.parse(encode("#" * 1001))
    archive.parse(encode("#" * 1000))


def test_the_checksum_is_crc_64(tmp_path: Path) -> None:
    """The checksum is CRC-64 as OSS computes it: the check value of its definition."""
    assert archive.crc64(b"123456789") == 0x995DC9BBDF1939FA


async def test_the_code_can_be_fetched_again(lab: FunctionLab) -> None:
    """The URL names the archive by its digest, and the archive is the one that was uploaded."""
    await lab.create("approve", CODE)
    answer = await lab.call("GetFunctionCode", HERE)
    assert isinstance(answer, dict)
    path = answer["url"].removeprefix("http://127.0.0.1:8642")
    found = await download.handle(lab.fc, HttpRequest("GET", "127.0.0.1", path))
    assert (found.status, found.body) == (200, zipped(CODE))
    other = HttpRequest("GET", "127.0.0.1", path[:-1])
    assert (await download.handle(lab.fc, other)).status == 404


async def invoke(lab: FunctionLab, headers: dict[str, str], payload: bytes = b"") -> HttpResponse:
    """Call InvokeFunction."""
    answer = await lab.call("InvokeFunction", HERE, payload, headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


async def test_an_invocation_answers_with_the_clouds_headers(lab: FunctionLab) -> None:
    """The body is the result; headers tell of errors, and on request carry the log's end."""
    code = "def handler(event, context):\n    print('said')\n    return event and 1 / 0\n"
    await lab.create("approve", code)
    answer = await invoke(lab, {"x-fc-log-type": "Tail"})
    assert (answer.status, answer.body) == (200, b"")
    assert "x-fc-error-type" not in answer.headers
    log = base64.b64decode(answer.headers["x-fc-log-result"]).decode()
    assert "FC Invoke Start RequestId: REQUEST\nsaid\nFC Invoke End RequestId: REQUEST" in log
    assert "Memory Size: 512 MB" in log
    failed = await invoke(lab, {}, b"x")
    assert (
        failed.status, failed.headers["x-fc-error-type"],
    ) == (200, "UnhandledInvocationError")  # fmt: skip
    assert json.loads(failed.body)["errorType"] == "ZeroDivisionError"
    assert "x-fc-log-result" not in failed.headers


async def test_an_invocation_can_be_left_for_later(lab: FunctionLab) -> None:
    """Async answers 202 without a body; other types and async tasks are refused."""
    await lab.create("approve", CODE)
    answer = await invoke(lab, {"x-fc-invocation-type": "Async"})
    assert (answer.status, answer.body) == (202, b"")
    await lab.fc.drain()
    assert "FC Invoke End RequestId: REQUEST" in await lab.log("approve")
    for headers in ({"x-fc-invocation-type": "Later"}, {"x-fc-async-task-id": "t"}):
        assert await code_of(invoke(lab, headers)) == ("InvalidArgument", 400)


async def test_an_event_over_the_limit_is_refused(
    lab: FunctionLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A synchronous event over its limit is answered with 413 and does not run."""
    monkeypatch.setattr("localcloud.fc.service.SYNC_PAYLOAD_LIMIT", 10)
    await lab.create("approve", CODE)
    assert (
        (result := await lab.invoke("approve", b"x" * 11)).status, result.error_type,
    ) == (413, "EntityTooLarge")  # fmt: skip
    assert (await lab.invoke("approve", b"x" * 10)).is_success


def test_every_action_has_a_route_and_gaps_are_known() -> None:
    """Each action has a path; paths of actions that are absent here still name them."""
    routed = {action for _, _, action in ROUTES}
    assert set(ACTIONS) <= routed
    assert {"ListInstances"} <= routed - set(ACTIONS)
