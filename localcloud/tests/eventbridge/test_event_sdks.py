"""The official SDKs for EventBridge and MNS work against the actions, wire names and all."""

import asyncio
import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from alibabacloud_eventbridge import client as data_client
from alibabacloud_eventbridge import models as data_models
from alibabacloud_eventbridge20200401 import models
from alibabacloud_eventbridge20200401.client import Client
from alibabacloud_mns_open20220119 import models as mns_models
from alibabacloud_mns_open20220119.client import Client as MnsOpenClient
from alibabacloud_tea_openapi import models as open_api
from mns.account import Account
from mns.mns_exception import MNSServerException
from mns.queue import Message, QueueMeta

from lab.eventbridge import EventBridgeLab, function_target
from localcloud.errors import ApiError
from localcloud.eventbridge import data_plane
from localcloud.gateway.routes import RouteTable
from localcloud.gateway.styles import style_of
from localcloud.gateway.styles.mns import action_of
from localcloud.mns import data_plane as mns_data
from localcloud.products import PRODUCTS


class Bridge:
    """Carries a blocking client's requests into the event loop, without a socket."""

    def __init__(self, lab: EventBridgeLab) -> None:
        self._lab = lab
        self._loop = asyncio.get_running_loop()

    def rpc(self, product: str) -> Callable[..., Any]:
        """Stand in for ``TeaCore.do_action``."""

        def do_action(request: Any, _runtime: Any = None) -> Any:
            body = request.body.read() if hasattr(request.body, "read") else request.body or b""
            form = dict(parse_qsl(body if isinstance(body, str) else body.decode()))
            params = {**request.query, **form}
            action = request.headers["x-acs-action"]
            return self._answer(product, action, params)

        return do_action

    def roa(self, request: Any, _runtime: Any = None) -> Any:
        """Stand in for the data plane's ``TeaCore.do_action``."""
        match = RouteTable(data_plane.ROUTES).find(request.method, request.pathname)
        assert match
        body = request.body.read() if hasattr(request.body, "read") else request.body
        body = body.encode() if isinstance(body, str) else body
        return self._answer("eventbridge-data", match.action, {}, body)

    def mns(self, request: Any) -> Any:
        """Stand in for ``MNSHttp.send_request``."""
        url = urlsplit(request.uri)
        match = RouteTable(mns_data.ROUTES).find(request.method, url.path)
        assert match
        body = request.data.encode() if isinstance(request.data, str) else request.data
        query = dict(parse_qsl(url.query))
        answer = self._answer(
            "mns-data",
            action_of(match.action, query, body or b""),
            query,
            body,
            dict(match.variables),
            {name.lower(): value for name, value in request.header.items()},
        )
        return SimpleNamespace(
            status=answer.status_code, header=answer.headers, data=answer.body.read().decode()
        )

    def _answer(
        self,
        product: str,
        action: str,
        params: dict[str, Any],
        body: bytes = b"",
        path: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        style = style_of(PRODUCTS[product])

        async def run() -> Any:
            try:
                value = await self._lab.call(
                    action, product, body=body, path=path or {}, headers=headers or {}, **params
                )
            except ApiError as error:
                return style.error(error, "R")
            return style.answer(value, "R")

        response = asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)
        return SimpleNamespace(
            status_code=response.status,
            headers=dict(response.headers),
            body=io.BytesIO(response.body),
        )


class Key:
    """An access key as every release of the SDKs' core asks for it."""

    access_key_id, access_key_secret, security_token = "k", "s", ""
    type = provider_name = "access_key"

    def get_credential(self) -> "Key":
        """Return the key itself."""
        return self


def config() -> open_api.Config:
    """Return an SDK configuration that reaches nothing."""
    return open_api.Config(credential=Key(), endpoint="127.0.0.1:1", protocol="HTTP")


def carry(monkeypatch: pytest.MonkeyPatch, do_action: Callable[..., Any]) -> None:
    """Let the SDKs' core, in either of its generations, hand its requests over."""
    monkeypatch.setattr("Tea.core.TeaCore.do_action", do_action)
    monkeypatch.setattr("darabonba.core.DaraCore.do_action", do_action)


