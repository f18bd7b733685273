"""The provider's plugin as a process of its own, spoken to as the engine does."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from localcloud.access_key import AccessKey
from localcloud.commandline import children
from localcloud.commandline.environment import clean
from localcloud.conformance.clients import BadCallError

PLUGIN = "pulumi-resource-alicloud"
_PRODUCTS = (
    *("bssopenapi", "ecs", "eventbridge", "fc", "location", "mns", "ram"),
    *("resourcemanager", "sts"),
)


@contextmanager
def running(endpoint: str, key: AccessKey) -> Iterator[Any]:
    """Run the plugin, with the local cloud's endpoints and key, for as long as the block takes."""
    engine = grpc.server(ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(), engine)
    port = engine.add_insecure_port("127.0.0.1:0")
    engine.start()
    command = [shutil.which(PLUGIN) or PLUGIN, f"127.0.0.1:{port}"]
    env = clean(os.environ) | {"HTTP_PROXY": endpoint}
    # No proxy of the environment stands between the engine and its plugin.
    options = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1)]
    try:
        with (
            children.serving(command, env=env) as plugin_port,
            grpc.insecure_channel(f"127.0.0.1:{plugin_port}", options) as channel,
        ):
            plugin = provider_pb2_grpc.ResourceProviderStub(channel)
            configure(plugin, key)
            yield plugin
    finally:
        engine.stop(None)


def configure(plugin: Any, key: AccessKey) -> None:
    """Lead the provider to the local cloud, as the README says."""
    hosts = {product: f"{product}.localcloud.invalid" for product in _PRODUCTS}
    # Begins with "http" so that both of the provider's clients of Log Service use plain HTTP.
    hosts["log"] = "http.sls.localcloud.invalid"
    settings = {
        "accessKey": key.id,
        "accountType": "Domestic",
        "endpoints": json.dumps([hosts]),
        "protocol": "HTTP",
        "region": "cn-hangzhou",
        "secretKey": key.secret,
    }
    variables = {f"alicloud:config:{name}": value for name, value in settings.items()}
    plugin.Configure(provider_pb2.ConfigureRequest(variables=variables, args=struct(settings)))


class _Engine(engine_pb2_grpc.EngineServicer):
    """The engine as far as a plugin asks for it: it takes what is logged, and says it to nobody."""

    def Log(self, request: Any, context: Any) -> Empty:  # noqa: N802, ARG002 - gRPC's name
        return Empty()


def struct(values: Mapping[str, Any]) -> Struct:
    """Return values as the plugin takes them."""
    found = Struct()
    found.update(values)
    return found


def check(what: str, failures: Any) -> None:
    """Pass what the provider has found nothing wrong with.

    Raises:
        BadCallError: with what it has found.
    """
    if failures:
        told = "; ".join(f"{each.property} {each.reason}".strip() for each in failures)
        raise BadCallError(f"{what}: {told}")
