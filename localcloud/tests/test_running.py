"""A local cloud in a process of its own: found, started, ended."""

import os
import signal
import socket
from pathlib import Path

import pytest

from localcloud.running import NotStarted, is_running, running, start


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
    assert not is_running(endpoint)
    process = start(endpoint, tmp_path / "data")
    try:
        assert is_running(endpoint)
        assert (tmp_path / "data" / "state.sqlite").exists()
    finally:
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)
    assert not is_running(endpoint)


def test_a_cloud_that_cannot_start_names_its_log(tmp_path: Path) -> None:
    """The reason is in the log, and the message says where that is."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(NotStarted, match=r"serve\.log says why"):
            start(endpoint, tmp_path / "data")
    assert "is taken" in (tmp_path / "data" / "serve.log").read_text()


def test_something_else_on_the_port_is_no_local_cloud() -> None:
    """Only what answers as a local cloud counts as one."""
    assert not is_running("http://127.0.0.1:1")


def test_one_that_is_needed_for_a_while_ends_with_the_block() -> None:
    """It is on a free port, and ready when the block begins."""
    with running("--dry-run") as ready:
        assert is_running(ready["endpoint"])
    assert not is_running(ready["endpoint"])
