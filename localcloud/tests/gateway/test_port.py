"""Why a port cannot be had, in a line that leads nobody into a trap."""

import errno
import socket

import pytest

from localcloud.gateway import server


def test_a_free_port_is_listened_on_at_once() -> None:
    """So that a second process is refused from then on, not when the first one is ready."""
    with server.bind(0) as listener:
        port = listener.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(server.PortError, match=f"port {port} .* is taken by another program"):
            server.bind(port)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EACCES, "this user has no right to port 80, as to most ports below 1024"),
        (errno.EADDRNOTAVAIL, "cannot listen on port 80 of 127.0.0.1: "),
    ],
)
def test_rights_and_whatever_else_have_words_of_their_own(
    number: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a plain user has them at port 80; root has no such port."""

    class Refused(socket.socket):
        def bind(self, _address: object) -> None:
            raise OSError(number, "as the machine says")

    monkeypatch.setattr(socket, "socket", Refused)
    with pytest.raises(server.PortError) as refused:
        server.bind(80)
    assert told in str(refused.value)
    assert "--port 0 for any free one" in str(refused.value)
