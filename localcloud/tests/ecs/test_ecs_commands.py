"""Cloud Assistant commands: what is kept, what is refused and with which code."""

from typing import Any

import pytest

from lab.ecs import EcsLab, encoded
from localcloud.ecs.commands import CONTENT_LIMIT_BYTES, fill, placeholders
from localcloud.errors import ApiError


async def refusal(lab: EcsLab, action: str, **params: Any) -> tuple[str, int]:
    """Return the code and HTTP status with which a request is refused."""
    with pytest.raises(ApiError) as caught:
        await lab.call(action, **params)
    return caught.value.code, caught.value.status


async def test_created_command_is_listed_as_it_was_sent(lab: EcsLab) -> None:
    """DescribeCommands gives a command's fields unchanged, right after its creation."""
    command_id = await lab.create(
        "echo {{ name }} {{role}} {{ACS::InstanceId}} {{NAME}}",
        Description="d",
        Timeout=300,
        WorkingDir="/root",
        Tag_1_Key="app",
        Tag_1_Value="loop",
    )
    answer = await lab.call("DescribeCommands", CommandId=command_id)
    (command,) = answer["Commands"]["Command"]
    assert command == {
        "CommandId": command_id,
        "Name": "provision",
        "Type": "RunShellScript",
        "CommandContent": encoded("echo {{ name }} {{role}} {{ACS::InstanceId}} {{NAME}}"),
        "Description": "d",
        "Timeout": 300,
        "WorkingDir": "/root",
        "EnableParameter": True,
        "ParameterNames": {"ParameterName": ["name", "role"]},
        "InvokeTimes": 0,
        "CreationTime": "2026-01-01T00:00:00Z",
        "Tags": {"Tag": [{"TagKey": "app", "TagValue": "loop"}]},
    }


async def test_deleted_command_is_an_empty_list(lab: EcsLab) -> None:
    """A command that is gone is an empty list with success, and deleting it again is refused."""
    command_id = await lab.create()
    await lab.call("DeleteCommand", CommandId=command_id)
    answer = await lab.call("DescribeCommands", CommandId=command_id)
    assert answer["Commands"]["Command"] == []
    found = await refusal(lab, "DeleteCommand", CommandId=command_id)
    assert found == ("InvalidCmdId.NotFound", 404)


async def test_ids_are_never_used_again(lab: EcsLab) -> None:
    """A command that is created anew has another id."""
    first = await lab.create()
    await lab.call("DeleteCommand", CommandId=first)
    assert first != await lab.create()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"RegionId": ""}, ("MissingRegionId", 400), id="no-region"),
        pytest.param({"RegionId": "mars"}, ("InvalidRegionId.NotFound", 404), id="region"),
        pytest.param({"Name": ""}, ("MissingName", 400), id="no-name"),
        pytest.param({"Name": "n" * 129}, ("CmdName.ExceedLimit", 403), id="long-name"),
        pytest.param({"Description": "d" * 513}, ("CmdDesc.ExceedLimit", 403), id="description"),
        pytest.param({"Type": "RunPython"}, ("InvalidCmdType.NotFound", 404), id="type"),
        pytest.param({"CommandContent": ""}, ("MissingCommandContent", 400), id="no-content"),
        pytest.param({"CommandContent": "%%"}, ("CmdContent.DecodeError", 400), id="no-base64"),
        pytest.param(
            {"CommandContent": encoded("x" * CONTENT_LIMIT_BYTES)},
            ("CmdContent.ExceedLimit", 403),
            id="18-kb",
        ),
        pytest.param({"Timeout": 9}, ("InvalidTimeout.ExceedLimit", 403), id="short-timeout"),
        pytest.param({"Timeout": 86_401}, ("InvalidTimeout.ExceedLimit", 403), id="long-timeout"),
        pytest.param({"Timeout": "soon"}, ("InvalidParameter.Timeout", 400), id="timeout"),
        pytest.param({"WorkingDir": "/" * 201}, ("InvalidParameter.WorkingDir", 400), id="folder"),
        pytest.param(
            {"EnableParameter": "1"}, ("InvalidParameter.EnableParameter", 400), id="flag"
        ),
        pytest.param(
            {"CommandContent": encoded("{{ }}")}, ("CmdParam.EmptyKey", 400), id="empty-parameter"
        ),
        pytest.param(
            {"CommandContent": encoded("{{a.b}}")}, ("CmdParam.InvalidParamName", 400), id="name"
        ),
        pytest.param(
            {"CommandContent": encoded("{{ACS::Password}}")},
            ("CmdParam.InvalidParamName", 400),
            id="unknown-built-in",
        ),
        pytest.param(
            {"CommandContent": encoded("{{" + "n" * 65 + "}}")},
            ("CmdParamName.ExceedLimit", 403),
            id="long-parameter",
        ),
        pytest.param(
            {"CommandContent": encoded(" ".join(f"{{{{p{n}}}}}" for n in range(21)))},
            ("CmdParamCount.ExceedLimit", 403),
            id="21-parameters",
        ),
        pytest.param({"Tag_1_Key": "acs:x"}, ("InvalidTagKey.Malformed", 400), id="tag-key"),
        pytest.param(
            {"Tag_1_Key": "k", "Tag_1_Value": "http://x"},
            ("InvalidTagValue.Malformed", 400),
            id="tag-value",
        ),
        pytest.param(
            {f"Tag_{n}_Key": f"k{n}" for n in range(1, 22)},
            ("NumberExceed.Tags", 400),
            id="21-tags",
        ),
    ],
)
async def test_command_outside_the_limits_is_refused(
    lab: EcsLab, changed: dict[str, Any], expected: Any
) -> None:
    """Each limit of CreateCommand has its own code, and nothing is kept."""
    given = {
        "Name": "n",
        "Type": "RunShellScript",
        "CommandContent": encoded("echo {{name}}"),
        "EnableParameter": True,
        **changed,
    }
    assert await refusal(lab, "CreateCommand", **given) == expected
    assert len(lab.ecs.commands) == 0


