"""The official SDK for ECS works against the actions, wire names and all."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi import models as open_api
from alibabacloud_tea_openapi.exceptions import ClientException

from lab.ecs import EcsLab, encoded
from localcloud.ecs.actions import ACTIONS
from localcloud.errors import ApiError

REGION = "cn-hangzhou"


class Reply:
    """An HTTP answer as the SDK's core hands it on."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status_code = status
        self.headers = {"content-type": "application/json"}
        self.body = io.BytesIO(json.dumps(body).encode())


class ThreadedClient:
    """The SDK's client, each call of which blocks a thread and not the event loop."""

    def __init__(self) -> None:
        config = open_api.Config(access_key_id="a", access_key_secret="b", protocol="HTTP")
        config.endpoint = "127.0.0.1:1"
        self._client = Client(config)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        return partial(asyncio.to_thread, getattr(self._client, name))


@pytest.fixture
async def client(lab: EcsLab, monkeypatch: pytest.MonkeyPatch) -> ThreadedClient:
    """Return the SDK's client, whose requests are answered by the lab."""
    loop = asyncio.get_running_loop()

    def do_action(request: Any, _runtime: Any = None) -> Reply:
        body = request.body.read() if hasattr(request.body, "read") else request.body
        body = body.decode() if isinstance(body, bytes) else body or ""
        params = {**request.query, **dict(parse_qsl(body, keep_blank_values=True))}
        action = request.headers["x-acs-action"]
        call = replace(lab.request(action), params={k: str(v) for k, v in params.items()})
        answer = lab.perform(ACTIONS[action], lab.ecs, call)
        try:
            found = asyncio.run_coroutine_threadsafe(answer, loop).result(20)
        except ApiError as error:
            text = {"Code": error.code, "Message": error.message, "RequestId": "r"}
            return Reply(error.status, text)
        return Reply(200, {"RequestId": "r", **found})

    monkeypatch.setattr("darabonba.core.DaraCore.do_action", do_action)
    return ThreadedClient()


async def test_command_is_made_run_and_looked_at(lab: EcsLab, client: ThreadedClient) -> None:
    """From CreateCommand to the output of the run, with the SDK's own names of fields."""
    made = (
        await client.create_command(
            models.CreateCommandRequest(
                region_id=REGION,
                name="provision",
                type="RunShellScript",
                command_content=encoded("echo {{name}}"),
                enable_parameter=True,
                timeout=60,
                tag=[models.CreateCommandRequestTag(key="app", value="loop")],
            )
        )
    ).body
    listed = (
        await client.describe_commands(
            models.DescribeCommandsRequest(region_id=REGION, command_id=made.command_id)
        )
    ).body.commands.command
    assert [(c.name, c.timeout, c.enable_parameter) for c in listed] == [("provision", 60, True)]
    assert listed[0].parameter_names.parameter_name == ["name"]
    assert listed[0].tags.tag[0].tag_key == "app"

    invoked = (
        await client.invoke_command(
            models.InvokeCommandRequest(
                region_id=REGION,
                command_id=made.command_id,
                instance_id=["i-local0001", "i-local0002"],
                parameters={"name": "Jack"},
                tag=[models.InvokeCommandRequestTag(key="request", value="r1")],
                client_token="token",
            )
        )
    ).body
    await lab.ecs.drain()
    found = (
        await client.describe_invocations(
            models.DescribeInvocationsRequest(
                region_id=REGION,
                tag=[models.DescribeInvocationsRequestTag(key="request", value="r1")],
            )
        )
    ).body
    (invocation,) = found.invocations.invocation
    assert invocation.invoke_id == invoked.invoke_id
    assert invocation.invocation_status == "Success"
    runs = invocation.invoke_instances.invoke_instance
    assert [(run.instance_id, run.exit_code) for run in runs] == [
        ("i-local0001", 0),
        ("i-local0002", 0),
    ]
    assert (invocation.tags.tag[0].tag_key, invocation.tags.tag[0].tag_value) == (
        "request",
        "r1",
    )
    results = (
        await client.describe_invocation_results(
            models.DescribeInvocationResultsRequest(region_id=REGION, invoke_id=invoked.invoke_id)
        )
    ).body.invocation.invocation_results.invocation_result
    assert [result.output for result in results] == [encoded("done\n")] * 2


