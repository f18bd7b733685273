"""Alibaba's own Python SDKs drive a running local cloud; nothing but the endpoint is changed."""

import base64
import io
import json
import urllib.request
from typing import Any

import pytest
from alibabacloud_ecs20140526 import models as ecs
from alibabacloud_eventbridge import models as events
from alibabacloud_eventbridge20200401 import models as eventbridge
from alibabacloud_fc20230330 import models as fc
from alibabacloud_mns_open20220119 import models as mns_open
from alibabacloud_ram20150501 import models as ram
from alibabacloud_sts20150401 import models as sts
from alibabacloud_tea_util.models import RuntimeOptions
from mns.mns_exception import MNSServerException
from mns.queue import Message

from lab.running_cloud import RunningCloud
from lab.sdks import Key, Sdks, archive, encoded, policy, sdks_of
from lab.waiting import wait_for

# The data plane's SDK calls what its own dependency calls old.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")

REGION, ACCOUNT = "cn-hangzhou", "1234567890123456"
ONE_INSTANCE = "i-local0001"


def test_an_event_goes_from_the_data_plane_through_a_rule_into_a_queue(sdks: Sdks) -> None:
    """What one SDK publishes is matched by the rule of a second and received by a third."""
    sdks.mns_open.create_queue(mns_open.CreateQueueRequest(queue_name="orders"))
    control = sdks.eventbridge
    control.create_event_bus(eventbridge.CreateEventBusRequest(event_bus_name="shop"))
    control.create_rule(
        eventbridge.CreateRuleRequest(
            event_bus_name="shop",
            rule_name="large",
            filter_pattern=json.dumps(
                {"source": ["till"], "data": {"sum": [{"numeric": [">", 9]}]}}
            ),
            event_targets=[queue_target("orders")],
        )
    )
    published = sdks.events.put_events([cloud_event("1", 5), cloud_event("2", 10)])
    assert published.failed_entry_count == 0
    received = sdks.queue("orders").receive_message(10)
    assert json.loads(received.message_body)["id"] == "2"
    sdks.queue("orders").delete_message(received.receipt_handle)
    with pytest.raises(MNSServerException) as nothing:
        sdks.queue("orders").receive_message()
    assert nothing.value.type == "MessageNotExist"


def test_the_control_plane_publishes_too(sdks: Sdks) -> None:
    """PutEvents of the newest SDK reports each event by itself."""
    sdks.eventbridge.create_event_bus(eventbridge.CreateEventBusRequest(event_bus_name="plain"))
    good = eventbridge.PutEventsRequestEventList(
        id="a", source="till", type="shop:sale", spec_version="1.0", data='{"sum": 1}'
    )
    bad = eventbridge.PutEventsRequestEventList(id="b", source="", type="shop:sale")
    body = sdks.eventbridge.put_events(
        eventbridge.PutEventsRequest(event_bus_name="plain", event_list=[good, bad])
    ).body
    assert (
        body.data.failed_entry_count,
        [entry.event_id for entry in body.data.entry_list],
    ) == (1, ["a", "b"])
    assert body.data.entry_list[1].error_code