async def test_largest_command_is_accepted(lab: EcsLab) -> None:
    """A command of exactly 24 KB of Base64 is kept."""
    text = "x" * (CONTENT_LIMIT_BYTES // 4 * 3)
    assert len(encoded(text)) == CONTENT_LIMIT_BYTES
    await lab.create(text)


async def test_region_holds_so_many_commands(lab: EcsLab) -> None:
    """The 501st command of a region is refused."""
    for _ in range(500):
        await lab.create()
    given = {"Name": "n", "Type": "RunShellScript", "CommandContent": encoded("x")}
    assert await refusal(lab, "CreateCommand", **given) == ("CmdCount.ExceedQuota", 403)


async def test_commands_are_found_by_name_prefix_and_tag(lab: EcsLab) -> None:
    """DescribeCommands narrows by a name with a star, by a whole name, and by tags."""
    await lab.create(Name="loop-a", Tag_1_Key="app", Tag_1_Value="loop")
    await lab.create(Name="loop-b")

    async def names(**params: Any) -> list[str]:
        answer = await lab.call("DescribeCommands", **params)
        return sorted(command["Name"] for command in answer["Commands"]["Command"])

    assert await names(Name="loop-*") == ["loop-a", "loop-b"]
    assert await names(Name="loop-") == []
    assert await names(Tag_1_Key="app", Tag_1_Value="loop") == ["loop-a"]
    assert await names(Type="RunBatScript") == []
    assert await names(Provider="AlibabaCloud") == []


@pytest.mark.parametrize("by_token", [True, False])
async def test_pages_hold_every_command_once(lab: EcsLab, by_token: bool) -> None:
    """Both ways of paging lead through all commands, newest first."""
    for number in range(7):
        lab.clock.advance(1)
        await lab.create(Name=f"n{number}")
    seen, token = [], ""
    for number in range(1, 5):
        page: dict[str, int | str] = {"PageNumber": number, "PageSize": 3}
        if by_token:
            page = {"MaxResults": 3, **({"NextToken": token} if token else {})}
        answer = await lab.call("DescribeCommands", **page)
        assert answer["TotalCount"] == 7
        seen += [command["Name"] for command in answer["Commands"]["Command"]]
        token = answer["NextToken"]
        if by_token and not token:
            break
    assert seen == [f"n{number}" for number in range(6, -1, -1)]


async def test_modified_command_keeps_its_content(lab: EcsLab) -> None:
    """ModifyCommand changes name, description, timeout and folder, never the script."""
    command_id = await lab.create("echo old")
    await lab.call(
        "ModifyCommand", CommandId=command_id, Name="new", Timeout=90,
        CommandContent=encoded("echo new"), Description="d", WorkingDir="/tmp",
    )  # fmt: skip
    command = lab.ecs.command(command_id)
    assert (command.name, command.timeout_seconds, command.text) == ("new", 90, "echo old")
    assert (command.description, command.working_dir) == ("d", "/tmp")


async def test_plain_content_is_encoded_and_given_back_plain(lab: EcsLab) -> None:
    """With ContentEncoding PlainText a script travels as it is, both ways."""
    command_id = await lab.create("", CommandContent="echo 你好", ContentEncoding="PlainText")
    answer = await lab.call("DescribeCommands", ContentEncoding="PlainText")
    assert answer["Commands"]["Command"][0]["CommandContent"] == "echo 你好"
    assert lab.ecs.command(command_id).content == encoded("echo 你好")


def test_placeholders_are_filled_once_and_literally() -> None:
    """A value that looks like a placeholder, a shell word or a group stays what it is."""
    filled = fill(
        "a={{ A }} b={{b}} i={{ACS::InstanceId}} c={{c}}",
        {"a": "{{b}}", "B": r"\1 $(x)"},
        {"InstanceId": "i-1"},
    )
    assert filled == r"a={{b}} b=\1 $(x) i=i-1 c={{c}}"


def test_placeholder_may_stand_on_lines_of_its_own() -> None:
    """Spaces and line breaks within the braces do not belong to the name."""
    assert placeholders("{{\n emp_id\n}} {{Emp_ID}}") == ["emp_id"]
