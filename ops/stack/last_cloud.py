"""Which local cloud the state of stack ``local`` tells of: one may have been started afresh."""

from pathlib import Path

_FILE = "local-cloud"


class LastCloud:
    """The local cloud that was last deployed into, by the key that each makes for itself."""

    def __init__(self, state: Path, key_id: str) -> None:
        self._file = state / _FILE
        self._key_id = key_id

    @property
    def is_this(self) -> bool:
        """Whether the last run ended well, in the local cloud that has this key."""
        return self._file.exists() and self._file.read_text(encoding="utf-8") == self._key_id

    def forget(self) -> None:
        """Take nothing for granted until a run has ended well."""
        self._file.unlink(missing_ok=True)

    def remember(self) -> None:
        """State and cloud agree."""
        self._file.write_text(self._key_id, encoding="utf-8")
