"""How a stack is paused: there is a Cloud Assistant command of this name, which nobody ever runs.

The stack does not declare it, so no deployment takes it away; its description is the reason.
"""

LONGEST_REASON = 160
"""As many characters as a message shows of a value."""


def command_name(prefix: str) -> str:
    """Return the name of the command that pauses the stack whose bus has this name."""
    return f"{prefix}-paused"