async def test_the_control_plane_sdk_reads_every_answer(
    lab: EventBridgeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Buses, sources, rules and targets through alibabacloud_eventbridge20200401."""

    def use() -> None:
        client = Client(config())
        client.create_event_bus(models.CreateEventBusRequest(event_bus_name="bus"))
        client.create_event_source(
            models.CreateEventSourceRequest(
                event_bus_name="bus",
                event_source_name="hr",
                linked_external_source=True,
                source_http_event_parameters=models.CreateEventSourceRequestSourceHttpEventParameters(
                    type="HTTPS", security_config="none", method=["POST"]
                ),
            )
        )
        target = models.CreateRuleRequestEventTargets().from_map(function_target())
        client.create_rule(
            models.CreateRuleRequest(
                event_bus_name="bus",
                rule_name="r",
                filter_pattern='{"source":["hr"]}',
                event_targets=[target],
            )
        )
        rule = client.get_rule(models.GetRuleRequest(event_bus_name="bus", rule_name="r")).body
        assert (rule.code, rule.data.targets[0].param_list[0].value) == ("Success", "f")
        rules = client.list_rules(models.ListRulesRequest(event_bus_name="bus")).body.data
        assert (rules.total, rules.rules[0].targets[0].type) == (1, "acs.fc.function")
        listed = client.list_user_defined_event_sources(
            models.ListUserDefinedEventSourcesRequest(event_bus_name="bus")
        ).body.data.event_source_list
        assert "token=" in listed[0].source_http_event_parameters.public_web_hook_url[0]
        put = client.put_targets(
            models.PutTargetsRequest(
                event_bus_name="bus",
                rule_name="r",
                targets=[models.PutTargetsRequestTargets().from_map(function_target("new"))],
            )
        ).body
        assert put.data.error_entries_count == 0
        gone = client.delete_targets(
            models.DeleteTargetsRequest(event_bus_name="bus", rule_name="r", target_ids=["x"])
        ).body
        assert gone.data.error_entries[0].error_code == "EventTargetNotExist"
        assert client.test_event_pattern(
            models.TestEventPatternRequest(event='{"source":"a"}', event_pattern='{"source":["a"]}')
        ).body.data.result
        with pytest.raises(Exception, match="EventBusNotExist"):
            client.get_event_bus(models.GetEventBusRequest(event_bus_name="gone"))

    bridge = Bridge(lab)
    carry(monkeypatch, bridge.rpc("eventbridge"))
    await asyncio.to_thread(use)


async def test_the_data_plane_sdk_puts_events(
    lab: EventBridgeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PutEvents through alibabacloud_eventbridge, whose JSON travels as base64."""

    def use() -> None:
        client = data_client.Client(
            data_models.Config(access_key_id="k", access_key_secret="s", endpoint="127.0.0.1:1")
        )
        event = data_models.CloudEvent(
            id="1",
            source="my.app",
            type="t",
            data=json.dumps({"a": "中"}).encode(),
            extensions={"aliyuneventbusname": "default"},
        )
        answer = client.put_events([event])
        assert (answer.failed_entry_count, answer.entry_list[0].event_id) == (0, "1")
        event.extensions = {"aliyuneventbusname": "gone"}
        with pytest.raises(Exception, match="EventBridgeError-R"):
            client.put_events([event])

    bridge = Bridge(lab)
    monkeypatch.setattr(data_client.TeaCore, "do_action", bridge.roa)
    await asyncio.to_thread(use)
    (way, *_) = await lab.trace()
    assert way["event"]["data"] == {"a": "中"}


async def test_the_queue_control_plane_sdk_reads_every_answer(
    lab: EventBridgeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queues through alibabacloud_mns_open20220119, tags and dead-letter policy included."""

    def use() -> None:
        client = MnsOpenClient(config())
        created = client.create_queue(
            mns_models.CreateQueueRequest(
                queue_name="q",
                message_retention_period=600,
                dlq_policy=mns_models.CreateQueueRequestDlqPolicy(
                    enabled=True, max_receive_count=3, dead_letter_target_queue="dead"
                ),
                tag=[mns_models.CreateQueueRequestTag(key="a", value="1")],
            )
        ).body
        assert (created.code, created.success) == (200, True)
        client.set_queue_attributes(
            mns_models.SetQueueAttributesRequest(queue_name="q", visibility_timeout=77)
        )
        found = client.get_queue_attributes(
            mns_models.GetQueueAttributesRequest(queue_name="q")
        ).body.data
        assert (
            found.message_retention_period,
            found.visibility_timeout,
            found.dlq_policy.enabled,
            found.dlq_policy.max_receive_count,
            found.tags[0].tag_key,
            found.active_messages,
        ) == (600, 77, True, 3, "a", 0)
        queues = client.list_queue(mns_models.ListQueueRequest(page_num=1, page_size=5)).body.data
        assert [queue.queue_name for queue in queues.page_data] == ["q"]
        with pytest.raises(Exception, match="QueueNotExist"):
            client.delete_queue(mns_models.DeleteQueueRequest(queue_name="gone"))

    bridge = Bridge(lab)
    carry(monkeypatch, bridge.rpc("mns"))
    await asyncio.to_thread(use)
    tagged = {"ResourceType": "queue", "ResourceId.1": "q"}
    await lab.call("TagResources", "mns", **tagged, **{"Tag.1.Key": "b", "Tag.1.Value": "2"})
    await lab.call("UntagResources", "mns", **tagged, **{"TagKey.1": "a"})
    tags = (await lab.call("ListTagResources", "mns", **tagged))["TagResources"]
    assert [(tag["TagKey"], tag["TagValue"]) for tag in tags] == [("b", "2")]


async def test_the_message_sdk_sends_receives_and_deletes(lab: EventBridgeLab) -> None:
    """Messages through aliyun-mns-sdk: single, in batches, peeked at, kept invisible, deleted."""

    def use(bridge: Bridge) -> None:
        account = Account("http://127.0.0.1:1", "k", "s")
        account.mns_client.http.send_request = bridge.mns
        queue = account.get_queue("work")
        assert queue.create(QueueMeta(vis_timeout=60)).endswith("/queues/work")
        assert queue.get_attributes().visibility_timeout == 60
        queue.set_attributes(QueueMeta(vis_timeout=90))
        assert queue.get_attributes().visibility_timeout == 90
        sent = queue.send_message(Message("事件 <&>"))
        peeked = queue.peek_message()
        assert (peeked.message_id, peeked.message_body.decode()) == (sent.message_id, "事件 <&>")
        received = queue.receive_message()
        assert (received.dequeue_count, received.message_body.decode()) == (1, "事件 <&>")
        changed = queue.change_message_visibility(received.receipt_handle, 100)
        queue.delete_message(changed.receipt_handle)
        with pytest.raises(MNSServerException, match="MessageNotExist"):
            queue.receive_message()
        queue.batch_send_message([Message("a"), Message("b")])
        batch = queue.batch_receive_message(16)
        assert sorted(message.message_body for message in batch) == [b"a", b"b"]
        queue.batch_delete_message([message.receipt_handle for message in batch])
        with pytest.deprecated_call():
            assert queue.get_attributes().inactive_messages == 0
        raw = account.get_queue("raw")
        raw.set_encoding(False)
        assert raw.receive_message().message_body == '{"reason":"<&>\r\n�"}'
        urls, marker = account.list_queue(ret_number=1)
        assert (len(urls), marker) == (1, "raw")
        queue.delete()
        with pytest.raises(MNSServerException, match="QueueNotExist"):
            queue.send_message(Message("x"))

    lab.mns.create_queue("raw", {})
    lab.mns.send("raw", '{"reason":"<&>\r\n\x01"}')
    await asyncio.to_thread(use, Bridge(lab))