def test_a_webhook_made_by_the_sdk_takes_what_is_posted(sdks: Sdks) -> None:
    """The source's address comes with the list of sources; the event is found by its id."""
    client = sdks.eventbridge
    client.create_event_bus(eventbridge.CreateEventBusRequest(event_bus_name="forms"))
    client.create_event_source(
        eventbridge.CreateEventSourceRequest(
            event_bus_name="forms",
            event_source_name="form.posted",
            linked_external_source=True,
            source_http_event_parameters=(
                eventbridge.CreateEventSourceRequestSourceHttpEventParameters(
                    type="HTTPS", security_config="none", method=["POST"]
                )
            ),
        )
    )
    listed = client.list_user_defined_event_sources(
        eventbridge.ListUserDefinedEventSourcesRequest(event_bus_name="forms")
    )
    (source,) = listed.body.data.event_source_list
    (address,) = source.source_http_event_parameters.public_web_hook_url
    request = urllib.request.Request(
        address, b'{"emp_id": "E1"}', {"content-type": "application/json"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        (entry,) = json.load(answer)["EntryList"]
    traced = client.query_traced_event_by_event_id(
        eventbridge.QueryTracedEventByEventIdRequest(
            event_bus_name="forms", event_source="form.posted", event_id=entry["EventId"]
        )
    )
    assert [event.event_source for event in traced.body.data[0].events] == ["form.posted"]


def test_a_command_runs_on_an_instance_and_its_output_comes_back(sdks: Sdks) -> None:
    """Create, invoke with parameters, wait, read, delete: the way of every Cloud Assistant user."""
    client = sdks.ecs
    command_id = client.create_command(
        ecs.CreateCommandRequest(
            region_id=REGION,
            name="greet",
            type="RunShellScript",
            command_content=encoded("echo hello {{name}}; id -un; exit 3"),
            enable_parameter=True,
        )
    ).body.command_id
    invoke_id = client.invoke_command(
        ecs.InvokeCommandRequest(
            region_id=REGION,
            command_id=command_id,
            instance_id=[ONE_INSTANCE],
            parameters={"name": "world"},
        )
    ).body.invoke_id
    result = wait_for(lambda: ended(sdks, invoke_id), "the end of the run")
    assert (
        result.invocation_status,
        result.exit_code,
        result.error_code,
        base64.b64decode(result.output).decode(),
    ) == ("Failed", 3, "ExitCodeNonzero", "hello world\nroot\n")
    client.delete_command(ecs.DeleteCommandRequest(region_id=REGION, command_id=command_id))
    left = client.describe_commands(
        ecs.DescribeCommandsRequest(region_id=REGION, command_id=command_id)
    )
    assert left.body.total_count == 0


def test_a_running_command_is_stopped(sdks: Sdks) -> None:
    """StopInvocation ends a run whose end nobody wants to wait for."""
    client = sdks.ecs
    invoke_id = client.run_command(
        ecs.RunCommandRequest(
            region_id=REGION,
            type="RunShellScript",
            command_content=encoded("sleep 600"),
            instance_id=[ONE_INSTANCE],
        )
    ).body.invoke_id
    wait_for(lambda: states(sdks, invoke_id) == ["Running"], "the beginning of the run")
    client.stop_invocation(ecs.StopInvocationRequest(region_id=REGION, invoke_id=invoke_id))
    result = wait_for(lambda: ended(sdks, invoke_id), "the end of the run")
    assert result.invoke_record_status == "Stopped"


def test_instances_are_found_by_their_tags(sdks: Sdks) -> None:
    """DescribeInstances narrows by tag and answers in pages."""
    client = sdks.ecs
    tag = ecs.DescribeInstancesRequestTag(key="role", value="db")
    found = client.describe_instances(ecs.DescribeInstancesRequest(region_id=REGION, tag=[tag]))
    assert [i.instance_id for i in found.body.instances.instance] == ["i-local0002"]


def test_a_role_may_do_what_its_policy_says_and_nothing_else(
    cloud: RunningCloud, sdks: Sdks
) -> None:
    """Role, policy and attachment by RAM's SDK; credentials by STS's; both sides by ECS's."""
    trust = policy("sts:AssumeRole", Principal={"RAM": [f"acs:ram::{ACCOUNT}:root"]})
    made = sdks.ram.create_role(
        ram.CreateRoleRequest(role_name="Reader", assume_role_policy_document=trust)
    )
    arn = made.body.role.arn
    assert arn == f"acs:ram::{ACCOUNT}:role/reader"
    sdks.ram.create_policy(
        ram.CreatePolicyRequest(
            policy_name="Read", policy_document=policy("ecs:Describe*", Resource="*")
        )
    )
    sdks.ram.attach_policy_to_role(
        ram.AttachPolicyToRoleRequest(policy_name="Read", policy_type="Custom", role_name="Reader")
    )
    reader = assume(cloud, arn)
    who = reader.sts.get_caller_identity().body
    assert (
        who.identity_type,
        who.arn,
    ) == ("AssumedRoleUser", f"acs:ram::{ACCOUNT}:assumed-role/Reader/test")
    seen = reader.ecs.describe_instances(ecs.DescribeInstancesRequest(region_id=REGION))
    assert seen.body.total_count == 2
    with pytest.raises(Exception, match="NoPermission") as refused:
        reader.ecs.run_command(
            ecs.RunCommandRequest(
                region_id=REGION,
                type="RunShellScript",
                command_content=encoded("true"),
                instance_id=[ONE_INSTANCE],
            )
        )
    resource = f"acs:ecs:{REGION}:{ACCOUNT}:instance/{ONE_INSTANCE}"
    assert f"ecs:RunCommand on {resource}" in str(refused.value)
    narrowed = assume(cloud, arn, policy("ecs:DescribeRegions", Resource="*"))
    with pytest.raises(Exception, match="NoPermission"):
        narrowed.ecs.describe_instances(ecs.DescribeInstancesRequest(region_id=REGION))


def test_a_role_is_assumed_only_by_whom_it_trusts(cloud: RunningCloud, sdks: Sdks) -> None:
    """A role of Function Compute is not for the account's users."""
    trust = policy("sts:AssumeRole", Principal={"Service": ["fc.aliyuncs.com"]})
    made = sdks.ram.create_role(
        ram.CreateRoleRequest(role_name="Clerk", assume_role_policy_document=trust)
    )
    with pytest.raises(Exception, match="sts:AssumeRole"):
        assume(cloud, made.body.role.arn)


CODE = """
import os
def handler(event, context):
    print("seen", event.decode())
    if event == b"fail":
        raise ValueError("refused")
    return {"key": os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"][:4], "echo": event.decode()}
"""


def test_a_function_is_made_invoked_published_and_deleted(sdks: Sdks) -> None:
    """The archive that the SDK uploads runs with its role's credentials; errors are told apart."""
    trust = policy("sts:AssumeRole", Principal={"Service": ["fc.aliyuncs.com"]})
    role = sdks.ram.create_role(
        ram.CreateRoleRequest(role_name="Function", assume_role_policy_document=trust)
    ).body.role.arn
    sdks.fc.create_function(
        fc.CreateFunctionRequest(
            body=fc.CreateFunctionInput(
                function_name="echo",
                handler="index.handler",
                runtime="python3.12",
                role=role,
                code=fc.InputCodeLocation(zip_file=archive(CODE)),
            )
        )
    )
    answer = invoke(sdks, "echo", b"hello")
    assert json.loads(answer.body.read()) == {"key": "STS.", "echo": "hello"}
    assert "seen hello" in base64.b64decode(answer.headers["x-fc-log-result"]).decode()
    failed = invoke(sdks, "echo", b"fail")
    assert (
        failed.headers["x-fc-error-type"],
        json.loads(failed.body.read())["errorMessage"],
    ) == ("UnhandledInvocationError", "refused")
    version = sdks.fc.publish_function_version("echo", fc.PublishFunctionVersionRequest()).body
    alias = fc.CreateAliasInput(alias_name="live", version_id=version.version_id)
    sdks.fc.create_alias("echo", fc.CreateAliasRequest(body=alias))
    assert invoke(sdks, "echo", b"x", qualifier="live").status_code == 200
    sdks.fc.delete_function("echo")
    with pytest.raises(Exception, match="FunctionNotFound"):
        sdks.fc.get_function("echo", fc.GetFunctionRequest())


def test_a_message_is_received_once_at_a_time_until_it_is_deleted(sdks: Sdks) -> None:
    """Queue by the control plane's SDK, messages by the data plane's."""
    sdks.mns_open.create_queue(
        mns_open.CreateQueueRequest(queue_name="jobs", visibility_timeout=60)
    )
    queue = sdks.queue("jobs")
    queue.batch_send_message([Message("first"), Message("second")])
    counted = sdks.mns_open.get_queue_attributes(
        mns_open.GetQueueAttributesRequest(queue_name="jobs")
    ).body.data
    assert (counted.visibility_timeout, counted.active_messages) == (60, 2)
    one, other = queue.receive_message(), queue.receive_message()
    assert {bytes_of(one), bytes_of(other)} == {b"first", b"second"}
    queue.delete_message(one.receipt_handle)
    shown = queue.change_message_visibility(other.receipt_handle, 1)
    again = queue.receive_message(5)
    assert (bytes_of(again), again.dequeue_count) == (bytes_of(other), 2)
    assert other.receipt_handle != shown.receipt_handle
    queue.delete_message(again.receipt_handle)


def queue_target(queue: str) -> eventbridge.CreateRuleRequestEventTargets:
    """Return a rule's target that sends the whole event to a queue."""
    parameter = eventbridge.CreateRuleRequestEventTargetsParamList
    return eventbridge.CreateRuleRequestEventTargets(
        id="queue",
        type="acs.mns.queue",
        endpoint=f"acs:mns:{REGION}:{ACCOUNT}:queues/{queue}",
        param_list=[
            parameter(resource_key="queue", form="CONSTANT", value=queue),
            parameter(resource_key="Body", form="ORIGINAL"),
            # Its SDK reads bodies as Base64 unless told otherwise.
            parameter(resource_key="IsBase64Encode", form="CONSTANT", value="true"),
        ],
    )


def cloud_event(identity: str, amount: int) -> events.CloudEvent:
    """Return an event as the data plane's SDK wants it."""
    return events.CloudEvent(
        id=identity,
        source="till",
        specversion="1.0",
        type="shop:sale",
        datacontenttype="application/json",
        subject="till/1",
        time="2026-01-01T00:00:00Z",
        data=json.dumps({"sum": amount}).encode(),
        extensions={"aliyuneventbusname": "shop"},
    )


def assume(cloud: RunningCloud, role: str, session_policy: str | None = None) -> Sdks:
    """Return the SDKs with the short-lived credentials of a role."""
    issued = sdks_of(cloud).sts.assume_role(
        sts.AssumeRoleRequest(
            role_arn=role,
            role_session_name="test",
            duration_seconds=900,
            policy=session_policy,
        )
    )
    given = issued.body.credentials
    return sdks_of(cloud, Key(given.access_key_id, given.access_key_secret, given.security_token))


def invoke(sdks: Sdks, name: str, payload: bytes, qualifier: str | None = None) -> Any:
    """Invoke a function and wait for it."""
    return sdks.fc.invoke_function_with_options(
        name,
        fc.InvokeFunctionRequest(body=io.BytesIO(payload), qualifier=qualifier),
        fc.InvokeFunctionHeaders(x_fc_log_type="Tail"),
        RuntimeOptions(),
    )


def states(sdks: Sdks, invoke_id: str) -> list[str]:
    """Return where an invocation stands on each instance."""
    return [result.invocation_status for result in results(sdks, invoke_id)]


def ended(sdks: Sdks, invoke_id: str) -> Any:
    """Return the result of an invocation on its only instance, if there is one."""
    (result,) = results(sdks, invoke_id)
    return None if result.invocation_status in {"Pending", "Running", "Stopping"} else result


def results(sdks: Sdks, invoke_id: str) -> list[Any]:
    """Return what became of an invocation so far."""
    found = sdks.ecs.describe_invocation_results(
        ecs.DescribeInvocationResultsRequest(region_id=REGION, invoke_id=invoke_id)
    )
    return list(found.body.invocation.invocation_results.invocation_result)


def bytes_of(message: Any) -> bytes:
    """Return a received message's body."""
    body = message.message_body
    return body if isinstance(body, bytes) else body.encode()