async def test_script_is_run_stopped_and_described(client: ThreadedClient) -> None:
    """RunCommand, StopInvocation and what describes instances speak the SDK's language."""
    run = (
        await client.run_command(
            models.RunCommandRequest(
                region_id=REGION,
                type="RunShellScript",
                command_content=encoded("id"),
                resource_tag=[models.RunCommandRequestResourceTag(key="role", value="db")],
            )
        )
    ).body
    await client.stop_invocation(
        models.StopInvocationRequest(region_id=REGION, invoke_id=run.invoke_id)
    )
    instances = (
        await client.describe_instances(
            models.DescribeInstancesRequest(region_id=REGION, instance_ids='["i-local0002"]')
        )
    ).body.instances.instance
    assert instances[0].vpc_attributes.private_ip_address.ip_address == ["10.0.0.3"]
    status = (
        await client.describe_cloud_assistant_status(
            models.DescribeCloudAssistantStatusRequest(
                region_id=REGION, instance_id=["i-local0002"]
            )
        )
    ).body.instance_cloud_assistant_status_set.instance_cloud_assistant_status
    assert [(s.instance_id, s.cloud_assistant_status) for s in status] == [("i-local0002", "true")]
    await client.tag_resources(
        models.TagResourcesRequest(
            region_id=REGION,
            resource_type="invocation",
            resource_id=[run.invoke_id],
            tag=[models.TagResourcesRequestTag(key="k", value="v")],
        )
    )
    tagged = (
        await client.list_tag_resources(
            models.ListTagResourcesRequest(
                region_id=REGION, resource_type="invocation", resource_id=[run.invoke_id]
            )
        )
    ).body.tag_resources.tag_resource
    assert [(t.tag_key, t.tag_value) for t in tagged] == [("k", "v")]


async def test_refusal_is_an_exception_with_the_cloud_s_code(client: ThreadedClient) -> None:
    """An error reaches the SDK's caller with its code."""
    with pytest.raises(ClientException) as caught:
        await client.delete_command(
            models.DeleteCommandRequest(region_id=REGION, command_id="c-none")
        )
    assert caught.value.code == "InvalidCmdId.NotFound"


@pytest.mark.parametrize(
    ("model", "action", "params"),
    [
        (models.DescribeCommandsResponseBody, "DescribeCommands", {}),
        (models.DescribeInvocationsResponseBody, "DescribeInvocations", {}),
        (models.DescribeInvocationResultsResponseBody, "DescribeInvocationResults", {}),
        (models.DescribeInstancesResponseBody, "DescribeInstances", {}),
        (models.DescribeInstanceRamRoleResponseBody, "DescribeInstanceRamRole", {}),
        (models.DescribeRegionsResponseBody, "DescribeRegions", {}),
        (
            models.DescribeCloudAssistantStatusResponseBody,
            "DescribeCloudAssistantStatus",
            {"InstanceId_1": "i-local0001"},
        ),
        (models.ListTagResourcesResponseBody, "ListTagResources", {"ResourceType": "command"}),
    ],
)
async def test_every_field_of_an_answer_is_one_that_the_cloud_has(
    lab: EcsLab, model: Any, action: str, params: dict[str, str]
) -> None:
    """No answer has a field that the official model does not know."""
    command_id = await lab.create("x", Tag_1_Key="k", Tag_1_Value="v")
    await lab.invoke(command_id, Tag_1_Key="k", Tag_1_Value="v")
    await lab.ecs.drain()
    answer = await lab.call(action, **params)
    known = model().from_map(answer).to_map()
    assert without_nothing(known) == without_nothing(answer)


def without_nothing(value: Any) -> Any:
    """Leave out what is null: the models write fields that were not given."""
    if isinstance(value, dict):
        return {key: without_nothing(v) for key, v in value.items() if v is not None}
    return [without_nothing(v) for v in value] if isinstance(value, list) else value
