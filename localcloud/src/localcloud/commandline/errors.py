"""The one exception whose message is written for whoever runs a command."""


class UserError(Exception):
    """Something that the user can mend.

    The message says what failed, with the value unless that is secret, what is accepted, and what
    to do next. A command that raises it prints ``name: message`` and ends with ``exit_code``.
    """

    exit_code = 1
