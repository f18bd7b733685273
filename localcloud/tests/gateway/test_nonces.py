"""A nonce is good once, for as long as the signature could be."""

from pathlib import Path

import pytest

from localcloud.gateway import nonces
from localcloud.gateway.nonces import Nonces

WINDOW = 100.0
NOW = 1_000_000.0


def test_a_nonce_is_good_once() -> None:
    """Another key may use the same one."""
    used = Nonces(WINDOW, NOW)
    assert [
        used.take("key", "a", NOW),
        used.take("key", "a", NOW + WINDOW - 1),
        used.take("key", "b", NOW),
        used.take("other", "a", NOW),
    ] == [True, False, True, True]


def test_what_no_signature_can_carry_is_forgotten() -> None:
    """The memory holds a window's worth and no more."""
    used = Nonces(WINDOW, NOW)
    for second in range(1000):
        assert used.take("key", str(second), NOW + second)
    assert len(used._used) == WINDOW


def test_a_restart_forgets_none(tmp_path: Path) -> None:
    """Whatever ended the process; what is older than the window is left out."""
    first = Nonces(WINDOW, NOW, tmp_path / "nonces")
    assert first.take("key", "old", NOW)
    assert first.take("key", "new", NOW + 60)
    second = Nonces(WINDOW, NOW + 110, tmp_path / "nonces")
    assert not second.take("key", "new", NOW + 110)
    assert second.take("key", "old", NOW + 110)
    assert (tmp_path / "nonces").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"12 \n\n x y z\n\xff\xfe 1"])
def test_a_broken_file_is_no_obstacle(tmp_path: Path, content: bytes) -> None:
    """A line that was cut is a nonce less, not a cloud less."""
    (tmp_path / "nonces").write_bytes(content)
    assert Nonces(WINDOW, NOW, tmp_path / "nonces").take("key", "a", NOW)


def test_the_file_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too old to matter is left out from time to time."""
    monkeypatch.setattr(nonces, "_FEW", 10)
    used = Nonces(WINDOW, NOW, tmp_path / "nonces")
    for second in range(2000):
        used.take("key", str(second), NOW + second)
    lines = (tmp_path / "nonces").read_text().splitlines()
    assert len(lines) < 4 * WINDOW
    assert float(lines[-1].partition(" ")[0]) == NOW + 1999
