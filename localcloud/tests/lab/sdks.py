"""The official Python SDKs, as their documentation sets them up; only the endpoint is ours."""

import base64
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

from alibabacloud_ecs20140526.client import Client as EcsClient
from alibabacloud_eventbridge import client as events_client
from alibabacloud_eventbridge import models as events
from alibabacloud_eventbridge20200401.client import Client as EventBridgeClient
from alibabacloud_fc20230330.client import Client as FcClient
from alibabacloud_mns_open20220119.client import Client as MnsOpenClient
from alibabacloud_ram20150501.client import Client as RamClient
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi.models import Config
from mns.account import Account

from lab.running_cloud import RunningCloud


@dataclass(frozen=True)
class Key:
    """An access key, plain or that of an assumed role."""

    id: str
    secret: str
    token: str = ""


@dataclass(frozen=True)
class Sdks:
    """A client of each product for one key."""

    address: str
    """``127.0.0.1:<port>``."""
    key: Key

    @property
    def ecs(self) -> Any:
        """ECS, with Cloud Assistant."""
        return EcsClient(self._config())

    @property
    def eventbridge(self) -> Any:
        """EventBridge's control plane."""
        return EventBridgeClient(self._config())

    @property
    def ram(self) -> Any:
        """RAM."""
        return RamClient(self._config())

    @property
    def sts(self) -> Any:
        """STS."""
        return StsClient(self._config())

    @property
    def fc(self) -> Any:
        """Function Compute 3.0."""
        return FcClient(self._config())

    @property
    def mns_open(self) -> Any:
        """The control plane of Simple Message Queue."""
        return MnsOpenClient(self._config())

    @property
    def events(self) -> Any:
        """EventBridge's data plane."""
        return events_client.Client(
            events.Config(
                access_key_id=self.key.id,
                access_key_secret=self.key.secret,
                endpoint=self.address,
                protocol="http",
            )
        )

    def queue(self, name: str) -> Any:
        """Return a queue of Simple Message Queue's data plane."""
        account = Account(f"http://{self.address}", self.key.id, self.key.secret, self.key.token)
        return account.get_queue(name)

    def _config(self) -> Config:
        return Config(
            access_key_id=self.key.id,
            access_key_secret=self.key.secret,
            security_token=self.key.token or None,
            endpoint=self.address,
            protocol="http",
            region_id="cn-hangzhou",
        )


def sdks_of(cloud: RunningCloud, key: Key | None = None) -> Sdks:
    """Return the clients for a key, the account's own if none is given."""
    return Sdks(cloud.address, key or Key(*cloud.key))


def policy(action: str, **more: Any) -> str:
    """Write a document that allows one action."""
    statement = {"Effect": "Allow", "Action": action, **more}
    return json.dumps({"Version": "1", "Statement": [statement]})


def archive(code: str) -> str:
    """Return a function's archive as the API takes it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("index.py", code)
    return base64.b64encode(content.getvalue()).decode()


def encoded(script: str) -> str:
    """Return a script as Cloud Assistant takes it."""
    return base64.b64encode(script.encode()).decode()
