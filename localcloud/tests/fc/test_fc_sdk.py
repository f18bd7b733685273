"""The official SDK drives Function Compute through the real server, only its endpoint changed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest

from lab import environment
from lab.fc import encode

models: Any = import_module("alibabacloud_fc20230330.models")
sdk: Any = import_module("alibabacloud_fc20230330.client")
open_api: Any = import_module("alibabacloud_tea_openapi.models")
util: Any = import_module("alibabacloud_tea_util.models")

CODE = """
import json, os
def handler(event, context):
    print("seen", event.decode())
    if event == b"fail":
        raise ValueError("no")
    return {"id": os.environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", ""), "at": context.region}
"""


@dataclass(frozen=True)
class Key:
    """An access key as every release of the SDKs' core asks for it."""

    access_key_id: str
    access_key_secret: str
    security_token: str = ""
    type: str = "access_key"
    provider_name: str = "static_ak"

    def get_credential(self) -> "Key":
        """Return the key itself."""
        return self

    def get_access_key_id(self) -> str:
        """Return the id."""
        return self.access_key_id

    def get_access_key_secret(self) -> str:
        """Return the secret."""
        return self.access_key_secret

    def get_security_token(self) -> str:
        """Return no token: the key is the account's own."""
        return ""

    def get_type(self) -> str:
        """Return the kind of key."""
        return self.type


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return the SDK's client for a local cloud of its own."""
    folder = str(tmp_path_factory.mktemp("cloud"))
    server = subprocess.Popen(
        [sys.executable, "-m", "localcloud", "serve", "--port", "0", "--data", folder],
        stdout=subprocess.PIPE,
        env=environment(),
    )
    try:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        yield sdk.Client(
            open_api.Config(
                credential=Key(ready["access_key_id"], ready["access_key_secret"]),
                endpoint=ready["endpoint"].removeprefix("http://"),
                protocol="http",
            )
        )
    finally:
        server.terminate()
        server.wait(30)


def invoke(client: Any, event: str, **headers: str) -> Any:
    """Invoke the function."""
    return client.invoke_function_with_options(
        "approve",
        models.InvokeFunctionRequest(body=event),
        models.InvokeFunctionHeaders(**headers),
        util.RuntimeOptions(),
    )


def test_the_sdk_makes_runs_and_deletes_a_function(client: Any) -> None:
    """Create, invoke, publish, alias, list, update, tag and delete, as the SDK asks for it."""
    made = client.create_function(
        models.CreateFunctionRequest(
            body=models.CreateFunctionInput(
                function_name="approve",
                handler="index.handler",
                runtime="python3.12",
                code=models.InputCodeLocation(zip_file=encode(CODE)),
                environment_variables={"BUS": "loop"},
                tags=[models.Tag(key="app", value="loop")],
            )
        )
    ).body
    assert (made.function_name, made.memory_size, made.state) == ("approve", 512, "Active")
    answer = invoke(client, "hello", x_fc_log_type="Tail")
    assert json.loads(answer.body.read()) == {"id": "", "at": "cn-hangzhou"}
    assert answer.headers["x-fc-log-result"]
    failed = invoke(client, "fail")
    assert failed.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert invoke(client, "later", x_fc_invocation_type="Async").status_code == 202

    published = client.publish_function_version(
        "approve",
        models.PublishFunctionVersionRequest(body=models.PublishVersionInput(description="v")),
    ).body
    assert published.version_id == "1"
    alias = models.CreateAliasInput(alias_name="live", version_id="1")
    client.create_alias("approve", models.CreateAliasRequest(body=alias))
    listed = client.list_aliases("approve", models.ListAliasesRequest()).body
    assert [a.alias_name for a in listed.aliases] == ["live"]
    client.update_function(
        "approve", models.UpdateFunctionRequest(body=models.UpdateFunctionInput(timeout=9))
    )
    request = models.GetFunctionRequest(qualifier="live")
    assert client.get_function("approve", request).body.timeout == 3
    assert client.get_function("approve", models.GetFunctionRequest()).body.timeout == 9
    functions = client.list_functions(models.ListFunctionsRequest(prefix="app")).body.functions
    assert [f.function_arn for f in functions] == [made.function_arn]
    client.untag_resources(
        models.UntagResourcesRequest(
            resource_id=[made.function_arn], resource_type="function", tag_key=["app"]
        )
    )
    assert not client.get_function("approve", models.GetFunctionRequest()).body.tags
    client.delete_function("approve")
    with pytest.raises(Exception, match="FunctionNotFound"):
        client.get_function("approve", models.GetFunctionRequest())


def test_triggers_and_asynchronous_calls_are_configured(client: Any) -> None:
    """The SDK makes, reads, changes, lists and deletes both."""
    client.create_function(
        models.CreateFunctionRequest(
            body=models.CreateFunctionInput(
                function_name="timed",
                handler="index.handler",
                runtime="python3.12",
                code=models.InputCodeLocation(zip_file=encode(CODE)),
            )
        )
    )
    config = {"cronExpression": "@every 1m", "enable": True, "payload": "timer"}
    made = client.create_trigger(
        "timed",
        models.CreateTriggerRequest(
            body=models.CreateTriggerInput(
                trigger_name="minute",
                trigger_type="timer",
                trigger_config=json.dumps(config),
                qualifier="LATEST",
            )
        ),
    ).body
    assert json.loads(made.trigger_config) == config
    client.update_trigger(
        "timed",
        "minute",
        models.UpdateTriggerRequest(body=models.UpdateTriggerInput(description="each minute")),
    )
    listed = client.list_triggers("timed", models.ListTriggersRequest()).body.triggers
    assert [(t.trigger_name, t.description) for t in listed] == [("minute", "each minute")]
    client.delete_trigger("timed", "minute")
    with pytest.raises(Exception, match="TriggerNotFound"):
        client.get_trigger("timed", "minute")

    body = models.PutAsyncInvokeConfigInput(max_async_retry_attempts=1)
    client.put_async_invoke_config("timed", models.PutAsyncInvokeConfigRequest(body=body))
    request = models.GetAsyncInvokeConfigRequest()
    assert client.get_async_invoke_config("timed", request).body.max_async_retry_attempts == 1
    every = client.list_async_invoke_configs(models.ListAsyncInvokeConfigsRequest()).body.configs
    # A number that was not sent is not answered.
    answered = [(c.max_async_retry_attempts, c.max_async_event_age_in_seconds) for c in every]
    assert answered == [(1, None)]
    client.delete_async_invoke_config("timed", models.DeleteAsyncInvokeConfigRequest())
    with pytest.raises(Exception, match="AsyncConfigNotExists"):
        client.get_async_invoke_config("timed", request)
    client.delete_function("timed")


def test_what_is_absent_is_an_error_with_its_name(client: Any) -> None:
    """An action that the local cloud lacks is never a success."""
    with pytest.raises(Exception, match="ListInstances"):
        client.list_instances("approve", models.ListInstancesRequest())
