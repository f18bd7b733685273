"""What a function may raise.

::

    FunctionError
    ├── SettingError      the deployment is wrong: an environment variable is missing or unreadable
    ├── TemporaryError    worth a retry: throttling, a time limit, a server error
    └── PermanentError    will fail again as it is: refused, unknown, malformed

They are raised within a function and mean something to its keeper alone
(:mod:`functions.cloud.keeper`), which tries the event again, lets it wait, or buries it with the
reason. Outside, nobody is known to look at them. Where there is a chat to tell, a function tells it
and raises nothing.

None of their messages contains a webhook, a secret, a header or a payload.
"""


class FunctionError(Exception):
    """An error that the functions raise on purpose."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class SettingError(FunctionError):
    """An environment variable is missing or cannot be used."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"environment variable {variable}: {problem}", "Setting")
        self.variable = variable


class TemporaryError(FunctionError):
    """The same event may well succeed later."""


class PermanentError(FunctionError):
    """The same event will fail again; it belongs in the dead-letter queue."""


class UnreachableError(TemporaryError):
    """No whole HTTP answer arrived in time."""
