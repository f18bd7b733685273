"""How a run of a script on an instance ended."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    ended: str
    """``finished``, ``timeout``, ``stopped``, ``refused`` or ``interrupted``."""
    exit_code: int = -1
    output: bytes = b""
    """The end of what the script wrote, standard output and error together."""
    dropped: int = 0
    """How many bytes before that were dropped."""
    reason: str = ""
    """Why it was refused or interrupted."""
    package_faults: tuple[str, ...] = ()
    """The packages whose faults were consumed."""
