"""Alibaba Cloud's own Python SDKs, which judge our requests; they come without types."""

from importlib import import_module
from typing import Any

ecs_client: Any = import_module("alibabacloud_ecs20140526.client")
ecs_models: Any = import_module("alibabacloud_ecs20140526.models")
eventbridge_client: Any = import_module("alibabacloud_eventbridge.client")
eventbridge_models: Any = import_module("alibabacloud_eventbridge.models")
eventbridge_util: Any = import_module("alibabacloud_eventbridge_util.client")
openapi_util: Any = import_module("alibabacloud_openapi_util.client")
mns_account: Any = import_module("mns.account")
mns_client: Any = import_module("mns.mns_client")
mns_queue: Any = import_module("mns.queue")
tea_openapi_models: Any = import_module("alibabacloud_tea_openapi.models")
tea_openapi_utils: Any = import_module("alibabacloud_tea_openapi.utils")
tea_request: Any = import_module("Tea.request")
