"""Where a client finds the key of the local cloud that it talks to."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from localcloud.access_key import AccessKey
from localcloud.client import CloudUnreachableError, access_key_of
from localcloud.commandline.endpoints import EndpointError

IN_FOLDER = AccessKey("LTAIlocalInTheFolder", "secret-of-the-folder")
IN_ENVIRONMENT = AccessKey("LTAIlocalInTheEnvironment", "secret-of-the-environment")
ENVIRONMENT = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": IN_ENVIRONMENT.id,
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": IN_ENVIRONMENT.secret,
}


class Cloud:
    """Answers what a test wants ``health`` to say."""

    def __init__(self) -> None:
        self.health: dict[str, Any] = {}
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(cloud.health).encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """Return a server that only says where its key is."""
    cloud = Cloud()
    threading.Thread(target=cloud.server.serve_forever, daemon=True).start()
    yield cloud
    cloud.server.shutdown()
    cloud.server.server_close()


def write(path: Path, key: AccessKey) -> Path:
    """Write a key as a local cloud does."""
    path.write_text(json.dumps({"access_key_id": key.id, "access_key_secret": key.secret}))
    return path


def test_the_folder_of_the_cloud_has_the_key(cloud: Cloud, tmp_path: Path) -> None:
    """It is that cloud's own; what the environment holds may be another one's."""
    cloud.health = {"access_key_file": str(write(tmp_path / "key", IN_FOLDER))}
    assert access_key_of(cloud.endpoint, ENVIRONMENT) == IN_FOLDER


@pytest.mark.parametrize("health", [{}, {"access_key_file": "/nowhere/access-key.json"}])
def test_a_folder_out_of_reach_leaves_the_environment(cloud: Cloud, health: dict[str, Any]) -> None:
    """As for a local cloud in a container."""
    cloud.health = health
    assert access_key_of(cloud.endpoint, ENVIRONMENT) == IN_ENVIRONMENT


@pytest.mark.parametrize(
    "environment",
    [{}, {**ENVIRONMENT, "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tReal"}],
    ids=["no key", "a real account's key"],
)
def test_without_a_key_the_way_to_one_is_told(cloud: Cloud, environment: dict[str, str]) -> None:
    """A real account's key is never used here."""
    cloud.health = {"access_key_file": "/nowhere/access-key.json"}
    with pytest.raises(CloudUnreachableError) as refused:
        access_key_of(cloud.endpoint, environment)
    message = str(refused.value)
    assert "cannot read /nowhere/access-key.json: No such file or directory" in message
    assert "the user who started it, or set ALIBABA_CLOUD_ACCESS_KEY_ID" in message
    assert "LTAI5t" not in message


def test_without_a_cloud_there_is_no_key() -> None:
    """The message is that of every other question to a local cloud that is not there."""
    with pytest.raises(EndpointError, match=r"no local cloud answers at http://127\.0\.0\.1:9 "):
        access_key_of("http://127.0.0.1:9", ENVIRONMENT)
