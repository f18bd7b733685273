"""The local cloud that ``make up`` starts goes on after it."""

import os
import signal
import socket
from pathlib import Path

import pytest

from ops.stack import local_cloud
from ops.stack.local_cloud import NoLocalCloud


@pytest.fixture
def endpoint() -> str:
    """Return an address that is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_it_answers_and_goes_on(
    tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started once it is found; its state is below the project; no proxy is asked for it."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert not local_cloud.is_running(endpoint)
    process = local_cloud.start(tmp_path, endpoint)
    try:
        assert local_cloud.is_running(endpoint)
        assert (tmp_path / ".localcloud" / "state.sqlite").exists()
    finally:
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)
    assert not local_cloud.is_running(endpoint)


def test_a_cloud_that_cannot_start_names_its_log(tmp_path: Path) -> None:
    """The reason is in the log, and the message says where that is."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(NoLocalCloud, match=r"serve\.log says why"):
            local_cloud.start(tmp_path, endpoint)
    assert "is taken" in (tmp_path / ".localcloud" / "serve.log").read_text()


def test_something_else_on_the_port_is_no_local_cloud() -> None:
    """Only what answers as a local cloud counts as one."""
    assert not local_cloud.is_running("http://127.0.0.1:1")
